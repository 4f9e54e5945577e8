"""One ``fetch`` as the worker asks for it; and whatever a feed says, the answer is what its schema says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.errors import PlatformError
from sockethub.guard import Reach
from sockethub.platforms.feeds import FeedsPlatform, dates
from sockethub.platforms.feeds.answer import collection
from sockethub.platforms.feeds.reading import read
from sockethub.web import Answer
from sockethub.worker.interface import PlatformContext
from tests.support.schemas import shipped
from tests.support.web import web_server

RESPONSES = shipped("feeds/responses.json")
RSS = (
    '<rss version="2.0"><channel><title>t</title>'
    + "".join(f"<item><title>{n}</title><pubDate>0{n} Nov 2026 10:00:00 GMT</pubDate></item>" for n in range(1, 6))
    + "</channel></rss>"
)


class Silence:
    def debug(self, event: str, **fields: object) -> None: ...
    def info(self, event: str, **fields: object) -> None: ...
    def warning(self, event: str, **fields: object) -> None: ...


def platform(**options: Any) -> FeedsPlatform:
    return FeedsPlatform(PlatformContext("feeds", options, Reach(private_addresses=True), Silence()))


def fetch(url: str, **wanted: Any) -> dict[str, Any]:
    activity = {"context": "feeds", "type": "fetch", "actor": {"id": url, "type": "feed"}}
    return activity | ({"object": wanted} if wanted else {})


@pytest.mark.anyio
async def test_limits_of_client_and_operator() -> None:
    async with web_server() as site:
        url = site.page("/feed", RSS)
        for options, wanted, count in (({}, {}, 5), ({}, {"limit": 2}, 2), ({"max_items": 3}, {"limit": 4}, 3)):
            found = await platform(**options).perform(fetch(url, **wanted))
            assert found is not None
            assert found["totalItems"] == len(found["items"]) == count
            assert found["items"][0]["object"]["title"] == "5"


@pytest.mark.anyio
async def test_a_date_that_is_none_is_refused_before_anything_is_fetched() -> None:
    async with web_server() as site:
        with pytest.raises(PlatformError, match="RFC 3339"):
            await platform().perform(fetch(site.page("/feed", RSS), since="2026-13-45T10:00:00Z"))
        assert site.requests == []


@pytest.mark.anyio
async def test_options_reach_the_web() -> None:
    async with web_server() as site:
        await platform(user_agent="Reader/1").perform(fetch(site.page("/feed", RSS)))
        assert site.requests[0].headers["user-agent"] == "Reader/1"
        assert "application/atom+xml" in site.requests[0].headers["accept"]
        with pytest.raises(PlatformError, match="larger than 1024 bytes"):
            await platform(max_bytes=1024).perform(fetch(site.page("/large", RSS + " " * 1024)))


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 3, 10, 0, 0, 500_000, UTC), "2026-11-03T10:00:00.500Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
        (datetime(9999, 12, 31, tzinfo=UTC), "9999-12-31T00:00:00.000Z"),
    ],
)
def test_dates_are_written_in_full(moment: datetime, text: str) -> None:
    assert dates.write(moment) == text
    assert dates.read(text) == moment


@pytest.mark.parametrize("text", ["", "x", "0001-01-01T00:00:00+10:00", "9999-12-31T23:00:00-10:00", "2026-02-30"])
def test_what_is_no_date(text: str) -> None:
    assert dates.read(text) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Saturday, 07-Sep-24 00:00:01 GMT", datetime(2024, 9, 7, 0, 0, 1, tzinfo=UTC)),
        ("Sat, 07 Sep 2024 02:00:01 +0200", datetime(2024, 9, 7, 0, 0, 1, tzinfo=UTC)),
        ("Sat, 07 Sep 2024 00:00:01 -0000", datetime(2024, 9, 7, 0, 0, 1, tzinfo=UTC)),
        ("31 Dec 9999 23:59:59 -1200", None),
        ("Sat, 07 Sep 2024 00:00:01 +99999999999", None),
        ("a,", None),
        ("", None),
    ],
)
def test_dates_of_headers(text: str, moment: datetime | None) -> None:
    assert dates.from_header(text) == moment


@given(st.text(st.sampled_from("0123456789 :,+-SatSepGMT.") | st.characters()))
def test_whatever_is_no_date_is_none(text: str) -> None:
    assert (found := dates.from_header(text)) is None or found.tzinfo is UTC


PIECES = st.sampled_from(
    [
        "<item>", "</item>", "<title>", "</title>", "<description>", "</description>", "<guid>", "<link>", "<pubDate>",
        "</pubDate>", "1 Jan 0001 00:00:00 GMT", "31 Dec 9999 23:59:59 -1200", "&#xD800;", "&#0;", "&amp;#xD800;",
        "&nbsp;",
        "<![CDATA[", "]]>", "<category>c</category>", '<enclosure url="', '" length="9999999999999999999"/>',
        "<author>a@b (c)", "</author>", "<image><url>http://[", "</url></image>", "<p>", "\x0b", "é",
    ]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=4), max_size=40).map("".join), st.booleans())
def test_whatever_a_feed_says_the_answer_is_what_its_schema_says(inner: str, closed: bool) -> None:
    body = f'<rss version="2.0"><channel><title>t</title>{inner}' + ("</channel></rss>" if closed else "")
    url = "http://site.example/feed"
    try:
        feed = read(Answer(url, 200, {}, body.encode("utf-8", "replace")))
    except PlatformError:
        return
    found = collection(feed, url, since=None, limit=100)
    RESPONSES.validate(orjson.loads(orjson.dumps(found)))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just("http://a.example/x"),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["id", "url", "title", "items", "authors", "name", "tags", "attachments", "size_in_bytes", "content_html",
             "date_published", "mime_type", "summary"]
        ),
        inner, max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON, JSON)
def test_whatever_a_json_feed_says_the_answer_is_what_its_schema_says(items: Any, author: Any) -> None:
    said = {"version": "https://jsonfeed.org/version/1.1", "items": items, "author": author, "title": author}
    url = "http://site.example/feed"
    feed = read(Answer(url, 200, {}, orjson.dumps(said)))
    RESPONSES.validate(orjson.loads(orjson.dumps(collection(feed, url, since=None, limit=100))))
