"""One small feed for each thing a format can say, and what becomes of it.

Each row: a piece of a feed, and members of what is read. The pieces stand in a frame of their format.
"""
# ruff: noqa: E501 - a row is a line

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import pytest

from sockethub.platforms.feeds.model import Feed
from sockethub.platforms.feeds.reading import read
from sockethub.web import Answer

URL: Final = "http://site.example/blog/feed"
NAMESPACES: Final = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:dcterms="http://purl.org/dc/terms/"'
)


def fetched(body: str | bytes, content_type: str = "application/xml") -> Feed:
    data = body.encode() if isinstance(body, str) else body
    return read(Answer(URL, 200, {"content-type": content_type}, data))


def rss(channel: str, version: str = "2.0") -> str:
    return f'<?xml version="1.0"?><rss version="{version}" {NAMESPACES}><channel>{channel}</channel></rss>'


def item(inner: str) -> str:
    return rss(f"<title>t</title><item>{inner}</item>")


def atom(inner: str, attributes: str = "") -> str:
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" {attributes}>{inner}</feed>'


def entry(inner: str, attributes: str = "") -> str:
    return atom(f"<title>t</title><entry {attributes}>{inner}</entry>")


def rdf(channel: str, items: str = "") -> str:
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f"{NAMESPACES}><channel>{channel}</channel>{items}</rdf:RDF>"
    )


def json_feed(**members: Any) -> str:
    return orjson.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "t", **members}).decode()


def json_item(**members: Any) -> str:
    return json_feed(items=[members])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


FEEDS: list[tuple[str, dict[str, Any]]] = [
    # RSS
    (rss("<title>Plain</title>"), {"title": "Plain"}),
    (rss("<title>A &amp;amp; B</title>"), {"title": "A & B"}),
    (rss("<title><![CDATA[<b>Bold</b> &amp; more]]></title>"), {"title": "Bold & more"}),
    (rss("<title>  two\n   lines </title>"), {"title": "two\nlines"}),
    (rss("<title>t</title><description>&lt;p&gt;About&lt;/p&gt;</description>"), {"description": "About"}),
    (rss("<title>t</title><link>http://site.example/</link>"), {"link": "http://site.example/"}),
    (rss("<title>t</title><link>/blog</link>"), {"link": "http://site.example/blog"}),
    (rss("<title>t</title><link>javascript:alert(1)</link>"), {"link": ""}),
    (rss("<title>t</title><language>de-at</language>"), {"language": "de-at"}),
    (rss("<title>t</title><category>a</category><category>b</category><category>a</category>"), {"categories": ("a", "b")}),
    (rss("<title>t</title><image><url>/i.png</url></image>"), {"image": "http://site.example/i.png"}),
    (rss('<title>t</title><itunes:image href="http://cdn.example/i.jpg"/>'), {"image": "http://cdn.example/i.jpg"}),
    (rss("<title>t</title><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate>"), {"updated": at("2026-11-02T10:00:00")}),
    (rss("<title>t</title><lastBuildDate>Mon, 02 Nov 2026 10:00:00 +0100</lastBuildDate>"), {"updated": at("2026-11-02T09:00:00")}),
    (rss('<title>t</title><atom:link rel="self" href="http://other.example/"/><link>http://site.example/</link>'), {"link": "http://site.example/"}),
    (rss("<title>t</title>", "0.91"), {"title": "t"}),
    (rss("<title>t</title>", "0.92"), {"title": "t"}),
    ('<rss version="0.91"><channel><title>no declaration</title></channel></rss>', {"title": "no declaration"}),
    # RSS 0.90 and 1.0
    (rdf("<title>RDF</title><link>http://site.example/</link>"), {"title": "RDF", "link": "http://site.example/"}),
    (rdf("<title>t</title><description>about</description>"), {"description": "about"}),
    (rdf("<title>t</title><dc:language>fr</dc:language>"), {"language": "fr"}),
    (rdf("<title>t</title><dc:date>2026-11-02T10:00:00Z</dc:date>"), {"updated": at("2026-11-02T10:00:00")}),
    # Atom
    (atom("<title>Plain</title>"), {"title": "Plain"}),
    (atom('<title type="html">&lt;i&gt;It&lt;/i&gt;</title>'), {"title": "It"}),
    (atom('<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><i>X</i>H</div></title>'), {"title": "XH"}),
    (atom('<title type="text">a &lt;b&gt; c</title>'), {"title": "a <b> c"}),
    (atom("<title>t</title><subtitle>sub</subtitle>"), {"description": "sub"}),
    (atom('<title>t</title><link href="http://site.example/"/>'), {"link": "http://site.example/"}),
    (atom('<title>t</title><link rel="alternate" href=".."/>'), {"link": "http://site.example/"}),
    (atom('<title>t</title><link href="x"/>', 'xml:base="http://base.example/d/"'), {"link": "http://base.example/d/x"}),
    (atom("<title>t</title><logo>/l.png</logo>"), {"image": "http://site.example/l.png"}),
    (atom("<title>t</title><icon>/i.ico</icon>"), {"image": "http://site.example/i.ico"}),
    (atom("<title>t</title>", 'xml:lang="en"'), {"language": "en"}),
    (atom("<title>t</title><updated>2026-11-02T10:00:00.5+01:00</updated>"), {"updated": at("2026-11-02T09:00:00")}),
    (atom('<title>t</title><category term="a" label="A"/><category term="b"/>'), {"categories": ("A", "b")}),
    (atom("<title>t</title><author><name>Ann</name></author>"), {"authors": ({"name": "Ann", "url": "", "email": ""},)}),
    # JSON Feed
    (json_feed(title="J"), {"title": "J"}),
    (json_feed(description="about", home_page_url="/"), {"description": "about", "link": "http://site.example/"}),
    (json_feed(icon="i.png"), {"image": "http://site.example/blog/i.png"}),
    (json_feed(favicon="/f.ico"), {"image": "http://site.example/f.ico"}),
    (json_feed(language="en-GB"), {"language": "en-GB"}),
    (json_feed(authors=[{"name": "Ann", "url": "https://ann.example/"}]), {"authors": ({"name": "Ann", "url": "https://ann.example/", "email": ""},)}),
    (json_feed(version="https://jsonfeed.org/version/1", author={"name": "Old"}), {"authors": ({"name": "Old", "url": "", "email": ""},)}),
    (json_feed(title=5, items="none", authors={"name": "x"}), {"title": "", "entries": ()}),
]  # fmt: skip

