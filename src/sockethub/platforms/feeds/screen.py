"""XML that must not reach feedparser: what :mod:`sockethub.web.xml` refuses, and what takes too long to guess. Pure.

No feed declares entities; RSS 0.91 names a DTD, which is not read.
"""

from __future__ import annotations

import re
from typing import Final
from xml.parsers import expat

from sockethub.errors import PlatformError
from sockethub.web.xml import hostile, vet

FEED: Final = "the feed"

GUESSED_CHARACTERS: Final = 512 * 1024
"""Of a feed that is not well-formed: feedparser's second parser takes up to 10 s for a megabyte of nonsense."""

_DECLARATION: Final = re.compile(r"^\s*<\?xml[^>]*\?>")
_ENCODING: Final = re.compile(rb"^[\s\x00]*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_DOCTYPE: Final = re.compile(r"<!DOCTYPE\s[^\[>]*>", re.IGNORECASE)
_ENTITY: Final = re.compile(r"<!ENTITY", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"&#(?:x([0-9a-f]++)|([0-9]++));?", re.IGNORECASE)
_PROLOG_CHARACTERS: Final = 4_096
"""Where a document type may stand; further on it is somebody's text."""


def declared_encoding(data: bytes) -> str | None:
    """What the XML declaration says (XML 1.0 §4.3.3)."""
    found = _ENCODING.match(data[:1024])
    return found[1].decode("ascii") if found else None


def screened(text: str) -> str:
    """``text`` without XML declaration and document type, and known to be harmless.

    What is not well-formed passes, unless it is large: many feeds are not, and feedparser has a second parser for
    them, which expands nothing. Raises :class:`~sockethub.errors.PlatformError`: ``hostile``, ``not-a-feed``.
    """
    text = _DECLARATION.sub("", text, count=1)
    head = _DOCTYPE.sub("", text[:_PROLOG_CHARACTERS], count=1)
    text = head.lstrip("\ufeff \t\r\n") + text[_PROLOG_CHARACTERS:]
    try:
        vet(text, FEED)
    except expat.ExpatError as error:
        if _ENTITY.search(text):
            raise hostile(FEED, "declares entities") from None
        if len(text) > GUESSED_CHARACTERS:
            why = f"this is not well-formed XML (line {error.lineno}), and too large to guess what is meant"
            raise PlatformError(why, condition="not-a-feed") from None
        return _REFERENCE.sub(_character, text)
    return text


def _character(reference: re.Match[str]) -> str:
    """The reference, or U+FFFD for one to no character, which the second parser would stumble over."""
    digits, base = (reference[1], 16) if reference[1] else (reference[2], 10)
    number = int(digits, base) if len(digits) < 10 else 0
    known = 0 < number < 0xD800 or 0xDFFF < number <= 0x10FFFF
    return reference[0] if known else "\ufffd"
