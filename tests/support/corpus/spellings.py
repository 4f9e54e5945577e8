"""What a format leaves open, and what is in the wild nevertheless; one document for each."""
# ruff: noqa: RUF001 - the scripts of the world

from __future__ import annotations

from typing import Any, Final

import orjson

from tests.support.corpus.document import Document
from tests.support.corpus.formats import FORMATS
from tests.support.corpus.sites import SITES

_SPACES: Final = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:georss="http://www.georss.org/georss" '
    'xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)
_XHTML: Final = 'xmlns="http://www.w3.org/1999/xhtml"'


def _rss(inner: str, head: str = '<?xml version="1.0"?>') -> str:
    about = "<title>Spellings</title><link>https://spell.example/</link><description>d</description>"
    return f'{head}<rss version="2.0" {_SPACES}><channel>{about}<item>{inner}</item></channel></rss>'


def _atom(inner: str, feed: str = "", entry: str = "") -> str:
    head = f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" {feed}><title>Spellings</title>'
    return f"{head}<entry {entry}>{inner}</entry></feed>"


def _one(name: str, body: str | bytes, content_type: str = "application/xml", **item: Any) -> Document:
    return Document(name, body.encode() if isinstance(body, str) else body, "Spellings", [item], content_type)


# Encodings: what a document is in, what its first line says, what the server says.

_TEXTS: Final = {
    "utf-8": "größer – 日本 – привет",
    "iso-8859-1": "Größe, garçon, ñandú",
    "iso-8859-2": "Příliš žluťoučký kůň",
    "iso-8859-7": "Καλημέρα κόσμε",
    "iso-8859-15": "10 € für Œuvres",
    "windows-1251": "Доброе утро",
    "windows-1252": "“Anführung” – 5 €",
    "koi8-r": "Доброе утро",
    "shift_jis": "朝ごはん",
    "euc-jp": "朝ごはん",
    "iso-2022-jp": "朝ごはん",
    "gb2312": "早上好",
    "gb18030": "早上好，𠀀",
    "big5": "早安",
    "euc-kr": "좋은 아침",
}


def _in(encoding: str, text: str, declared: str | None, said: str | None, mark: bytes = b"") -> Document:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = mark + _rss(f"<title>{text}</title>", head).encode(encoding)
    content_type = f"text/xml; charset={said}" if said else "text/xml"
    name = f"{encoding}, declared {declared}, served {said}, mark {mark.hex() or 'none'}"
    return _one(name, body, content_type, title=text)


def _encodings() -> list[Document]:
    declared = [_in(encoding, text, encoding, None) for encoding, text in _TEXTS.items()]
    served = [_in(encoding, text, None, encoding) for encoding, text in _TEXTS.items()]
    both = [_in(encoding, text, encoding.upper(), encoding.upper()) for encoding, text in _TEXTS.items()]
    text, latin = _TEXTS["utf-8"], _TEXTS["windows-1252"]
    odd = [
        _in("utf-8", text, None, None),
        _in("utf-8", text, None, None, b"\xef\xbb\xbf"),
        _in("utf-8", text, "iso-8859-1", None, b"\xef\xbb\xbf"),
        _in("utf-8", text, None, "iso-8859-1", b"\xef\xbb\xbf"),
        _in("utf-8", text, "no-such-encoding", "nor-this"),
        _in("utf-8", text, "us-ascii", "utf-8"),
        _in("utf-16-le", text, "utf-16", None, b"\xff\xfe"),
        _in("utf-16-be", text, "utf-16", None, b"\xfe\xff"),
        _in("utf-16-le", text, "utf-8", None, b"\xff\xfe"),
        _in("utf-16-be", text, None, "utf-8", b"\xfe\xff"),
        _in("utf-16-le", text, "utf-16", "utf-16le"),
        _in("windows-1252", latin, "iso-8859-1", None),
        _in("windows-1252", latin, None, "iso-8859-1"),
        _in("windows-1252", latin, "utf-8", "utf-8"),
        _in("windows-1252", latin, None, None),
        _in("koi8-r", _TEXTS["koi8-r"], "utf-8", "koi8-r"),
    ]
    return declared + served + both + odd


# Dates

