"""HTML made harmless, and made plain. Pure.

nh3 parses as browsers do and writes anew what is allowed. Its time grows with the square of the depth of the tree
(1.3 s for 20,000 levels, 35 s for 100,000), so what is nested beyond reason is made plain instead.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from typing import Final
from urllib.parse import urljoin, urlsplit

import nh3

DEPTH: Final = 256
"""Levels of elements. Deeper than any article; browsers flatten at 512."""

CHARACTERS: Final = 256 * 1024
"""Of one entry's HTML that are looked at."""

SCHEMES: Final = frozenset(("http", "https", "mailto", "xmpp", "irc", "ircs", "tel", "magnet", "geo"))
"""What links and sources may begin with; scripts and local files are none of it."""

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)")
_ANY_TAG: Final = re.compile(r"<[^<>]*>")
_BLOCK: Final = re.compile(
    r"<(?:/?(?:p|div|li|ul|ol|tr|table|h[1-6]|blockquote|pre|section|article)|br)(?=[\s/>])", re.IGNORECASE
)
_SPACES: Final = re.compile(r"[^\S\n]+")
_LINES: Final = re.compile(r"\s*\n\s*")
_LOOKS: Final = re.compile(
    r"<(?:/[a-zA-Z]|[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]*)?/?>)|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]+\d*);"
)

# Elements without an end, and those that end where the next begins.
_FLAT: Final = frozenset(
    (
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
        "p", "li", "dt", "dd", "tr", "td", "th", "option",
    )
)  # fmt: skip


def looks_like_html(text: str) -> bool:
    """Whether a text that does not say what it is holds a tag or a character reference."""
    return _LOOKS.search(text) is not None


def sanitised(markup: str, base: str) -> str:
    """``markup`` without anything that runs, tracks by form or frame, or looks as the page around it wants not.

    Relative URLs are made absolute by ``base``.
    """
    markup = markup[:CHARACTERS]
    if _too_deep(markup):
        return html.escape(_without_tags(markup), quote=False)
    return _cleaner(base).clean(markup).strip()


def plain(markup: str) -> str:
    """The text of ``markup``, on lines of its own where blocks are."""
    markup = _BLOCK.sub(r"\n\g<0>", markup[:CHARACTERS])
    if not _too_deep(markup):
        markup = nh3.clean(markup, tags=set())
    return tidy(html.unescape(_without_tags(markup)))


def tidy(text: str) -> str:
    """Without superfluous white space."""
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def absolute(url: str, base: str) -> str:
    """``url`` made absolute; empty when it is none that may be followed."""
    try:
        joined = urljoin(base, url.strip())
        return joined if urlsplit(joined).scheme in SCHEMES else ""
    except ValueError:
        return ""


def _cleaner(base: str) -> nh3.Cleaner:
    if urlsplit(base).scheme not in ("http", "https"):
        return nh3.Cleaner(url_schemes=set(SCHEMES), url_relative="deny")
    return nh3.Cleaner(url_schemes=set(SCHEMES), url_relative=("rewrite_with_base", base))


def _too_deep(markup: str) -> bool:
    """Counted by name, so that an end without a beginning takes nothing back."""
    open_: Counter[str] = Counter()
    depth = 0
    for found in _TAG.finditer(markup):
        end, name = found[1], found[2].lower()
        if name in _FLAT:
            continue
        if not end:
            open_[name] += 1
            depth += 1
            if depth > DEPTH:
                return True
        elif open_[name]:
            open_[name] -= 1
            depth -= 1
    return False


def _without_tags(markup: str) -> str:
    return _ANY_TAG.sub("", markup)
