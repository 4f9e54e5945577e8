"""The tags of a page that matter, in order and without a tree. Pure, and linear in the length of the page.

Trees are what hostile pages attack: a megabyte of nested elements keeps a browser's parser busy for more than a minute.
What a page says about itself stands in tags that hold no others, so that a tokenizer is enough (WHATWG HTML §13.2.5, as
far as it concerns tags, attributes, comments and raw text).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

TAGS: Final = 20_000
"""Tags of interest that are looked at; a page has some dozens."""

ATTRIBUTE_CHARACTERS: Final = 16 * 1024
"""Of one tag's attributes; more is nobody's description."""

WANTED: Final = frozenset(("html", "base", "meta", "link", "body", "svg"))
RAW: Final = frozenset(("script", "style", "title", "textarea", "noscript", "xmp", "iframe", "noembed", "noframes"))
"""Elements whose content is text up to their own end tag."""

_KEPT: Final = frozenset(("script", "title"))

# Possessive throughout: what does not match is found out in one pass.
_TAG: Final = re.compile(
    r"""<([a-zA-Z][^\s/>]*+) ((?: [^>"'=]++ | =\s*+ (?: "[^"]*+" | '[^']*+' )?+ | ["'] )*+) >""", re.VERBOSE
)
_ATTRIBUTE: Final = re.compile(
    r"""([^\s"'>/=]++) (?: \s*+ = \s*+ (?: "([^"]*+)" | '([^']*+)' | ([^\s"'>][^\s>]*+) ) )?+""", re.VERBOSE
)
_SKIPPED: Final = re.compile(r"<(?:!--|[!?/])")


@dataclass(frozen=True, slots=True)
class Tag:
    """A start tag: name and attributes in lower case, and the raw text within, where it has some."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")


def tags(page: str) -> Iterator[Tag]:
    """The tags that matter; what begins and does not end, ends the page."""
    at = 0
    left = TAGS
    while left and (at := page.find("<", at)) >= 0:
        if _SKIPPED.match(page, at):
            at = _after_other(page, at)
            if at < 0:
                return
            continue
        found = _TAG.match(page, at)
        if found is None:
            if not _begins_tag(page, at):
                at += 1
                continue
            return
        name = found[1].lower()
        at = found.end()
        text = ""
        if name in RAW:
            end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(page, at)
            stop = end.start() if end else len(page)
            text, at = page[at:stop] if name in _KEPT else "", stop
        if name in WANTED or name in _KEPT:
            left -= 1
            yield Tag(name, _attributes(found[2]), text)


def _begins_tag(page: str, at: int) -> bool:
    return page[at + 1 : at + 2].isascii() and page[at + 1 : at + 2].isalpha()


def _after_other(page: str, at: int) -> int:
    """Behind a comment, declaration or end tag; -1 when it does not end."""
    if page.startswith("<!--", at):
        if page.startswith(("<!-->", "<!--->"), at):
            return page.index(">", at) + 1
        end = page.find("-->", at + 4)
        return end + 3 if end >= 0 else -1
    end = page.find(">", at)
    return end + 1 if end >= 0 else -1


def _attributes(text: str) -> dict[str, str]:
    """The first of a name counts (§13.2.5.33)."""
    found: dict[str, str] = {}
    for one in _ATTRIBUTE.finditer(text[:ATTRIBUTE_CHARACTERS]):
        name = one[1].lower()
        if name not in found:
            found[name] = html.unescape(one[2] or one[3] or one[4] or "").strip()
    return found