_DATES: Final = {
    "Sat, 07 Sep 2024 00:00:01 GMT": "2024-09-07T00:00:01",
    "07 Sep 2024 00:00:01 GMT": "2024-09-07T00:00:01",
    "Sat, 7 Sep 2024 09:05 GMT": "2024-09-07T09:05:00",
    "Sat, 07 Sep 24 00:00:01 GMT": "2024-09-07T00:00:01",
    "Sat, 07 Sep 2024 00:00:01 UT": "2024-09-07T00:00:01",
    "Sat, 07 Sep 2024 00:00:01 Z": "2024-09-07T00:00:01",
    "Sat, 07 Sep 2024 00:00:01 +0000": "2024-09-07T00:00:01",
    "Sat, 07 Sep 2024 02:00:01 +0200": "2024-09-07T00:00:01",
    "Sat, 07 Sep 2024 02:00:01 +02:00": "2024-09-07T00:00:01",
    "Fri, 06 Sep 2024 18:30:01 -0530": "2024-09-07T00:00:01",
    "Fri, 06 Sep 2024 20:00:01 EDT": "2024-09-07T00:00:01",
    "Fri, 06 Sep 2024 19:00:01 EST": "2024-09-07T00:00:01",
    "Fri, 06 Sep 2024 17:00:01 PDT": "2024-09-07T00:00:01",
    "Fri, 06 Sep 2024 16:00:01 PST": "2024-09-07T00:00:01",
    "sat, 07 sep 2024 00:00:01 gmt": "2024-09-07T00:00:01",
    "Sat, 07 September 2024 00:00:01 GMT": "2024-09-07T00:00:01",
    "Saturday, 07-Sep-24 00:00:01 GMT": "2024-09-07T00:00:01",
    "Mon, 07 Sep 2024 00:00:01 GMT": "2024-09-07T00:00:01",
    "Sat,  07  Sep  2024  00:00:01  GMT": "2024-09-07T00:00:01",
    "\n  Sat, 07 Sep 2024 00:00:01 GMT\n": "2024-09-07T00:00:01",
    "Sat Sep 7 00:00:01 2024": "2024-09-07T00:00:01",
    "Sat Sep  7 00:00:01 GMT 2024": "2024-09-07T00:00:01",
    "Fri Sep 06 20:00:01 EDT 2024": "2024-09-07T00:00:01",
    "Sat, 07 Sep 2024": "2024-09-07T00:00:00",
    "2024-09-07T00:00:01Z": "2024-09-07T00:00:01",
    "2024-09-07T00:00:01.999Z": "2024-09-07T00:00:01",
    "2024-09-07T02:00:01+02:00": "2024-09-07T00:00:01",
    "2024-09-07T02:00+02:00": "2024-09-07T00:00:00",
    "2024-09-07T00:00:01": "2024-09-07T00:00:01",
    "2024-09-07 00:00:01": "2024-09-07T00:00:01",
    "2024-09-07 00:00:01.0": "2024-09-07T00:00:01",
    "2024-09-07": "2024-09-07T00:00:00",
    "2024-09": "2024-09-01T00:00:00",
    "2024": "2024-01-01T00:00:00",
    "20240907T000001Z": "2024-09-07T00:00:00",
    "20240907": "2024-09-07T00:00:00",
    "2024-251": "2024-09-07T00:00:00",
    "2024-02-29T12:00:00Z": "2024-02-29T12:00:00",
    "Thu, 01 Jan 1970 00:00:00 GMT": "1970-01-01T00:00:00",
    "Fri, 31 Dec 1999 23:59:59 GMT": "1999-12-31T23:59:59",
    "soon": None,
    "0000-00-00 00:00:00": None,
    "": None,
}


def _dates() -> list[Document]:
    made = []
    for text, moment in _DATES.items():
        wanted = None if moment is None else f"{moment}.000Z"
        made.append(_one(f"{text!r}", _rss(f"<title>t</title><pubDate>{text}</pubDate>"), published=wanted))
    return made


# Markup: who wrote HTML, and who wrote text that looks like it.

