"""The pages of the documentation, taken apart: code blocks, links, headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATTERNS = (
    *("*.md", "docs/**/*.md", "translators/*.md", "clients/**/*.md"),
    *("deploy/**/*.md", "examples/**/*.md"),
)
PAGES = sorted(page for pattern in PATTERNS for page in ROOT.glob(pattern))

_FENCE = re.compile(r"^```(\S*)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`[^`\n]+`")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A code block; ``name`` is the word after its language, by which tests find it."""

    page: Path
    line: int
    language: str
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path, language: str | None = None) -> Iterator[Block]:
    """The code blocks of a page, all or those in one language."""
    text = page.read_text()
    for found in _FENCE.finditer(text):
        if language is None or found[1] == language:
            yield Block(page, text.count("\n", 0, found.start()) + 1, found[1], found[2] or "", found[3])


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return _FENCE.sub("", page.read_text())


def links(page: Path) -> list[str]:
    """Where the links and pictures of a page lead to."""
    return [found[1] for found in _LINK.finditer(_CODE.sub("", prose(page)))]


@cache
def anchors(page: Path) -> set[str]:
    """What links to a page may name after the ``#``, as code hosting sites and the website's tool both make them.

    These differ where a heading has a hyphen or underscore between spaces; such a heading has none that is sure.
    """
    made: set[str] = set()
    for heading in _HEADING.findall(prose(page)):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        kept = re.sub(r"[^\w\s-]", "", shown)
        if (here := kept.replace(" ", "-")) == re.sub(r"[-\s]+", "-", kept):
            made.add(here)
    return made
