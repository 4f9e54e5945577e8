"""What the tags of a page say: Open Graph (https://ogp.me), Twitter cards, JSON-LD, links, and plain HTML. Pure.

Of several answers to one question the first of this order counts: Open Graph, Twitter, JSON-LD, HTML.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from sockethub.platforms.metadata import linked
from sockethub.platforms.metadata.tags import Tag, tags

MEDIA: Final = 16
"""Pictures, videos, sounds, feeds of one page that are passed on."""

CARD: Final = 32
"""Members of a Twitter card that are passed on."""

URL_CHARACTERS: Final = 2_048

_SPACES: Final = re.compile(r"\s+")
_SUFFIX: Final = re.compile(r"\.([a-z0-9]{2,5})$")
_OEMBED: Final = ("application/json+oembed", "text/xml+oembed", "application/xml+oembed")
_FEEDS: Final = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/json")
_ICONS: Final = ("icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon")
_MEDIA: Final = frozenset(("og:image", "og:video", "og:audio"))


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture, video or sound; ``width`` and ``height`` in pixels, 0 where nobody says."""

    url: str
    type: str = ""
    alt: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    type: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says about itself; empty where it says nothing. URLs are absolute."""

    url: str = ""
    title: str = ""
    name: str = ""
    description: str = ""
    language: str = ""
    favicon: str = ""
    kind: str = ""
    published: str = ""
    updated: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    images: tuple[Medium, ...] = ()
    videos: tuple[Medium, ...] = ()
    sounds: tuple[Medium, ...] = ()
    twitter: Mapping[str, str] = field(default_factory=dict)
    feeds: tuple[Link, ...] = ()
    oembed: tuple[Link, ...] = ()


@dataclass
class _Said:
    """What was found while going through the tags."""

    base: str
    metas: dict[str, list[str]] = field(default_factory=dict)
    media: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    links: list[Tag] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    title: str = ""
    language: str = ""
    based: bool = False
    drawing: bool = False

    def first(self, *names: str) -> str:
        return next((value for name in names for value in self.metas.get(name, ()) if value), "")

    def all(self, *names: str) -> list[str]:
        return [value for name in names for value in self.metas.get(name, ()) if value]

    def url(self, text: str) -> str:
        return _absolute(text, self.base) if text else ""


def read(text: str, url: str) -> Page:
    """What the page ``text``, found at ``url``, says."""
    said = _said(text, url)
    nodes = linked.nodes(said.scripts)
    page, site = linked.the_page(nodes), linked.the_site(nodes)
    pictures = _media(said, "og:image") or _plain(said, said.all("twitter:image", "twitter:image:src"))
    return Page(
        url=said.url(said.first("og:url")) or _canonical(said) or url,
        title=said.first("og:title", "twitter:title") or linked.text(page, "headline", "name") or said.title,
        name=said.first("og:site_name", "application-name") or linked.text(site, "name"),
        description=said.first("og:description", "twitter:description")
        or linked.text(page, "description")
        or said.first("description"),
        language=said.language
        or said.first("og:locale", "content-language").replace("_", "-")
        or linked.text(page, "inLanguage"),
        favicon=_favicon(said, url),
        kind=said.first("og:type") or linked.kind(page),
        published=said.first("article:published_time", "og:published_time") or linked.text(page, "datePublished"),
        updated=said.first("article:modified_time", "og:updated_time") or linked.text(page, "dateModified"),
        authors=_names(said.all("author", "article:author", "twitter:creator"), linked.texts(page, "author")),
        categories=_names(said.all("article:tag", "article:section"), _keywords(said), linked.texts(page, "keywords")),
        images=pictures or _described(said, linked.images(page)),
        videos=_media(said, "og:video"),
        sounds=_media(said, "og:audio"),
        twitter=_card(said),
        feeds=tuple(_links(said, "alternate", _FEEDS))[:MEDIA],
        oembed=tuple(_links(said, "alternate", _OEMBED))[:4],
    )


def _said(text: str, url: str) -> _Said:
    said = _Said(url)
    for tag in tags(text):
        match tag.name:
            case "meta":
                _meta(said, tag)
            case "link":
                said.links.append(tag)
            case "html" if not said.language:
                said.language = tag["lang"] or tag["xml:lang"]
            case "base" if tag["href"] and not said.based:
                said.base, said.based = _absolute(tag["href"], url) or url, True
            case "title" if not said.title and not said.drawing:
                said.title = _SPACES.sub(" ", html.unescape(tag.text)).strip()
            case "svg":
                said.drawing = True  # titles of drawings are not the page's
            case "script" if tag["type"].lower().partition(";")[0] == "application/ld+json":
                said.scripts.append(tag.text)
    return said


def _meta(said: _Said, tag: Tag) -> None:
    content = _SPACES.sub(" ", tag["content"]).strip()
    names = (tag["property"] or tag["name"] or tag["itemprop"] or tag["http-equiv"]).lower().split()
    for name in names[:4]:
        said.metas.setdefault(name, []).append(content)
        root, _, member = name.partition(":")[2].partition(":")
        if f"og:{root}" in _MEDIA and name.startswith("og:"):
            _structured(said.media.setdefault(f"og:{root}", []), member, content)


def _structured(found: list[dict[str, str]], member: str, content: str) -> None:
    """A root tag begins a new thing, its members describe the last one (https://ogp.me/#structured)."""
    if member in ("", "url"):
        if member == "url" and found and found[-1].get("url") in (None, content):
            found[-1]["url"] = content
        else:
            found.append({"url": content})
    elif found:
        found[-1].setdefault(member, content)


def _media(said: _Said, name: str) -> tuple[Medium, ...]:
    found = said.media.get(name, ())
    return _described(said, ({**each, "url": each.get("secure_url") or each["url"]} for each in found))


def _plain(said: _Said, urls: Iterable[str]) -> tuple[Medium, ...]:
    alt = said.first("twitter:image:alt")
    return _described(said, ({"url": url, "alt": alt} for url in urls))


def _described(said: _Said, found: Iterable[Mapping[str, Any]]) -> tuple[Medium, ...]:
    media: dict[str, Medium] = {}
    for each in found:
        url = said.url(each["url"])
        if url and url not in media:
            kind = each.get("type") or _suffix(url)
            media[url] = Medium(
                url, kind, each.get("alt") or "", _pixels(each.get("width")), _pixels(each.get("height"))
            )
    return tuple(media.values())[:MEDIA]


def _card(said: _Said) -> dict[str, str]:
    members = {
        name.removeprefix("twitter:"): values[0] for name, values in said.metas.items() if "twitter:" in name[:8]
    }
    return {name: value for name, value in list(members.items())[:CARD] if name and value}


def _canonical(said: _Said) -> str:
    return next((said.url(tag["href"]) for tag in said.links if "canonical" in _rels(tag)), "")


def _favicon(said: _Said, url: str) -> str:
    for rel in _ICONS:
        for tag in said.links:
            if rel in _rels(tag) and (found := said.url(tag["href"])):
                return found
    return urljoin(url, "/favicon.ico")


def _links(said: _Said, rel: str, kinds: tuple[str, ...]) -> Iterable[Link]:
    for tag in said.links:
        kind = tag["type"].lower().partition(";")[0].strip()
        if rel in _rels(tag) and kind in kinds and (url := said.url(tag["href"])):
            yield Link(url, kind, tag["title"])


def _rels(tag: Tag) -> list[str]:
    return tag["rel"].lower().split()


def _keywords(said: _Said) -> list[str]:
    return [word.strip() for word in said.first("keywords").split(",")]


def _names(*lists: Iterable[str]) -> tuple[str, ...]:
    """The first list that says something, without repetitions."""
    for each in lists:
        found = tuple(dict.fromkeys(name for name in each if name))
        if found:
            return found[: 2 * MEDIA]
    return ()


def _absolute(text: str, base: str) -> str:
    try:
        joined = urljoin(base, text.strip())
        known = urlsplit(joined).scheme in ("http", "https")
    except ValueError:
        return ""
    return joined if known and len(joined) <= URL_CHARACTERS else ""


def _suffix(url: str) -> str:
    found = _SUFFIX.search(urlsplit(url).path.lower())
    return found[1] if found else ""


def _pixels(value: Any) -> int:
    text = str(value).removesuffix("px").strip() if isinstance(value, (str, int)) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