_EVIL: Final = '<p onclick="x()">a<script>b</script></p>'
_MARKUP: Final = [
    _one(
        "RSS, escaped",
        _rss("<description>&lt;p&gt;a &amp;amp; b&lt;/p&gt;</description>"),
        content="<p>a &amp; b</p>",
        contentType="html",
    ),
    _one(
        "RSS, CDATA",
        _rss("<description><![CDATA[<p>a &amp; b</p>]]></description>"),
        content="<p>a &amp; b</p>",
        contentType="html",
    ),
    _one(
        "RSS, CDATA in pieces",
        _rss("<description><![CDATA[<p>a]]><![CDATA[ b</p>]]></description>"),
        content="<p>a b</p>",
    ),
    _one("RSS, numeric references", _rss("<description>&#60;p&#62;a&#60;/p&#62;</description>"), content="<p>a</p>"),
    _one(
        "RSS, escaped twice",
        _rss("<description>&amp;lt;p&amp;gt;a</description>"),
        content="&lt;p&gt;a",
        contentType="html",
    ),
    _one(
        "RSS, plain",
        _rss("<description>a &lt; b and c &gt; d</description>"),
        content="a < b and c > d",
        contentType="text",
    ),
    _one("RSS, an ampersand", _rss("<description>Q&amp;A</description>"), content="Q&A", contentType="text"),
    _one("RSS, not escaped", _rss("<description><p>a <b>b</b></p></description>"), content="<p>a <b>b</b></p>"),
    _one(
        "RSS, content:encoded",
        _rss("<description>s</description><content:encoded>&lt;i&gt;a&lt;/i&gt;</content:encoded>"),
        content="<i>a</i>",
        brief="s",
    ),
    _one("RSS, xhtml:body", _rss(f"<body {_XHTML}><p>a</p></body>"), content="<p>a</p>"),
    _one("RSS, a script", _rss(f"<description><![CDATA[{_EVIL}]]></description>"), content="<p>a</p>"),
    _one("RSS, HTML in the title", _rss("<title>&lt;b&gt;a&lt;/b&gt; &amp;amp; b</title>"), title="a & b"),
    _one("RSS, a title of entities", _rss("<title>Caf&amp;eacute; &amp;#8211; 1 &lt; 2</title>"), title="Café – 1 < 2"),
    _one("Atom, text", _atom("<content type='text'>&lt;p&gt;</content>"), content="<p>", contentType="text"),
    _one("Atom, no type", _atom("<content>1 &lt; 2</content>"), content="1 < 2", contentType="text"),
    _one(
        "Atom, html",
        _atom("<content type='html'>&lt;p&gt;a&lt;/p&gt;</content>"),
        content="<p>a</p>",
        contentType="html",
    ),
    _one("Atom, html in CDATA", _atom("<content type='html'><![CDATA[<p>a</p>]]></content>"), content="<p>a</p>"),
    _one(
        "Atom, xhtml",
        _atom(f"<content type='xhtml'><div {_XHTML}><p>a<br/>b</p></div></content>"),
        content="<p>a<br>b</p>",
    ),
    _one(
        "Atom, xhtml with a prefix",
        _atom("<content type='xhtml'><h:div xmlns:h='http://www.w3.org/1999/xhtml'><h:p>a</h:p></h:div></content>"),
        content="<p>a</p>",
    ),
    _one("Atom, text/html", _atom("<content type='text/html'>&lt;p&gt;a&lt;/p&gt;</content>"), content="<p>a</p>"),
    _one("Atom, base64", _atom("<content type='text/html' mode='base64'>PHA+YTwvcD4=</content>"), content="<p>a</p>"),
    _one("Atom, a script", _atom(f"<content type='html'><![CDATA[{_EVIL}]]></content>"), content="<p>a</p>"),
    _one(
        "Atom, xhtml with a script",
        _atom(f"<content type='xhtml'><div {_XHTML}>{_EVIL}</div></content>"),
        content="<p>a</p>",
    ),
    _one("Atom, an html title", _atom("<title type='html'>&lt;b&gt;a&lt;/b&gt;</title>"), title="a"),
    _one(
        "Atom, an xhtml title", _atom(f"<title type='xhtml'><div {_XHTML}>1 &lt; <i>2</i></div></title>"), title="1 < 2"
    ),
    _one("Atom, a text title with markup", _atom("<title>&lt;b&gt;</title>"), title="<b>"),
    _one("Atom, only a summary", _atom("<summary>a</summary>"), content="a", brief=None),
    _one("Atom, both", _atom("<summary>s</summary><content>c</content>"), content="c", brief="s"),
]

# Relative URLs

