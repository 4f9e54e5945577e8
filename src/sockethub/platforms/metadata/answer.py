"""From a page to the activity that answers a ``fetch``. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sockethub.platforms.metadata.page import Link, Medium, Page
from sockethub.web.members import cut, present
from sockethub_translators import times

CONTEXT: Final = "metadata"
AUTHORS: Final = 16


def described(page: Page, url: str, charset: str) -> dict[str, Any]:
    """The activity. ``actor.id`` stays what was asked for: a page may say of itself that it is another."""
    return {
        "context": CONTEXT,
        "type": "fetch",
        "actor": {"id": url, "type": "website", "name": cut(page.name or page.title or url)},
        "object": {
            "type": "page",
            **present(
                language=cut(page.language),
                title=cut(page.title),
                name=cut(page.name),
                description=cut(page.description),
                kind=cut(page.kind),
                published=_moment(page.published),
                updated=_moment(page.updated),
                authors=list(map(cut, page.authors[:AUTHORS])),
                categories=list(map(cut, page.categories)),
                image=_media(page.images),
                video=_media(page.videos),
                audio=_media(page.sounds),
                twitter={name[:64]: cut(value) for name, value in page.twitter.items()},
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
        {"url": each.url, **present(type=cut(each.type), alt=cut(each.alt), width=each.width, height=each.height)}
        for each in media
    ]


def _links(links: Iterable[Link]) -> list[dict[str, Any]]:
    return [{"url": each.url, **present(type=each.type, title=cut(each.title))} for each in links]


def _moment(text: str) -> str:
    """RFC 3339 in UTC; empty for what is no time."""
    return times.normal(text.strip()) or ""
