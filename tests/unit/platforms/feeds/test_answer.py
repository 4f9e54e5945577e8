from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sockethub.platforms.feeds import answer
from sockethub.platforms.feeds.answer import collection, identity
from sockethub.platforms.feeds.model import Author, Entry, Feed, Media
from tests.support.schemas import shipped

URL = "http://site.example/feed"
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
RESPONSES = shipped("feeds/responses.json")


def answered(*entries: Entry, since: datetime | None = None, limit: int = 100, **members: Any) -> dict[str, Any]:
    found = collection(Feed(entries=entries, **members), URL, since=since, limit=limit)
    RESPONSES.validate(found)
    return found


def titles(found: dict[str, Any]) -> list[str]:
    return [item["object"]["title"] for item in found["items"]]


def test_everything_that_can_be_said() -> None:
    entry = Entry(
        id="1",
        url="http://site.example/1",
        title="One",
        content="<p>x</p>",
        html=True,
        brief="b",
        published=NOON,
        updated=NOON + timedelta(hours=1),
        authors=(Author("Ann", "http://ann.example/", "ann@a.example"),),
        categories=("a",),
        media=(Media("http://site.example/a.mp3", "audio/mpeg", "A", 7, 60, 1, 2),),
        image="http://site.example/i.png",
        language="en",
    )
    found = answered(
        entry,
        title="Feed",
        description="about",
        link="http://site.example/",
        image="http://site.example/l.png",
        language="en",
        authors=(Author("Ann"), Author(email="bob@a.example")),
        categories=("c",),
        updated=NOON,
    )
    assert found == {
        "context": "feeds",
        "type": "collection",
        "actor": {"id": URL, "type": "feed", "name": "Feed"},
        "summary": "Feed",
        "totalItems": 1,
        "items": [
            {
                "context": "feeds",
                "type": "post",
                "actor": {
                    "id": URL,
                    "type": "feed",
                    "name": "Feed",
                    "description": "about",
                    "image": "http://site.example/l.png",
                    "link": "http://site.example/",
                    "language": "en",
                    "author": "Ann, bob@a.example",
                    "updated": "2026-11-03T12:00:00.000Z",
                    "categories": ["c"],
                },
                "object": {
                    "id": "1",
                    "type": "note",
                    "title": "One",
                    "content": "<p>x</p>",
                    "contentType": "html",
                    "brief": "b",
                    "url": "http://site.example/1",
                    "image": "http://site.example/i.png",
                    "language": "en",
                    "published": "2026-11-03T12:00:00.000Z",
                    "datenum": 1793707200000,
                    "updated": "2026-11-03T13:00:00.000Z",
                    "authors": [
                        {"type": "person", "name": "Ann", "url": "http://ann.example/", "email": "ann@a.example"}
                    ],
                    "categories": ["a"],
                    "media": [
                        {
                            "url": "http://site.example/a.mp3",
                            "mediaType": "audio/mpeg",
                            "title": "A",
                            "size": 7,
                            "duration": 60,
                            "width": 1,
                            "height": 2,
                        }
                    ],
                },
            }
        ],
    }


def test_newest_first_undated_last() -> None:
    old, new, none = (
        Entry(title="old", published=NOON),
        Entry(title="new", updated=NOON + timedelta(1)),
        Entry(title="?"),
    )
    assert titles(answered(none, old, new)) == ["new", "old", "?"]
    assert titles(answered(none, old, new, limit=1)) == ["new"]


def test_since() -> None:
    old = Entry(title="old", published=NOON)
    edited = Entry(title="edited", published=NOON - timedelta(9), updated=NOON + timedelta(1))
    undated = Entry(title="undated")
    assert titles(answered(old, edited, undated, since=NOON)) == ["edited", "undated"]
    assert titles(answered(old, edited, since=NOON - timedelta(seconds=1))) == ["old", "edited"]


def test_long_content_is_an_article() -> None:
    assert answered(Entry(content="x" * 256))["items"][0]["object"]["type"] == "note"
    assert answered(Entry(content="x" * 257))["items"][0]["object"]["type"] == "article"


def test_an_empty_feed() -> None:
    found = answered()
    assert (found["summary"], found["totalItems"], found["items"]) == (URL, 0, [])


def test_ids_are_stable_and_distinct() -> None:
    assert identity(Entry(id="1", url="u"), URL) == "1"
    assert identity(Entry(url="u"), URL) == "u"
    made = identity(Entry(title="t", content="c"), URL)
    assert made == identity(Entry(title="t", content="c", categories=("x",)), URL)
    others = [Entry(title="t"), Entry(content="c"), Entry(title="t", content="c", published=NOON), Entry(title="tc")]
    assert len({made, *(identity(other, URL) for other in others)}) == 5


def test_answers_are_bounded() -> None:
    long = "x" * 60_000
    found = answered(*(Entry(id=str(n), content=long, published=NOON - timedelta(n)) for n in range(100)))
    assert len(json.dumps(found)) < answer.ANSWER_CHARACTERS + 10_000
    assert [item["object"]["id"] for item in found["items"]] == [str(n) for n in range(len(found["items"]))]
    assert len(found["items"]) > 10


def test_what_is_too_long_is_cut_to_text() -> None:
    found = answered(
        Entry(
            id="i" * 5000,
            url="http://" + "u" * 5000,
            title="t" * 5000,
            content=f"<p>{'x' * 70_000}</p>",
            html=True,
            media=(Media("http://" + "m" * 5000),),
        )
    )["items"][0]["object"]
    assert (found["contentType"], found["content"][-1], len(found["content"])) == ("text", "…", 65_536)
    assert len(found["title"]) == len(found["id"]) == 2048
    assert "url" not in found
    assert "media" not in found
