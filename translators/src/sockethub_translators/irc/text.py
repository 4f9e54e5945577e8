"""Text that fits into lines: splitting by byte budget, and CTCP framing.

Splitting loses nothing: the chunks joined give the text back. It cuts before a space where one is near enough, else
between graphemes, and inside one only when it alone is larger than the budget; never inside a character. No chunk but
the last ends with a space, because servers may trim it (ngIRCd does), unless it is nothing but spaces.
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
            cut = len(chunk) if unit == " " and chunk[-1] != " " else _cut(chunk)
            chunks.append("".join(chunk[:cut]))
            chunk = chunk[cut:]
            used = sum(map(_size, chunk))
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


def _cut(chunk: list[str]) -> int:
    """Where to end a full chunk: before its last spaces, unless that leaves it less than half full."""
    for i in range(len(chunk) - 1, len(chunk) // 2, -1):
        if chunk[i] == " " and chunk[i - 1] != " ":
            return i
    end = len(chunk)
    while end and chunk[end - 1] == " ":
        end -= 1
    return end or len(chunk)


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