_URLS: Final = [
    _one("RSS, from the root", _rss("<link>/a</link>"), url="{base}/a"),
    _one("RSS, from here", _rss("<link>a?b=c#d</link>"), url="{base}/corpus/a?b=c#d"),
    _one("RSS, from above", _rss("<link>../a</link>"), url="{base}/a"),
    _one("RSS, without a scheme", _rss("<link>//cdn.example/a</link>"), url="http://cdn.example/a"),
    _one("RSS, with spaces around", _rss("<link>\n  https://spell.example/a\n </link>"), url="https://spell.example/a"),
    _one(
        "RSS, in a picture",
        _rss("<description><![CDATA[<img src='/i.png' alt='i'>]]></description>"),
        content='<img src="{base}/i.png" alt="i">',
    ),
    _one("RSS, xml:base", _rss("<link xml:base='http://b.example/x/'>a</link>"), url="http://b.example/x/a"),
    _one(
        "Atom, base of the feed",
        _atom("<link href='a'/>", "xml:base='http://b.example/x/'"),
        url="http://b.example/x/a",
    ),
    _one(
        "Atom, base of the entry",
        _atom("<link href='a'/>", "", "xml:base='http://b.example/x/'"),
        url="http://b.example/x/a",
    ),
    _one(
        "Atom, base on base",
        _atom("<link href='a'/>", "xml:base='http://b.example/x/'", "xml:base='y/'"),
        url="http://b.example/x/y/a",
    ),
    _one(
        "Atom, base of the content",
        _atom("<content type='html' xml:base='http://b.example/x/'>&lt;img src='a'&gt;</content>"),
        content='<img src="http://b.example/x/a">',
    ),
    _one(
        "Atom, base of xhtml",
        _atom(f"<content type='xhtml' xml:base='http://b.example/'><div {_XHTML}><img src='a'/></div></content>"),
        content='<img src="http://b.example/a">',
    ),
    _one(
        "Atom, a base inside xhtml is not heeded",
        _atom(f"<content type='xhtml'><div {_XHTML} xml:base='http://b.example/'><img src='a'/></div></content>"),
        content='<img src="{base}/corpus/a">',
    ),
    _one("Atom, a base from the root", _atom("<link href='a'/>", "xml:base='/x/'"), url="{base}/x/a"),
    _one("a script", _rss("<link>javascript:alert(1)</link>"), url=None),
    _one("a file", _rss("<link>file:///etc/passwd</link>"), url=None),
    _one("data", _rss("<link>data:text/html,x</link>"), url=None),
    _one("an international name", _rss("<link>https://größe.example/ä</link>"), url="https://größe.example/ä"),
]

# Attachments

_A: Final = "http://a.example/a.mp3"
_ATTACHED: Final = [
    _one(
        "enclosure",
        _rss(f"<enclosure url='{_A}' length='7' type='audio/mpeg'/>"),
        media=[{"url": _A, "mediaType": "audio/mpeg", "size": 7}],
    ),
    _one(
        "enclosure without a length",
        _rss(f"<enclosure url='{_A}' length='' type='audio/mpeg'/>"),
        media=[{"url": _A, "mediaType": "audio/mpeg"}],
    ),
    _one("enclosure with nonsense", _rss(f"<enclosure url='{_A}' length='-5' type=''/>"), media=[{"url": _A}]),
    _one("enclosure without a URL", _rss("<enclosure length='5'/>"), media=None),
    _one(
        "two enclosures",
        _rss(f"<enclosure url='{_A}'/><enclosure url='{_A}2'/>"),
        media=[{"url": _A}, {"url": _A + "2"}],
    ),
    _one("the same twice", _rss(f"<enclosure url='{_A}'/><enclosure url='{_A}'/>"), media=[{"url": _A}]),
    _one(
        "a duration in seconds",
        _rss(f"<enclosure url='{_A}'/><itunes:duration>61</itunes:duration>"),
        media=[{"url": _A, "duration": 61}],
    ),
    _one(
        "a duration by the clock",
        _rss(f"<enclosure url='{_A}'/><itunes:duration>01:00:01</itunes:duration>"),
        media=[{"url": _A, "duration": 3601}],
    ),
    _one(
        "a duration in words",
        _rss(f"<enclosure url='{_A}'/><itunes:duration>an hour</itunes:duration>"),
        media=[{"url": _A}],
    ),
    _one(
        "media:content",
        _rss(f"<media:content url='{_A}' type='audio/mpeg' fileSize='9' duration='12.5'/>"),
        media=[{"url": _A, "mediaType": "audio/mpeg", "size": 9, "duration": 12}],
    ),
    _one(
        "media:group",
        _rss(f"<media:group><media:content url='{_A}'/><media:content url='{_A}2'/></media:group>"),
        media=[{"url": _A}, {"url": _A + "2"}],
    ),
    _one(
        "media:thumbnail",
        _rss("<media:thumbnail url='http://a.example/t.png' width='9'/>"),
        image="http://a.example/t.png",
    ),
    _one("itunes:image", _rss("<itunes:image href='http://a.example/i.png'/>"), image="http://a.example/i.png"),
    _one(
        "Atom, a link",
        _atom(f"<link rel='enclosure' href='{_A}' length='7' type='audio/mpeg' title='A'/>"),
        media=[{"url": _A, "mediaType": "audio/mpeg", "size": 7, "title": "A"}],
        url=None,
    ),
    _one(
        "georss and friends",
        _rss(
            "<title>t</title><georss:point>47 15</georss:point><slash:comments>5</slash:comments><feedburner:origLink>http://o.example/</feedburner:origLink>"
        ),
        title="t",
    ),
]

