"""JSON-LD in a page (``<script type="application/ld+json">``, schema.org), as far as it describes the page. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

BLOCKS: Final = 16
"""Scripts of one page that are read."""

NODES: Final = 200
"""Things described in one page that are looked at."""

PAGES: Final = frozenset(
    (
        "Article", "NewsArticle", "BlogPosting", "TechArticle", "ScholarlyArticle", "Report", "SocialMediaPosting",
        "DiscussionForumPosting", "WebPage", "AboutPage", "ContactPage", "FAQPage", "ItemPage", "ProfilePage",
        "CollectionPage", "Product", "Recipe", "Event", "VideoObject", "AudioObject", "ImageObject", "Movie", "Book",
        "MusicRecording", "MusicAlbum", "PodcastEpisode", "PodcastSeries", "SoftwareApplication", "Course",
        "JobPosting", "Question", "QAPage", "LiveBlogPosting",
    )
)  # fmt: skip
"""What a page may be, by schema.org; other things (its breadcrumbs, its publisher) do not speak for the page."""

Node = Mapping[str, Any]


def nodes(blocks: list[str]) -> list[Node]:
    """What is described in ``blocks``, in order; ``@graph`` and lists are opened. What is no JSON is left out."""
    found: list[Node] = []
    for block in blocks[:BLOCKS]:
        try:
            value = orjson.loads(block.strip())
        except orjson.JSONDecodeError:
            continue
        for node in _opened(value):
            if len(found) >= NODES:
                return found
            found.append(node)
    return found


def _opened(value: Any) -> Iterator[Node]:
    if isinstance(value, list):
        for each in value:
            if isinstance(each, dict):
                yield from _opened(each)
    elif isinstance(value, dict):
        graph = value.get("@graph")
        if isinstance(graph, list):
            yield from (each for each in graph if isinstance(each, dict))
        if "@type" in value:
            yield value


def the_page(found: list[Node]) -> Node:
    """The node that speaks for the page; empty when there is none."""
    return next((node for node in found if kind(node) in PAGES), {})


def the_site(found: list[Node]) -> Node:
    return next((node for node in found if kind(node) == "WebSite"), {})


def kind(node: Node) -> str:
    """Its ``@type``; of several the first that a page may have."""
    value = node.get("@type")
    names = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]
    names = [name.rpartition("/")[2] for name in names]
    return next((name for name in names if name in PAGES), names[0] if names else "")


def text(node: Node, *names: str) -> str:
    """The first of these members that is text, or an object with a name."""
    for name in names:
        value = node.get(name)
        if isinstance(value, list):
            value = next(iter(value), None)
        if isinstance(value, dict):
            value = value.get("@value") or value.get("name")
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def texts(node: Node, name: str) -> list[str]:
    """All that a member says, one or several; a text with commas is several."""
    value = node.get(name)
    several = value if isinstance(value, list) else [value]
    named = (each.get("name") if isinstance(each, dict) else each for each in several)
    said = [each.strip() for each in named if isinstance(each, str) and each.strip()]
    return [part.strip() for part in said[0].split(",")] if len(said) == 1 and name == "keywords" else said


def images(node: Node) -> list[Mapping[str, Any]]:
    """``{"url", "width", "height"}`` of the pictures of a node."""
    value = node.get("image") or node.get("thumbnailUrl")
    found: list[Mapping[str, Any]] = []
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            found.append({"url": each})
        elif isinstance(each, dict):
            url = each.get("url") or each.get("contentUrl") or each.get("@id")
            if isinstance(url, str):
                found.append({"url": url, "width": each.get("width"), "height": each.get("height")})
    return found
