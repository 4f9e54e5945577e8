"""The characters of a document whose encoding is said in several places, or nowhere. Pure."""

from __future__ import annotations

import codecs
import re
from typing import Final

FALLBACK: Final = "windows-1252"
"""What the web means by bytes that are not UTF-8 (WHATWG Encoding; it is also what it means by ISO-8859-1)."""

_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_LATIN: Final = frozenset(("ascii", "iso8859-1"))
_TEXT: Final = frozenset(("utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs"))
"""Codecs of Python that are no encodings of the web; WHATWG Encoding §4.3 forbids UTF-7."""


def charset_of(content_type: str) -> str | None:
    """The ``charset`` parameter of a ``Content-Type`` (RFC 9110 §8.3.2)."""
    found = _CHARSET.search(content_type)
    return found[1] if found else None


def decode(data: bytes, *candidates: str | None) -> tuple[str, str]:
    """The text, and the name of the encoding it was in.

    A byte order mark decides; then the first of ``candidates`` that can read it all, UTF-8, and Windows-1252, which
    reads anything. A last character that is cut in two is dropped.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace"), encoding
    for candidate in candidates:
        known = _known(candidate)
        if known is not None and (text := _read(data, known)) is not None:
            return text, known
    text = _read(data, "utf-8")
    return (text, "utf-8") if text is not None else (data.decode(FALLBACK, "replace"), FALLBACK)


def _known(name: str | None) -> str | None:
    """The name of an encoding, as the web means it; None when there is none of that name."""
    if not name:
        return None
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    # bytes-to-bytes codecs (zlib, base64) must not be reached by a document's own word.
    if not found._is_text_encoding or found.name.replace("-", "_") in {t.replace("-", "_") for t in _TEXT}:
        return None
    return FALLBACK if found.name in _LATIN else found.name


def _read(data: bytes, encoding: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data)
    except (UnicodeError, LookupError):
        return None