# What is missing, odd, or named otherwise

_PEOPLE: Final = [{"type": "person", "name": "Ann"}]
_MISSING: Final = [
    _one(
        "nothing but a title", _rss("<title>t</title>"), title="t", content="", url=None, published=None, authors=None
    ),
    _one("nothing but a description", _rss("<description>d</description>"), title="", content="d"),
    _one("an empty item", _rss(""), title="", content=""),
    _one(
        "a guid that is a link",
        _rss("<guid>http://a.example/1</guid>"),
        id="http://a.example/1",
        url="http://a.example/1",
    ),
    _one(
        "a guid that is none",
        _rss("<guid isPermaLink='false'>http://a.example/1</guid><link>http://a.example/2</link>"),
        id="http://a.example/1",
        url="http://a.example/2",
    ),
    _one("a guid that is a number", _rss("<guid>17</guid>"), id="{base}/corpus/17", url="{base}/corpus/17"),
    _one("a link as the id", _rss("<link>http://a.example/1</link>"), id="http://a.example/1"),
    _one(
        "author, a mailbox",
        _rss("<author>ann@a.example (Ann)</author>"),
        authors=[{"type": "person", "name": "Ann", "email": "ann@a.example"}],
    ),
    _one("author, a name", _rss("<author>Ann</author>"), authors=_PEOPLE),
    _one("dc:creator", _rss("<dc:creator>Ann</dc:creator>"), authors=_PEOPLE),
    _one("itunes:author", _rss("<itunes:author>Ann</itunes:author>"), authors=_PEOPLE),
    _one(
        "Atom, an author with everything",
        _atom("<author><name>Ann</name><uri>http://ann.example/</uri><email>a@ann.example</email></author>"),
        authors=[{"type": "person", "name": "Ann", "url": "http://ann.example/", "email": "a@ann.example"}],
    ),
    _one(
        "categories",
        _rss("<category>a</category><category domain='d'>b</category><dc:subject>c</dc:subject>"),
        categories=["a", "b", "c"],
    ),
    _one(
        "Atom, labelled categories", _atom("<category term='a' label='Ä'/><category term='b'/>"), categories=["Ä", "b"]
    ),
    _one("dc:date", _rss("<dc:date>2024-09-07T00:00:01Z</dc:date>"), published="2024-09-07T00:00:01.000Z"),
    _one(
        "dcterms:created",
        _rss("<dcterms:created>2024-09-07T00:00:01Z</dcterms:created>"),
        published="2024-09-07T00:00:01.000Z",
    ),
    _one(
        "Atom, only updated",
        _atom("<updated>2024-09-07T00:00:01Z</updated>"),
        published="2024-09-07T00:00:01.000Z",
        updated="2024-09-07T00:00:01.000Z",
    ),
    _one("Atom, languages", _atom("<title xml:lang='fr'>t</title>", "xml:lang='en'"), title="t"),
]

# Not well-formed, or not where it should be

