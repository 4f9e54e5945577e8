from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.errors import PlatformError
from sockethub.platforms.metadata import page as module
from sockethub.platforms.metadata.answer import described
from sockethub.platforms.metadata.platform import describe
from sockethub.web import Answer
from tests.support.schemas import shipped

URL = "http://site.example/page"
RESPONSES = shipped("metadata/responses.json")


def answered(body: bytes | str, content_type: str = "text/html", url: str = URL) -> dict[str, Any]:
    data = body.encode() if isinstance(body, str) else body
    found = describe(Answer(url, 200, {"content-type": content_type}, data), URL)
    RESPONSES.validate(found)
    return found


def test_a_page_that_says_nothing() -> None:
    assert answered("hello") == {
        "context": "metadata",
        "type": "fetch",
        "actor": {"id": URL, "type": "website", "name": URL},
        "object": {"type": "page", "favicon": "http://site.example/favicon.ico", "url": URL, "charset": "utf-8"},
    }


def test_the_actor_stays_what_was_asked_for() -> None:
    found = answered('<meta property="og:url" content="http://bank.example/">', url="http://moved.example/")
    assert found["actor"]["id"] == URL
    assert found["object"]["url"] == "http://bank.example/"
    assert answered("hello", url="http://moved.example/")["object"]["url"] == "http://moved.example/"


@pytest.mark.parametrize(
    ("data", "content_type", "charset"),
    [
        ("<title>grün</title>".encode(), "text/html", "utf-8"),
        ("<title>grün</title>".encode("latin-1"), "text/html", "windows-1252"),
        ('<meta charset="iso-8859-1"><title>grün</title>'.encode("latin-1"), "text/html", "windows-1252"),
        ('<meta charset="koi8-r"><title>grün</title>'.encode(), "text/html; charset=utf-8", "utf-8"),
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r"><title>привет</title>'.encode(
                "koi8-r"
            ),
            "",
            "koi8-r",
        ),
        ("<title>日本</title>".encode("shift_jis"), "text/html;charset=Shift_JIS", "shift_jis"),
    ],
)
def test_encodings(data: bytes, content_type: str, charset: str) -> None:
    found = answered(data, content_type)["object"]
    assert found["charset"] == charset
    assert found["title"] in ("grün", "привет", "日本")


@pytest.mark.parametrize("content_type", ["image/png", "application/pdf", "application/json", "video/mp4", "x"])
def test_what_is_no_page(content_type: str) -> None:
    with pytest.raises(PlatformError, match="not a web page") as caught:
        answered("x", content_type)
    assert caught.value.condition == "not-a-page"


def test_an_empty_page() -> None:
    with pytest.raises(PlatformError, match="empty"):
        answered(" \n")


def test_everything_long_is_cut() -> None:
    long = "x" * 5000
    said = "".join(
        f'<meta property="{name}" content="{long}">'
        for name in ("og:title", "og:site_name", "og:type", "og:url", "og:image", "article:tag", "author", "twitter:x")
    )
    found = answered(f"<html lang={long}>{said}")["object"]
    assert len(found["title"]) == len(found["name"]) == len(found["twitter"]["x"]) == 2048
    assert found["url"] == URL
    assert "image" not in found


def test_times_become_utc_or_nothing() -> None:
    page = module.Page(url=URL, published="2026-11-02T10:00:00+02:00", updated="soon")
    found = described(page, URL, "utf-8")["object"]
    assert found["published"] == "2026-11-02T08:00:00.000Z"
    assert "updated" not in found


PIECES = st.sampled_from(
    [
        "<title>", "</title>", "<meta property='og:image' content='//", "<meta name=twitter:x content=",
        "<base href='/", "<link rel=icon href=", "<script type=application/ld+json>", "</script>", '{"@type":',
        '"Article"', "[", "}",
        "'>", ">",
        "<html lang=", "og:image:width", "http://[::1", "\ud7ff", "&#xffffff;",
    ]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join))
def test_whatever_a_page_says_the_answer_is_what_its_schema_says(page: str) -> None:
    if page.strip():
        answered(page.encode("utf-8", "replace"))
