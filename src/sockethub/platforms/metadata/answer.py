"""From a page to the activity that answers a ``fetch``. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sockethub.platforms.metadata.page import Link, Medium, Page
from sockethub_translators import times

CONTEXT: Final = "metadata"
TEXT_CHARACTERS: Final = 2_048
AUTHORS: Final = 16


def described(page: Page, url: str, charset: str) -> dict[str, Any]:
    """The activity. ``actor.id`` stays what was asked for: a page may say of itself that it is another."""
    return {
        "context": CONTEXT,
        "type": "fetch",
        "actor": {"id": url, "type": "website", "name": _cut(page.name or page.title or url)},
        "object": {
            "type": "page",
            **_present(
                language=_cut(page.language),
                title=_cut(page.title),
                name=_cut(page.name),
                description=_cut(page.description),
                kind=_cut(page.kind),
                published=_moment(page.published),
                updated=_moment(page.updated),
                authors=list(map(_cut, page.authors[:AUTHORS])),
                categories=list(map(_cut, page.categories)),
                image=_media(page.images),
                video=_media(page.videos),
                audio=_media(page.sounds),
                twitter={name[:64]: _cut(value) for name, value in page.twitter.items()},
                feeds=_links(page.feeds),
                oembed=_links(page.oembed),
                favicon=page.favicon,
            ),
            "url": page.url,
            "charset": charset,
        },
    }


def _media(media: Iterable[Medium]) -> list[dict[str, Any]]:
    return [
        {"url": each.url, **_present(type=_cut(each.type), alt=_cut(each.alt), width=each.width, height=each.height)}
        for each in media
    ]


def _links(links: Iterable[Link]) -> list[dict[str, Any]]:
    return [{"url": each.url, **_present(type=each.type, title=_cut(each.title))} for each in links]


def _moment(text: str) -> str:
    """RFC 3339 in UTC; empty for what is no time."""
    return times.normal(text.strip()) or ""


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_CHARACTERS else text[: TEXT_CHARACTERS - 1] + "…"
