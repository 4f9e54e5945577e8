"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from sockethub.errors import PlatformError
from sockethub.platforms.feeds import dates, markup
from sockethub.platforms.feeds.model import Author, Entry, Feed, Media

VERSION: Final = "https://jsonfeed.org/version/"
LISTED: Final = 32
"""Authors, tags, attachments of one item that are passed on."""

Member = Mapping[str, Any]


def read(text: str, url: str) -> Feed:
    """Relative URLs begin at ``url``. Raises :class:`~sockethub.errors.PlatformError` (``not-a-feed``)."""
    try:
        found = orjson.loads(text)  # refuses what is nested deeper than it can bear
    except orjson.JSONDecodeError:
        raise PlatformError("this is neither XML nor JSON", condition="not-a-feed") from None
    version = _text(found, "version") if isinstance(found, dict) else ""
    if not version.replace("http://", "https://").startswith(VERSION):
        raise PlatformError("this is JSON, but not a JSON Feed", condition="not-a-feed")
    base = _url(found, "feed_url", url) or url
    language = _text(found, "language")
    authors = _authors(found)
    return Feed(
        title=markup.tidy(_text(found, "title")),
        description=markup.tidy(_text(found, "description")),
        link=_url(found, "home_page_url", base),
        image=_url(found, "icon", base) or _url(found, "favicon", base),
        language=language,
        authors=authors,
        entries=tuple(_entry(item, base) for item in _objects(found, "items")),
    )


def _entry(item: Member, base: str) -> Entry:
    html, text = _text(item, "content_html"), _text(item, "content_text")
    url = _url(item, "url", base) or _url(item, "external_url", base)
    return Entry(
        id=_identifier(item),
        url=url,
        title=markup.tidy(_text(item, "title")),
        content=markup.sanitised(html, url or base) if html else text,
        html=bool(html),
        brief=markup.tidy(_text(item, "summary")),
        published=dates.read(_text(item, "date_published")),
        updated=dates.read(_text(item, "date_modified")),
        authors=_authors(item),
        categories=tuple(dict.fromkeys(tag for tag in _list(item, "tags") if isinstance(tag, str) and tag)),
        media=tuple(_media(each, base) for each in _objects(item, "attachments") if _url(each, "url", base))[:LISTED],
        image=_url(item, "image", base) or _url(item, "banner_image", base),
        language=_text(item, "language"),
    )


def _identifier(item: Member) -> str:
    """Numbers become text, as the specification says."""
    found = item.get("id")
    return str(found) if isinstance(found, (int, float)) and not isinstance(found, bool) else _text(item, "id")


def _authors(parent: Member) -> tuple[Author, ...]:
    found = _objects(parent, "authors")
    single = parent.get("author")  # version 1.0
    if not found and isinstance(single, dict):
        found = [single]
    authors = (Author(_text(each, "name"), _url(each, "url", "")) for each in found)
    return tuple(dict.fromkeys(author for author in authors if author != Author()))


def _media(each: Member, base: str) -> Media:
    return Media(
        _url(each, "url", base),
        _text(each, "mime_type"),
        _text(each, "title"),
        _number(each, "size_in_bytes"),
        _number(each, "duration_in_seconds"),
    )


def _objects(parent: Member, name: str) -> list[Member]:
    found: list[Member] = [each for each in _list(parent, name, limit=None) if isinstance(each, dict)]
    return found if name == "items" else found[:LISTED]


def _list(parent: Member, name: str, *, limit: int | None = LISTED) -> list[Any]:
    found = parent.get(name)
    return found[:limit] if isinstance(found, list) else []


def _url(parent: Member, name: str, base: str) -> str:
    text = _text(parent, name)
    return markup.absolute(text, base) if text else ""


def _text(parent: Member, name: str) -> str:
    found = parent.get(name)
    return found.strip() if isinstance(found, str) else ""


def _number(parent: Member, name: str) -> int:
    found = parent.get(name)
    return int(found) if isinstance(found, (int, float)) and 0 <= found < 1e15 else 0