_BROKEN: Final = [
    _one("a bare ampersand", _rss("<title>Salt & Pepper</title>"), title="Salt & Pepper"),
    _one("a bare less-than", _rss("<title>1 < 2</title>"), title="1 < 2"),
    _one("HTML entities", _rss("<title>Caf&eacute;&nbsp;&ndash; open</title>"), title="Café – open"),
    _one("an element not closed", _rss("<title>t</title><description>d"), title="t"),
    _one("an attribute not quoted", _rss("<title>t</title><guid isPermaLink=false>17</guid>"), title="t", id="17"),
    _one(
        "cut in the middle",
        _rss("<title>t</title><link>http://a.example/1</link><descr").rpartition("<descr")[0],
        title="t",
        url="http://a.example/1",
    ),
    _one("a control character", _rss("<title>a\x0bb</title>"), title="a b"),
    _one("a prefix nobody declared", _rss("<title>t</title><foo:bar>x</foo:bar>"), title="t"),
    _one("space before the declaration", "\n\n  " + _rss("<title>t</title>"), title="t"),
    _one("a comment before it", "<!-- made -->" + _rss("<title>t</title>", ""), title="t"),
    _one("a mark and space before it", "\ufeff\n" + _rss("<title>t</title>"), title="t"),
    _one("a style sheet", _rss("<title>t</title>", '<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?>'), title="t"),
    _one("text after the end", _rss("<title>t</title>") + "<!-- 0.1 s --> cached", title="t"),
    _one("as text/html", _rss("<title>t</title>"), "text/html", title="t"),
    _one("as text/plain", _atom("<title>t</title>"), "text/plain", title="t"),
    _one("as octets", _rss("<title>t</title>"), "application/octet-stream", title="t"),
    _one("without a type", _rss("<title>t</title>"), "", title="t"),
]

# JSON Feed


def _json(name: str, item: dict[str, Any], content_type: str = "application/feed+json", **members: Any) -> Document:
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Spellings", "items": [item]}
    return _one(name, orjson.dumps(feed), content_type, **members)


_JSON: Final = [
    _json("an id that is a number", {"id": 17, "content_text": "a"}, id="17", content="a", contentType="text"),
    _json("text that looks like HTML", {"id": "1", "content_text": "<p>"}, content="<p>", contentType="text"),
    _json("HTML", {"id": "1", "content_html": _EVIL}, content="<p>a</p>", contentType="html"),
    _json("both", {"id": "1", "content_html": "<p>a</p>", "content_text": "a"}, content="<p>a</p>", contentType="html"),
    _json("a summary", {"id": "1", "content_text": "a", "summary": "s"}, brief="s"),
    _json("an external link", {"id": "1", "external_url": "http://o.example/"}, url="http://o.example/"),
    _json("relative URLs", {"id": "1", "url": "/a", "image": "i.png"}, url="{base}/a", image="{base}/corpus/i.png"),
    _json(
        "attachments",
        {
            "id": "1",
            "attachments": [{"url": _A, "mime_type": "audio/mpeg", "size_in_bytes": 7, "duration_in_seconds": 61}],
        },
        media=[{"url": _A, "mediaType": "audio/mpeg", "size": 7, "duration": 61}],
    ),
    _json(
        "dates with offsets",
        {"id": "1", "date_published": "2024-09-07T02:00:01+02:00"},
        published="2024-09-07T00:00:01.000Z",
    ),
    _json(
        "members of wrong types",
        {"id": [], "url": 5, "title": {}, "tags": "x", "authors": 1},
        title="",
        url=None,
        categories=None,
    ),
    _json("extensions", {"id": "1", "title": "t", "_ours": {"a": 1}}, title="t"),
    _json("as application/json", {"id": "1", "title": "t"}, "application/json", title="t"),
    _json("as text/plain", {"id": "1", "title": "t"}, "text/plain", title="t"),
]

# Size

_LONG: Final = "".join(f"<item><title>{n}</title><guid isPermaLink='false'>{n}</guid></item>" for n in range(500))


def _large() -> list[Document]:
    hundred = [{"title": str(n), "id": str(n)} for n in range(100)]
    site, blog = SITES[0], FORMATS["RSS 2.0, blog"]
    return [
        Document(
            "500 items",
            _rss(
                "<title>0</title><guid isPermaLink='false'>0</guid></item>"
                + _LONG.partition("</item>")[2].removesuffix("</item>")
            ).encode(),
            "Spellings",
            hundred,
        ),
        Document("no items", b'<rss version="2.0"><channel><title>Spellings</title></channel></rss>', "Spellings"),
        Document(
            "white space by the megabyte",
            blog.write(site).replace("<item>", " " * 1_000_000 + "<item>", 1).encode(),
            site.title,
            [{"title": post.title} for post in site.posts],
        ),
    ]


SPELLINGS: Final[dict[str, list[Document]]] = {
    "Encodings, declared in every way and wrongly": _encodings(),
    "Dates in odd forms": _dates(),
    "HTML in every escape mode": _MARKUP,
    "Relative URLs, and URLs not to follow": _URLS,
    "Enclosures and media": _ATTACHED,
    "Ids, titles, people: missing, or named otherwise": _MISSING,
    "Not well-formed, or served as something else": _BROKEN,
    "JSON Feed": _JSON,
    "Large and empty": _large(),
}
