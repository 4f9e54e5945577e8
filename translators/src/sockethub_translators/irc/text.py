"""Text that fits into lines: splitting by byte budget, and CTCP framing.

Splitting loses nothing: the chunks joined give the text back. It cuts after a space where one is near enough, else
between graphemes, and inside one only when it alone is larger than the budget; never inside a character.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

__all__ = ["CTCP", "MIN_BUDGET", "graphemes", "split_lines", "split_text"]

CTCP: Final = "\x01"
MIN_BUDGET: Final = 4
"""Bytes of the longest UTF-8 character: with less, no split is possible."""

_ZWJ: Final = "\u200d"
_EXTENDING: Final = frozenset({"Mn", "Me", "Mc"})


def split_lines(text: str) -> list[str]:
    """The lines of a text that are not empty: IRC cannot send an empty one. CR LF, LF and CR all end a line."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return [line for line in text.split("\n") if line] if "\n" in text else ([text] if text else [])


def split_text(text: str, budget: int) -> list[str]:
    """Cut a text into chunks of at most ``budget`` bytes of UTF-8; joined they are the text. ``""`` has no chunks.

    Raises ValueError when ``budget`` is below :data:`MIN_BUDGET`.
    """
    if budget < MIN_BUDGET:
        raise ValueError(f"a budget of {budget} bytes cannot hold every character")
    if len(text) * 4 <= budget or _size(text) <= budget:
        return [text] if text else []
    chunks: list[str] = []
    chunk: list[str] = []
    used = 0
    for unit in _units(text, budget):
        size = _size(unit)
        if used + size > budget:
            chunk, used = _break(chunk, chunks)
            if used + size > budget:
                chunks.append("".join(chunk))
                chunk, used = [], 0
        chunk.append(unit)
        used += size
    chunks.append("".join(chunk))
    return chunks


def graphemes(text: str) -> Iterator[str]:
    """User-perceived characters, by the rules of UAX #29 that matter in chat.

    Combining marks, variation selectors, ZWJ sequences, emoji modifiers and tags, flags (pairs of regional indicators)
    and Hangul syllables written in jamo stay together.
    """
    if text.isascii():
        yield from text
        return
    start = 0
    flags = 0
    for i in range(1, len(text)):
        previous, char = text[i - 1], text[i]
        flags = flags + 1 if _is_flag(previous) else 0
        if char < "\u0300" or not _joins(previous, char, flags):
            yield text[start:i]
            start, flags = i, 0
    if text:
        yield text[start:]


def _break(chunk: list[str], chunks: list[str]) -> tuple[list[str], int]:
    """Close a full chunk after its last space, unless that leaves it less than half full; return what is carried on."""
    for i in range(len(chunk) - 1, len(chunk) // 2, -1):
        if chunk[i] == " ":
            chunks.append("".join(chunk[: i + 1]))
            rest = chunk[i + 1 :]
            return rest, sum(map(_size, rest))
    if chunk:
        chunks.append("".join(chunk))
    return [], 0


def _units(text: str, budget: int) -> Iterator[str]:
    for unit in graphemes(text):
        if _size(unit) <= budget:
            yield unit
        else:
            yield from unit


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _joins(previous: str, char: str, flags: int) -> bool:
    if char == _ZWJ or previous == _ZWJ or unicodedata.category(char) in _EXTENDING:
        return True
    if "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f":
        return True
    if _is_flag(char):
        return flags % 2 == 1
    return _hangul(previous, char)


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _hangul(previous: str, char: str) -> bool:
    lead = "\u1100" <= previous <= "\u115f"
    syllable = "\uac00" <= previous <= "\ud7a3"
    if "\u1160" <= char <= "\u11a7":  # a vowel after a lead, a vowel or a syllable without a tail
        return lead or "\u1160" <= previous <= "\u11a7" or (syllable and (ord(previous) - 0xAC00) % 28 == 0)
    if "\u11a8" <= char <= "\u11ff":  # a tail after a vowel, a tail or a syllable
        return "\u1160" <= previous <= "\u11ff" or syllable
    return lead and ("\u1100" <= char <= "\u115f" or "\uac00" <= char <= "\ud7a3")