ENTRIES: list[tuple[str, dict[str, Any]]] = [
    # RSS
    (item("<title>T</title><link>http://a.example/1</link>"), {"title": "T", "url": "http://a.example/1"}),
    (item("<title>T &lt;b&gt;bold&lt;/b&gt;</title>"), {"title": "T bold"}),
    (item("<guid>http://a.example/1</guid>"), {"id": "http://a.example/1", "url": "http://a.example/1"}),
    (item('<guid isPermaLink="false">tag:1</guid><link>/1</link>'), {"id": "tag:1", "url": "http://site.example/1"}),
    (item("<title>T</title>"), {"id": "", "url": ""}),
    (item("<description>plain words</description>"), {"content": "plain words", "html": False}),
    (item("<description>&lt;p&gt;x&lt;/p&gt;</description>"), {"content": "<p>x</p>", "html": True}),
    (item("<description>AT&amp;amp;T</description>"), {"content": "AT&amp;T", "html": True}),
    (item("<description>AT&amp;T</description>"), {"content": "AT&T", "html": False}),
    (item("<description>1 &lt; 2</description>"), {"content": "1 < 2", "html": False}),
    (item("<description><![CDATA[<p onclick='x()'>y<script>z</script></p>]]></description>"), {"content": "<p>y</p>"}),
    (item("<description><![CDATA[<a href='x'>l</a>]]></description>"), {"content": '<a href="http://site.example/blog/x" rel="noopener noreferrer">l</a>'}),
    (item("<description><![CDATA[<a href='javascript:x()'>l</a>]]></description>"), {"content": '<a rel="noopener noreferrer">l</a>'}),
    (item("<description><![CDATA[<img src='/i.png' onerror='x()'>]]></description>"), {"content": '<img src="http://site.example/i.png">'}),
    (item("<description><![CDATA[<iframe src='//evil'></iframe>ok<style>x</style>]]></description>"), {"content": "ok"}),
    (item("<description><![CDATA[<svg onload=x()><p>ok</p></svg>]]></description>"), {"content": "<p>ok</p>"}),
    (item("<description><![CDATA[<form action=x><input>ok</form>]]></description>"), {"content": "ok"}),
    (item("<description>short</description><content:encoded><![CDATA[<p>long</p>]]></content:encoded>"), {"content": "<p>long</p>", "brief": "short"}),
    (item("<content:encoded><![CDATA[<p>only</p>]]></content:encoded>"), {"content": "<p>only</p>", "brief": ""}),
    (item("<pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate>"), {"published": at("2026-11-02T10:00:00"), "updated": None}),
    (item("<pubDate>02 Nov 2026 10:00:00 +0200</pubDate>"), {"published": at("2026-11-02T08:00:00")}),
    (item("<pubDate>Mon, 02 Nov 2026 10:00:00 EST</pubDate>"), {"published": at("2026-11-02T15:00:00")}),
    (item("<pubDate>Mon, 2 Nov 26 10:00 GMT</pubDate>"), {"published": at("2026-11-02T10:00:00")}),
    (item("<pubDate>Wed, 02 Nov 2026 10:00:00 GMT</pubDate>"), {"published": at("2026-11-02T10:00:00")}),
    (item("<pubDate>2026-11-02</pubDate>"), {"published": at("2026-11-02T00:00:00")}),
    (item("<pubDate>2026-11-02 10:00:00</pubDate>"), {"published": at("2026-11-02T10:00:00")}),
    (item("<pubDate>yesterday</pubDate>"), {"published": None}),
    (item("<dc:date>2026-11-02T10:00:00+02:00</dc:date>"), {"updated": at("2026-11-02T08:00:00")}),
    (item("<author>ann@site.example (Ann)</author>"), {"authors": ({"name": "Ann", "url": "", "email": "ann@site.example"},)}),
    (item("<author>ann@site.example</author>"), {"authors": ({"name": "", "url": "", "email": "ann@site.example"},)}),
    (item("<dc:creator>Ann</dc:creator>"), {"authors": ({"name": "Ann", "url": "", "email": ""},)}),
    (item("<itunes:author>Ann</itunes:author>"), {"authors": ({"name": "Ann", "url": "", "email": ""},)}),
    (item("<category>a</category><category domain='d'>b</category>"), {"categories": ("a", "b")}),
    (item("<dc:subject>s</dc:subject>"), {"categories": ("s",)}),
    (item('<enclosure url="/a.mp3" length="12" type="audio/mpeg"/>'), {"media": ({"url": "http://site.example/a.mp3", "type": "audio/mpeg", "size": 12},)}),
    (item('<enclosure url="/a.mp3" length="?" type="audio/mpeg"/><itunes:duration>1:02:03</itunes:duration>'), {"media": ({"url": "http://site.example/a.mp3", "type": "audio/mpeg", "seconds": 3723},)}),
    (item('<enclosure url="/a.mp3" type="audio/mpeg"/><itunes:duration>90</itunes:duration>'), {"media": ({"url": "http://site.example/a.mp3", "type": "audio/mpeg", "seconds": 90},)}),
    (item('<enclosure url="/a.mp3"/><enclosure url="/b.mp3"/><enclosure url="/a.mp3"/>'), {"media": ({"url": "http://site.example/a.mp3"}, {"url": "http://site.example/b.mp3"})}),
    (item('<enclosure url="file:///etc/passwd"/>'), {"media": ()}),
    (item('<media:content url="/v.mp4" type="video/mp4" width="640" height="480" duration="12.5" fileSize="9"/>'), {"media": ({"url": "http://site.example/v.mp4", "type": "video/mp4", "width": 640, "height": 480, "seconds": 12, "size": 9},)}),
    (item('<media:group><media:content url="/v.mp4" medium="video"/></media:group>'), {"media": ({"url": "http://site.example/v.mp4", "type": "video"},)}),
    (item('<media:thumbnail url="/t.png"/>'), {"image": "http://site.example/t.png"}),
    (item('<itunes:image href="/e.jpg"/>'), {"image": "http://site.example/e.jpg"}),
    (item("<title>T</title><unknown:thing>x</unknown:thing>"), {"title": "T"}),
    (rss("<title>t</title><item><title>not & well-formed</title><link>/1</link></item>"), {"title": "not & well-formed", "url": "http://site.example/1"}),
    (rss("<title>t</title><item><title>a&nbsp;b &eacute;</title></item>"), {"title": "a b é"}),
    (rss("<title>t</title><item><title>unclosed</title><link>/1</link>"), {"title": "unclosed"}),
    # RSS 1.0
    (rdf("<title>t</title>", '<item rdf:about="http://a.example/1"><title>R</title><link>http://a.example/1</link></item>'), {"title": "R", "id": "http://a.example/1", "url": "http://a.example/1"}),
    (rdf("<title>t</title>", "<item><title>R</title><dc:creator>Ann</dc:creator><dc:date>2026-11-02T10:00Z</dc:date></item>"), {"authors": ({"name": "Ann", "url": "", "email": ""},), "updated": at("2026-11-02T10:00:00")}),
    (rdf("<title>t</title>", "<item><title>R</title><description>d</description></item>"), {"content": "d"}),
    # Atom
    (entry("<id>urn:1</id><title>A</title>"), {"id": "urn:1", "title": "A", "url": ""}),
    (entry('<id>urn:1</id><link href="/1"/>'), {"url": "http://site.example/1"}),
    (entry('<link rel="enclosure" href="/a.ogg" type="audio/ogg" length="7" title="A"/><link href="/1"/>'), {"url": "http://site.example/1", "media": ({"url": "http://site.example/a.ogg", "type": "audio/ogg", "size": 7, "title": "A"},)}),
    (entry('<content type="text">a &lt; b</content>'), {"content": "a < b", "html": False}),
    (entry("<content>&lt;p&gt;not markup&lt;/p&gt;</content>"), {"content": "<p>not markup</p>", "html": False}),
    (entry('<content type="html">&lt;p&gt;x&lt;script&gt;y&lt;/script&gt;&lt;/p&gt;</content>'), {"content": "<p>x</p>", "html": True}),
    (entry('<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p onclick="x()">y</p></div></content>'), {"content": "<p>y</p>", "html": True}),
    (entry('<content type="html">&lt;a href="y"&gt;l&lt;/a&gt;</content>', 'xml:base="http://base.example/d/"'), {"content": '<a href="http://base.example/d/y" rel="noopener noreferrer">l</a>'}),
    (entry('<summary>brief</summary><content type="html">&lt;p&gt;long&lt;/p&gt;</content>'), {"brief": "brief", "content": "<p>long</p>"}),
    (entry('<summary type="html">&lt;i&gt;only&lt;/i&gt;</summary>'), {"brief": "", "content": "<i>only</i>", "html": True}),
    (entry("<published>2026-11-02T10:00:00Z</published><updated>2026-11-03T10:00:00Z</updated>"), {"published": at("2026-11-02T10:00:00"), "updated": at("2026-11-03T10:00:00")}),
    (entry("<updated>2026-11-03T10:00:00Z</updated>"), {"published": None, "updated": at("2026-11-03T10:00:00")}),
    (entry("<author><name>Ann</name><uri>http://ann.example/</uri><email>ann@a.example</email></author>"), {"authors": ({"name": "Ann", "url": "http://ann.example/", "email": "ann@a.example"},)}),
    (entry("<author><name>Ann</name></author><author><name>Bob</name></author>"), {"authors": ({"name": "Ann", "url": "", "email": ""}, {"name": "Bob", "url": "", "email": ""})}),
    (entry('<category term="a" label="A"/>'), {"categories": ("A",)}),
    # JSON Feed
    (json_item(id="1", url="/1", title="J"), {"id": "1", "url": "http://site.example/1", "title": "J"}),
    (json_item(id=5), {"id": "5"}),
    (json_item(id=True), {"id": ""}),
    (json_item(content_text="a < b"), {"content": "a < b", "html": False}),
    (json_item(content_html="<p>x<script>y</script></p>"), {"content": "<p>x</p>", "html": True}),
    (json_item(content_html="<a href=y>l</a>", url="http://a.example/d/1"), {"content": '<a href="http://a.example/d/y" rel="noopener noreferrer">l</a>'}),
    (json_item(content_text="t", summary="s"), {"brief": "s"}),
    (json_item(date_published="2026-11-02T10:00:00-05:00"), {"published": at("2026-11-02T15:00:00")}),
    (json_item(date_modified="2026-11-02T10:00:00Z"), {"updated": at("2026-11-02T10:00:00")}),
    (json_item(date_published="then"), {"published": None}),
    (json_item(external_url="http://b.example/"), {"url": "http://b.example/"}),
    (json_item(image="/i.png"), {"image": "http://site.example/i.png"}),
    (json_item(banner_image="/b.png"), {"image": "http://site.example/b.png"}),
    (json_item(tags=["a", "b", 5, "a"]), {"categories": ("a", "b")}),
    (json_item(authors=[{"name": "Ann"}, {}, 5]), {"authors": ({"name": "Ann", "url": "", "email": ""},)}),
    (json_item(attachments=[{"url": "/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 9, "duration_in_seconds": 3.7}, {"mime_type": "x"}]), {"media": ({"url": "http://site.example/a.mp3", "type": "audio/mpeg", "size": 9, "seconds": 3},)}),
    (json_item(language="fr"), {"language": "fr"}),
    (json_item(title=5, url=[], tags="x", attachments={"url": "x"}, authors="y"), {"title": "", "url": "", "categories": ()}),
]  # fmt: skip

EMPTY_MEDIA: Final = {"type": "", "title": "", "size": 0, "seconds": 0, "width": 0, "height": 0}


@pytest.mark.parametrize(("body", "members"), FEEDS, ids=[f"{n}-{next(iter(m))}" for n, (_, m) in enumerate(FEEDS)])
def test_feeds(body: str, members: dict[str, Any]) -> None:
    found = asdict(fetched(body))
    assert {name: found[name] for name in members} == members


@pytest.mark.parametrize(("body", "members"), ENTRIES, ids=[f"{n}-{next(iter(m))}" for n, (_, m) in enumerate(ENTRIES)])
def test_entries(body: str, members: dict[str, Any]) -> None:
    feed = asdict(fetched(body))
    assert len(feed["entries"]) == 1
    found = feed["entries"][0]
    wanted = dict(members)
    if "media" in wanted:
        wanted["media"] = tuple({**EMPTY_MEDIA, **each} for each in wanted["media"])
    assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("text", "encoding", "declared", "content_type"),
    [
        ("grün", "utf-8", "utf-8", "text/xml"),
        ("grün", "utf-8", None, "text/xml"),
        ("grün", "iso-8859-1", "iso-8859-1", "text/xml"),
        ("grün", "iso-8859-1", "utf-8", "text/xml"),
        ("grün", "iso-8859-1", None, "text/xml; charset=iso-8859-1"),
        ("“grün”", "cp1252", "iso-8859-1", "text/xml"),
        ("привет", "koi8-r", "koi8-r", "application/rss+xml"),
        ("привет", "windows-1251", "windows-1251", "text/xml; charset=windows-1251"),
        ("日本", "shift_jis", "Shift_JIS", "text/xml"),
        ("日本", "euc-jp", "EUC-JP", "text/xml"),
        ("日本", "utf-16", "utf-16", "text/xml"),
        ("中文", "gb2312", "gb2312", "text/xml"),
        ("한국", "euc-kr", "euc-kr", "text/plain"),
        ("grün", "utf-8-sig", None, "text/html; charset=koi8-r"),
    ],
)
def test_encodings(text: str, encoding: str, declared: str | None, content_type: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = f'{declaration}<rss version="2.0"><channel><title>{text}</title></channel></rss>'.encode(encoding)
    assert fetched(body, content_type).title == text


def test_the_rss_0_91_document_type_is_passed_over() -> None:
    named = (
        '<?xml version="1.0"?>\n<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"\n'
        ' "http://my.netscape.com/publish/formats/rss-0.91.dtd">\n'
        '<rss version="0.91"><channel><title>old</title></channel></rss>'
    )
    assert fetched(named).title == "old"


@pytest.mark.parametrize("content_type", ["text/plain", "text/html", "application/octet-stream", "image/png", ""])
def test_wrong_content_types_do_not_matter(content_type: str) -> None:
    assert fetched(rss("<title>t</title>"), content_type).title == "t"
    assert fetched(json_feed(), content_type).title == "t"


def test_what_comes_before_the_feed() -> None:
    assert fetched("\n\n " + rss("<title>t</title>")).title == "t"
    assert fetched("\ufeff" + rss("<title>t</title>")).title == "t"
    assert fetched("<!-- generated -->" + atom("<title>t</title>").removeprefix('<?xml version="1.0"?>')).title == "t"
