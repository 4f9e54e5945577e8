"""What a hostile web server says, as a table: a row for each attack, and what each of its variants is answered."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

from tests.support.web import Handler, Request, answer

MEBIBYTE: Final = 1024 * 1024
GOOD_FEED: Final = '<rss version="2.0"><channel><title>Good</title><item><title>One</title></item></channel></rss>'
GOOD_PAGE: Final = '<!doctype html><html lang="en"><head><title>Good</title></head><body>x</body></html>'


@dataclass(frozen=True)
class Variant:
    """``handler`` answers one path; ``says`` is in the error, or in the title of what is read nevertheless."""

    name: str
    handler: Handler
    says: str
    platform: str = "feeds"
    read: bool = False


@cache
def bomb(wbits: int) -> bytes:
    """1 GiB of zeros in about 1 MB; made from one compressed MiB, again and again."""
    squeeze = zlib.compressobj(9, wbits=wbits)
    first, again = (squeeze.compress(bytes(MEBIBYTE)) + squeeze.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    made = first + again * 1023 + squeeze.flush()
    assert len(made) < 1_100_000
    return made


def says(body: bytes | str, content_type: str = "text/xml", status: str = "200 OK", **headers: str) -> Handler:
    data = body.encode() if isinstance(body, str) else body

    async def handler(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(data, content_type, status, **headers))

    return handler


def raw(*pieces: bytes, seconds: float = 0.0, again: bytes = b"") -> Handler:
    """``pieces``, ``seconds`` apart, then ``again`` for ever."""

    async def handler(_: Request, writer: asyncio.StreamWriter) -> None:
        for piece in itertools.chain(pieces, itertools.repeat(again) if again else ()):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(seconds)

    return handler


async def silence(_: Request, __: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


def elsewhere(location: str, status: str = "302 Found") -> Handler:
    return says(b"", "text/plain", status, Location=location)


def _entities(inner: str, declarations: str) -> str:
    title = f"<channel><title>{inner}</title></channel>"
    return f'<?xml version="1.0"?><!DOCTYPE rss [{declarations}]><rss version="2.0">{title}</rss>'


def _laughs() -> str:
    steps = (f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return _entities("&l9;", '<!ENTITY l0 "lol">' + "".join(steps))


def _bombs() -> list[Variant]:
    large = "larger than 8388608 bytes"
    return [
        Variant("gzip, 1 GiB", says(bomb(31), Content_Encoding="gzip"), large),
        Variant("deflate, 1 GiB", says(bomb(15), Content_Encoding="deflate"), large),
        Variant("raw deflate, 1 GiB", says(bomb(-15), Content_Encoding="deflate"), large),
        Variant("gzip, members without end", says(gzip.compress(bytes(4096)) * 4096, Content_Encoding="gzip"), large),
        Variant("gzip in gzip", says(gzip.compress(bomb(31)), Content_Encoding="gzip"), "this is not a feed"),
        Variant("gzip twice, declared", says(b"", Content_Encoding="gzip, gzip"), "in a way that was not asked for"),
        Variant("brotli", says(b"\x1b\xff\xff\xff", Content_Encoding="br"), "in a way that was not asked for"),
        Variant("zstd", says(b"\x28\xb5\x2f\xfd", Content_Encoding="zstd"), "in a way that was not asked for"),
        Variant("gzip that is none", says(b"plain", Content_Encoding="gzip"), "not compressed as it says"),
        Variant("a page of 1 GiB", says(bomb(31), "text/html", Content_Encoding="gzip"), "", "metadata", read=True),
    ]


def _endless() -> list[Variant]:
    ok, chunked = b"HTTP/1.1 200 OK\r\n", b"Transfer-Encoding: chunked\r\n\r\n"
    piece = b"x" * 60_000
    large, packaging = "larger than", "mostly packaging"
    return [
        Variant("chunks", raw(ok + chunked, again=b"ea60\r\n" + piece + b"\r\n"), large),
        Variant("no length", raw(ok + b"\r\n", again=piece), large),
        Variant("a length of 100 GB", raw(ok + b"Content-Length: 99999999999\r\n\r\n", again=piece), large),
        Variant("chunks of one byte", raw(ok + chunked, again=(b"1;" + b"e" * 4000 + b"\r\nx\r\n") * 16), packaging),
        Variant("one chunk's extension", raw(ok + chunked + b"1;", again=piece), "in the middle"),
        Variant("headers", raw(ok, again=b"X-Header: value\r\n" * 100), "does not speak HTTP"),
        Variant("one header", raw(ok + b"X: ", again=piece), "does not speak HTTP"),
        Variant("interim answers", raw(again=b"HTTP/1.1 100 Continue\r\n\r\n"), "does not speak HTTP"),
        Variant("trailers", raw(ok + chunked + b"1\r\nx\r\n0\r\n", again=b"X: y\r\n" * 100), "in the middle"),
    ]


def _xml() -> list[Variant]:
    deep, own = "nested deeper than 128 levels", "declares a document type of its own"
    quadratic = _entities("&a;" * 1_166_000, f'<!ENTITY a "{"a" * 3_500_000}">')
    laughs16 = _laughs().replace("?>", ' encoding="utf-16"?>', 1).encode("utf-16")
    attributes = " ".join(f'a{n}="x"' for n in range(100_000))
    soup = '<rss version="2.0"><channel><item><description>' + "&lt;div&gt;" * 200_000
    return [
        Variant("7 MB of quadratic entities", says(quadratic), own),
        Variant("a billion laughs", says(_laughs()), own),
        Variant("a billion laughs in UTF-16", says(laughs16), own),
        Variant("a file's content", says(_entities("&x;", '<!ENTITY x SYSTEM "file:///etc/passwd">')), own),
        Variant("a DTD from elsewhere", says(_entities("", '<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;')), own),
        Variant("20,000 levels", says("<rss><channel>" + "<a>" * 20_000 + "</a>" * 20_000), deep),
        Variant("20,000 levels, open", says('<rss version="2.0"><channel>' + "<item>" * 20_000), deep),
        Variant("120,000 elements", says("<rss><channel>" + "<item/>" * 120_000), "more than 100000 elements"),
        Variant("100,000 attributes", says(f"<rss {attributes}/>"), "more than 64 attributes"),
        Variant("large and not well-formed", says("<rss><channel>" + "<p" * 1_000_000), "too large to guess"),
        Variant("200,000 levels of HTML inside", says(soup + "</description></item></channel></rss>"), "", read=True),
    ]


def _soup() -> list[Variant]:
    page = partial(Variant, platform="metadata", read=True, says="Good")
    return [
        page("200,000 divs before", says("<div>" * 200_000 + GOOD_PAGE, "text/html")),
        page("200,000 ends before", says("</div>" * 150_000 + GOOD_PAGE, "text/html")),
        page("tags that do not end", says(GOOD_PAGE + "<a " * 300_000, "text/html")),
        page("less-than signs", says(GOOD_PAGE + "<" * 1_000_000, "text/html")),
        page("comments that do not end", says(GOOD_PAGE + "<!--" * 250_000, "text/html")),
        page("attributes without end", says(GOOD_PAGE + "<a " + "b='c' " * 150_000, "text/html")),
        page("quotes that do not end", says(GOOD_PAGE + "<a b='" * 150_000, "text/html")),
        page("references", says(GOOD_PAGE + "<title>" + "&#x110000;&" * 80_000, "text/html")),
        page("null bytes", says(GOOD_PAGE + "\0" * 1_000_000, "text/html")),
        page("deep JSON-LD", says(f"{GOOD_PAGE}<script type=application/ld+json>{'[' * 400_000}", "text/html")),
    ]


def _types() -> list[Variant]:
    page = partial(Variant, platform="metadata")
    return [
        Variant("a page as a feed", says(GOOD_PAGE, "application/rss+xml"), "this is a web page, not a feed"),
        Variant("a picture as a feed", says(b"\x89PNG\r\n\x1a\n" * 100, "text/xml"), "this is not a feed"),
        Variant("JSON that is none", says("{]", "application/feed+json"), "neither XML nor JSON"),
        Variant("JSON of 200,000 levels", says('{"a":' * 200_000, "application/feed+json"), "neither XML nor JSON"),
        Variant("another JSON", says('{"version": 1}', "application/feed+json"), "JSON, but not a JSON Feed"),
        Variant("nothing", says(b"", "application/rss+xml"), "this is not a feed"),
        Variant("a feed as a picture", says(GOOD_FEED, "image/png"), "Good", read=True),
        Variant("a feed as nothing", says(GOOD_FEED, "\x01;;charset=zlib"), "Good", read=True),
        page("a film as a page", says(bytes(100_000), "video/mp4"), "not a web page, but video/mp4"),
        page("nothing as a page", says(b"  ", "text/html"), "the page is empty"),
        page("a page in no encoding", says(GOOD_PAGE, "text/html; charset=base64"), "Good", read=True),
    ]


def _broken() -> list[Variant]:
    ok = b"HTTP/1.1 200 OK\r\n"
    cut, none = "in the middle", "does not speak HTTP"
    squeezed = gzip.compress(GOOD_FEED.encode())[:-4]
    return [
        Variant("before its length", raw(ok + b"Content-Length: 100\r\n\r\n<rss>"), cut),
        Variant("before the last chunk", raw(ok + b"Transfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n"), cut),
        Variant("before the end of gzip", says(squeezed, Content_Encoding="gzip"), cut),
        Variant("in the headers", raw(ok + b"Content-Le"), none),
        Variant("at once", raw(), none),
        Variant("two lengths", raw(ok + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), none),
        Variant("another protocol", raw(b"220 smtp.example ESMTP\r\n"), none),
        Variant("TLS", raw(b"\x16\x03\x01\x02\x00"), none),
    ]


def _slow() -> list[Variant]:
    ok, late = b"HTTP/1.1 200 OK\r\n", "no whole answer within 2 s"
    return [
        Variant("nothing", silence, late),
        Variant("headers", raw(ok, again=b"X: y\r\n", seconds=0.1), late),
        Variant("a body", raw(ok + b"Content-Length: 1000\r\n\r\n", again=b"<", seconds=0.1), late),
        Variant("chunks", raw(ok + b"Transfer-Encoding: chunked\r\n\r\n", again=b"1\r\n<\r\n", seconds=0.1), late),
        Variant("a page", raw(ok + b"\r\n", again=b"<", seconds=0.1), late, "metadata"),
    ]


def _redirects() -> list[Variant]:
    web = "must begin with http:// or https://"
    return [
        Variant("a file", elsewhere("file:///etc/passwd"), web),
        Variant("gopher to Redis", elsewhere("gopher://127.0.0.1:6379/_FLUSHALL"), web),
        Variant("a script", elsewhere("javascript:alert(1)"), web),
        Variant("data", elsewhere("data:text/xml,<rss/>"), web),
        Variant("Redis", elsewhere("http://127.0.0.1:6379/"), "port 6379 is not one for the web"),
        Variant("a mail server", elsewhere("http://127.0.0.1:25/"), "port 25 is not one for the web"),
        Variant("with a password", elsewhere("http://user:secret@127.0.0.1/"), "must not hold a name or a password"),
        Variant("no port", elsewhere("http://127.0.0.1:99999/"), "cannot be read"),
        Variant("a backslash", elsewhere("//\\evil.example/"), "a backslash"),
        Variant("far too long", elsewhere("/" + "a" * 5_000), "longer than 2048 characters"),
        Variant("nowhere", says(b"", status="302 Found"), "request failed: 302"),
        Variant("a loop", elsewhere("?again"), "more than 5 redirects"),
        Variant("a permanent loop", elsewhere("?again", "308 Permanent Redirect"), "more than 5 redirects", "metadata"),
    ]


ROWS: Final[dict[str, Callable[[], list[Variant]]]] = {
    "Compressed bodies that unpack to far more, or not at all": _bombs,
    "Answers without end": _endless,
    "XML made to grow": _xml,
    "HTML soup": _soup,
    "Wrong content types": _types,
    "Answers cut off, and what is no HTTP": _broken,
    "Slow heads and bodies": _slow,
    "Redirects that loop or lead out of the web": _redirects,
}
"""By the name that the documentation has; made when needed, for some are large."""

PRIVATE_HOSTS: Final = (
    # IPv4: private, shared, loopback, link-local, protocol assignments, documentation, benchmarking
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "127.0.0.2", "127.255.255.254",
    "169.254.0.1", "192.0.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "198.18.0.1", "198.19.9.9",
    # multicast, reserved, broadcast, unspecified
    "224.0.0.1", "233.252.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "0.0.0.0", "0.1.2.3",
    # metadata services of clouds
    "169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "[fd00:ec2::254]",
    # IPv4 in other spellings
    "127.1", "127.0.1", "10.1", "0", "2130706433", "017700000001", "0x7f000001", "0x7f.1", "0177.0.0.1", "010.0.0.1",
    "127.0.0.0x1", "127.0.0.01", "10.0.0.1.", "\uff11\uff10.0.0.1", "127\u30020\u30020\u30022", "\u2469.0.0.1",
    "127.0.0.1%2f", "127.0.0.1%00.example", "256.256.256.256",
    # IPv6: unspecified, loopback, link-local, site-local, unique local, multicast, discard-only, documentation
    "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[fe80::1]", "[fe80::1%25lo]", "[fec0::1]", "[fc00::1]", "[fd12:3456::1]",
    "[ff02::1]", "[ff05::1:3]", "[100::1]", "[2001:db8::1]", "[3fff::1]", "[2001:2::1]", "[4000::1]",
    # IPv4 inside IPv6: mapped, translated, compatible, NAT64, 6to4, Teredo, ISATAP
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]", "[::ffff:0:7f00:1]",
    "[::7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]", "[2002:a00:1::1]", "[2001:0:101:101::80ff:fffe]", "[2001:470:1:2:0:5efe:7f00:1]",
    "[2001:470:1:2:200:5efe:a00:1]",
)  # fmt: skip
"""Hosts that a deployment which allows public addresses, and 127.0.0.1 as it is written here, must not reach."""

REFUSALS: Final = (
    "is not public", "none that can be connected to", "a cloud's metadata service", "as four decimal numbers",
    "is not a host name", "is not an address", "must not have a zone",
)  # fmt: skip
