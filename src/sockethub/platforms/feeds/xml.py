"""RSS and Atom, through feedparser: it knows every version, every extension and most mistakes. Pure.

feedparser is given a stream of UTF-8 (never a string, which it may take for a URL or a file), and neither its sanitiser
nor its rewriting of URLs is used: :mod:`.markup` does both.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import feedparser

from sockethub.errors import PlatformError
from sockethub.platforms.feeds import dates, markup
from sockethub.platforms.feeds.model import Author, Entry, Feed, Media

LISTED: Final = 32
"""Authors, categories, attachments of one entry that are passed on."""

_STUMBLES: Final = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What feedparser's second parser raises over nonsense; it has no errors of its own."""

_MAILBOX: Final = re.compile(r"([^\s()<>]+@[^\s()<>]+)(?:\s+\(([^()]*)\))?")
"""RSS 2.0's way to name an author; feedparser cuts domains whose last label is long."""

Parsed = dict[str, Any]


def read(text: str, url: str) -> Feed:
    """``text`` is screened XML, ``url`` what relative URLs are relative to.

    Raises :class:`~sockethub.errors.PlatformError`, condition ``not-a-feed``.
    """
    parsed = _parsed(text, {"content-type": "application/xml; charset=utf-8", "content-location": url})
    if not parsed.get("version") and not parsed.get("entries"):
        raise PlatformError(f"this is not a feed{_place(parsed.get('bozo_exception'))}", condition="not-a-feed")
    about: Parsed = parsed.get("feed", {})
    return Feed(
        title=_plain(about, "title"),
        description=_plain(about, "subtitle"),
        link=_url(about.get("link"), url),
        image=_picture(about, url),
        language=_text(about.get("language")),
        authors=_authors(about),
        categories=_categories(about),
        updated=_moment(about, "updated_parsed") or _moment(about, "published_parsed"),
        entries=tuple(_entry(each, url) for each in parsed.get("entries", ())),
    )


def _parsed(text: str, headers: dict[str, str]) -> Parsed:
    stream = io.BytesIO(text.encode("utf-8", "replace"))
    try:
        found: Parsed = feedparser.parse(
            stream, response_headers=headers, resolve_relative_uris=False, sanitize_html=False
        )
    except _STUMBLES:
        raise PlatformError("this is not a feed that can be read", condition="not-a-feed") from None
    return found


def _entry(entry: Parsed, url: str) -> Entry:
    content, html = _content(entry, url)
    # feedparser gives the content as the summary where there is none.
    brief = _plain(entry, "summary") if entry.get("content") else ""
    return Entry(
        id=_text(entry.get("id")),
        url=_url(entry.get("link"), url) or _permalink(entry),
        title=_plain(entry, "title"),
        content=content,
        html=html,
        brief="" if brief == (markup.plain(content) if html else content) else brief,
        published=_moment(entry, "published_parsed") or _moment(entry, "created_parsed"),
        updated=_moment(entry, "updated_parsed"),
        authors=_authors(entry),
        categories=_categories(entry),
        media=tuple(_media(entry, url)),
        image=_thumbnail(entry, url) or _picture(entry, url),
        language=_text(entry.get("language")),
    )


def _content(entry: Parsed, url: str) -> tuple[str, bool]:
    """The fullest text, and whether it is HTML: RSS does not say, and what holds no markup is the same either way."""
    found = [each for each in entry.get("content", ()) if _text(each.get("value"))]
    best = next((each for each in found if "html" in each.get("type", "")), found[0] if found else None)
    detail: Parsed = best or entry.get("summary_detail") or {}
    value = _text(detail.get("value"))
    kind = detail.get("type", "")
    if "xhtml" in kind:
        # feedparser writes <br></br>, which is two breaks in HTML.
        value = value.replace("</br>", "")
    if ("html" in kind or not best) and markup.looks_like_html(value):
        return markup.sanitised(value, detail.get("base") or url), True
    return value, False


def _plain(parent: Parsed, name: str) -> str:
    """A member that is text, whether it is written as HTML or not."""
    value = _text(parent.get(name))
    kind = (parent.get(f"{name}_detail") or {}).get("type", "text/html")
    return markup.plain(value) if "html" in kind else markup.tidy(value)


def _authors(parent: Parsed) -> tuple[Author, ...]:
    found = parent.get("authors") or [parent.get("author_detail") or {"name": parent.get("author")}]
    if len(found) == 1 and (mailbox := _MAILBOX.fullmatch(_text(parent.get("author")))):
        return (Author(name=_text(mailbox[2]), email=mailbox[1]),)
    authors = (
        Author(_text(each.get("name")), markup.absolute(_text(each.get("href")), ""), _text(each.get("email")))
        for each in found[:LISTED]
    )
    return tuple(dict.fromkeys(author for author in authors if author != Author()))


def _categories(parent: Parsed) -> tuple[str, ...]:
    found = (_text(each.get("label")) or _text(each.get("term")) for each in parent.get("tags", ())[:LISTED])
    return tuple(dict.fromkeys(category for category in found if category))


def _media(entry: Parsed, url: str) -> Iterator[Media]:
    seen: set[str] = set()
    for each in (*entry.get("enclosures", ()), *entry.get("media_content", ())):
        address = _url(each.get("href") or each.get("url"), url)
        if not address or address in seen or len(seen) >= LISTED:
            continue
        seen.add(address)
        yield Media(
            address,
            _text(each.get("type")) or _text(each.get("medium")),
            _text(each.get("title")),
            _number(each.get("length") or each.get("filesize")),
            _seconds(each.get("duration") or (entry.get("itunes_duration") if len(seen) == 1 else None)),
            _number(each.get("width")),
            _number(each.get("height")),
        )


def _thumbnail(entry: Parsed, url: str) -> str:
    return _first(_url(each.get("url"), url) for each in entry.get("media_thumbnail", ()))


def _picture(about: Parsed, url: str) -> str:
    image = about.get("image")
    href = image.get("href") if isinstance(image, Mapping) else None
    return _first(_url(each, url) for each in (href, about.get("logo"), about.get("icon")))


def _permalink(entry: Parsed) -> str:
    """A guid is a link unless it says otherwise (RSS 2.0)."""
    identifier = _text(entry.get("id"))
    return identifier if identifier.startswith(("http://", "https://")) else ""


def _first(found: Iterable[str]) -> str:
    return next((each for each in found if each), "")


def _url(value: Any, base: str) -> str:
    text = _text(value)
    return markup.absolute(text, base) if text else ""


def _moment(parent: Parsed, name: str) -> datetime | None:
    # Not parent.get: feedparser's answers for what is missing with something else.
    found = dates.from_struct(dict.get(parent, name))
    return found or dates.from_header(_text(dict.get(parent, name.removesuffix("_parsed"))))


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _number(value: Any) -> int:
    text = _text(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _seconds(value: Any) -> int:
    """``3600``, ``60:00`` or ``1:00:00`` (Podcast RSS), ``12.5`` (Media RSS)."""
    parts = _text(value).partition(".")[0].split(":")
    if not 1 <= len(parts) <= 3 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        return 0
    total = 0
    for part in parts:
        total = total * 60 + int(part)
    return total


def _place(problem: Any) -> str:
    """Where XML ends to be XML; the words are the parser's."""
    line = getattr(problem, "getLineNumber", None)
    return f" (XML error in line {line()})" if line else ""
