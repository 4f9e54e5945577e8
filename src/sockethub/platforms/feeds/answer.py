"""From a feed to the activity that answers a ``fetch``. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from sockethub.platforms.feeds import dates, markup
from sockethub.platforms.feeds.model import Author, Entry, Feed, Media
from sockethub.web.members import TEXT_CHARACTERS, cut, present

CONTEXT: Final = "feeds"

NOTE_CHARACTERS: Final = 256
"""Longer content makes an ``article``, as existing clients know it."""

CONTENT_CHARACTERS: Final = 64 * 1024
"""Of one post; what is longer is told by its ``brief`` and found at its ``url``."""

ANSWER_CHARACTERS: Final = 1024 * 1024
"""Of JSON, of one answer; of a longer feed the newest posts are given that fit."""

_OLDEST: Final = datetime.min.replace(tzinfo=UTC)


def collection(feed: Feed, url: str, *, since: datetime | None, limit: int) -> dict[str, Any]:
    """The newest ``limit`` posts of ``feed``, newest first; with ``since``, those that are newer, or updated since.

    Posts without a date come last, and always: nobody knows whether they are new.
    """
    actor = _actor(feed, url)
    entries = sorted(feed.entries, key=_moment, reverse=True)
    if since is not None:
        entries = [entry for entry in entries if _changed(entry) is None or (_changed(entry) or _OLDEST) > since]
    items = list(_fitting(_post(entry, actor, url) for entry in entries[:limit]))
    return {
        "context": CONTEXT,
        "type": "collection",
        "actor": {"id": url, "type": "feed", "name": actor["name"]},
        "summary": actor["name"],
        "totalItems": len(items),
        "items": items,
    }


def _fitting(posts: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    left = ANSWER_CHARACTERS
    for post in posts:
        left -= len(json.dumps(post))
        if left < 0:
            return
        yield post


def _actor(feed: Feed, url: str) -> dict[str, Any]:
    return {
        "id": url,
        "type": "feed",
        "name": cut(feed.title) or cut(url),
        **present(
            description=cut(feed.description),
            image=_cut_url(feed.image),
            link=_cut_url(feed.link),
            language=cut(feed.language),
            author=cut(", ".join(filter(None, (author.name or author.email for author in feed.authors)))),
            updated=dates.write(feed.updated) if feed.updated else "",
        ),
        "categories": list(map(cut, feed.categories)),
    }


def _post(entry: Entry, actor: dict[str, Any], url: str) -> dict[str, Any]:
    moment = entry.published or entry.updated
    content, html, brief = _content(entry)
    made: dict[str, Any] = {
        "id": identity(entry, url),
        "type": "article" if len(content) > NOTE_CHARACTERS else "note",
        "title": cut(entry.title),
        "content": content,
        "contentType": "html" if html else "text",
        **present(
            brief=brief,
            url=_cut_url(entry.url),
            image=_cut_url(entry.image),
            language=cut(entry.language),
            published=dates.write(moment) if moment else "",
            updated=dates.write(entry.updated) if entry.updated else "",
            authors=[_author(author) for author in entry.authors],
            categories=list(map(cut, entry.categories)),
            media=[_media(media) for media in entry.media if _cut_url(media.url)],
        ),
    }
    if moment:
        made["datenum"] = dates.milliseconds(moment)
    return {"context": CONTEXT, "type": "post", "actor": actor, "object": made}


def _content(entry: Entry) -> tuple[str, bool, str]:
    if len(entry.content) <= CONTENT_CHARACTERS:
        return entry.content, entry.html, entry.brief[:CONTENT_CHARACTERS]
    # HTML cannot be cut anywhere: its text can.
    text = markup.plain(entry.content) if entry.html else entry.content
    return text[: CONTENT_CHARACTERS - 1] + "…", False, entry.brief[:CONTENT_CHARACTERS]


def identity(entry: Entry, url: str) -> str:
    """An id that stays: the feed's own, the link, or a fingerprint of what the entry says."""
    if entry.id or entry.url:
        return cut(entry.id or entry.url)
    said = "\0".join((entry.title, entry.content, dates.write(entry.published) if entry.published else ""))
    return f"{cut(url)}#sha256-{hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _author(author: Author) -> dict[str, Any]:
    return {"type": "person", **present(name=cut(author.name), url=_cut_url(author.url), email=cut(author.email))}


def _media(media: Media) -> dict[str, Any]:
    return {
        "url": media.url,
        **present(
            mediaType=cut(media.type),
            title=cut(media.title),
            size=media.size,
            duration=media.seconds,
            width=media.width,
            height=media.height,
        ),
    }


def _moment(entry: Entry) -> datetime:
    return entry.published or entry.updated or _OLDEST


def _changed(entry: Entry) -> datetime | None:
    return max(filter(None, (entry.published, entry.updated)), default=None)


def _cut_url(url: str) -> str:
    return url if len(url) <= TEXT_CHARACTERS else ""
