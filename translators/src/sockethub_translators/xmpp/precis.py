"""PRECIS (RFC 8264): the two profiles that JIDs are made of (RFC 8265), from :mod:`unicodedata` alone.

Deviations, all to the strict side: a zero-width non-joiner is taken only after a virama, since Python's tables have no
joining types (RFC 5892 A.1); scripts are told by the names of characters. The Unicode version is Python's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

__all__ = ["opaque_string", "username_case_mapped"]

_LETTER_DIGITS: Final = frozenset({"Ll", "Lu", "Lo", "Nd", "Lm", "Mn", "Mc"})
_FREE: Final = _LETTER_DIGITS | {"Lt", "Nl", "No", "Me", "Zs", "Sm", "Sc", "Sk", "So"}
_FREE_PUNCTUATION: Final = frozenset({"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"})
_VIRAMA: Final = 9

# RFC 5892 §2.6, the exceptions that PRECIS keeps (RFC 8264 §9.6).
_PVALID: Final = frozenset("\xdf\u03c2\u06fd\u06fe\u0f0b\u3007")
_DISALLOWED: Final = frozenset("\u0640\u07fa\u302e\u302f\u3031\u3032\u3033\u3034\u3035\u303b")
_ARABIC_INDIC: Final = frozenset(map(chr, range(0x660, 0x66A)))
_EXTENDED_ARABIC_INDIC: Final = frozenset(map(chr, range(0x6F0, 0x6FA)))
_OLD_JAMO: Final = (range(0x1100, 0x1200), range(0xA960, 0xA980), range(0xD7B0, 0xD800))
_IGNORABLE: Final = (range(0xFDD0, 0xFDF0), range(0xFE00, 0xFE10), range(0xE0000, 0xE1000), range(0x115F, 0x1161))
_IGNORABLE_ONE: Final = frozenset("\xad\u034f\u061c\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u3164\uffa0\ufeff")
MAX_PASSES: Final = 4
"""Applications until a string no longer changes; one that still does then is refused (RFC 8264 §7)."""


def _name_begins(char: str, *scripts: str) -> bool:
    return unicodedata.name(char, "").startswith(scripts)


def _in_context(text: str, at: int) -> bool | None:
    """Whether a character that depends on its neighbours may stand here (RFC 5892 A); None when it is not such."""
    char = text[at]
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if char in "\u200c\u200d":
        return before != "" and unicodedata.combining(before) == _VIRAMA
    if char == "\xb7":
        return before == "l" and after == "l"
    if char == "\u0375":
        return after != "" and _name_begins(after, "GREEK")
    if char in "\u05f3\u05f4":
        return before != "" and _name_begins(before, "HEBREW")
    if char == "\u30fb":
        return any(_name_begins(each, "HIRAGANA", "KATAKANA LETTER", "CJK UNIFIED") for each in text)
    if char in _ARABIC_INDIC:
        return not _EXTENDED_ARABIC_INDIC & set(text)
    if char in _EXTENDED_ARABIC_INDIC:
        return not _ARABIC_INDIC & set(text)
    return None


def _allowed(text: str, at: int, free: bool) -> bool:
    """Whether a character belongs to FreeformClass, or to IdentifierClass (RFC 8264 §8)."""
    char = text[at]
    code = ord(char)
    if char in _PVALID:
        return True
    if char in _DISALLOWED or char in _IGNORABLE_ONE:
        return False
    context = _in_context(text, at)
    if context is not None:
        return context
    if 0x21 <= code <= 0x7E:
        return True
    category = unicodedata.category(char)
    if any(code in each for each in (*_OLD_JAMO, *_IGNORABLE)) or category in (
        "Cc",
        "Cn",
        "Cs",
        "Co",
        "Cf",
        "Zl",
        "Zp",
    ):
        return False
    if free:
        return category in _FREE or category in _FREE_PUNCTUATION
    return category in _LETTER_DIGITS and unicodedata.normalize("NFKC", char) == char


def _direction_is_sound(text: str) -> bool:
    """The Bidi rule (RFC 5893 §2), for strings that have right-to-left characters."""
    kinds = [unicodedata.bidirectional(char) for char in text]
    if not {"R", "AL", "AN"} & set(kinds):
        return True
    ends = [kind for kind in kinds if kind != "NSM"]
    if kinds[0] in ("R", "AL"):
        allowed = {"R", "AL", "AN", "EN", "ES", "CS", "ET", "ON", "BN", "NSM"}
        return set(kinds) <= allowed and ends[-1] in ("R", "AL", "EN", "AN") and not {"EN", "AN"} <= set(kinds)
    return False


def _narrow(text: str) -> str:
    """Full- and half-width characters as their usual form (RFC 8265 §3.3.1)."""
    return "".join(
        unicodedata.normalize("NFKC", char)
        if unicodedata.decomposition(char).startswith(("<wide>", "<narrow>"))
        else char
        for char in text
    )


def _stable(apply: Callable[[str], str], text: str) -> str:
    for _ in range(MAX_PASSES):
        again = apply(text)
        if again == text:
            return text
        text = again
    raise ValueError("does not settle")


def _check(text: str, free: bool) -> None:
    for at in range(len(text)):
        if not _allowed(text, at, free):
            raise ValueError(f"U+{ord(text[at]):04X} is not allowed")


def username_case_mapped(text: str) -> str:
    """UsernameCaseMapped (RFC 8265 §3.3); raises ValueError. The empty string is for the caller to refuse."""
    prepared = _stable(lambda each: unicodedata.normalize("NFC", _narrow(each).lower()), text)
    _check(prepared, free=False)
    if prepared and not _direction_is_sound(prepared):
        raise ValueError("directions are mixed (RFC 5893)")
    return prepared


def opaque_string(text: str) -> str:
    """OpaqueString (RFC 8265 §4.2): spaces become plain ones, composed; raises ValueError."""

    def apply(each: str) -> str:
        spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in each)
        return unicodedata.normalize("NFC", spaced)

    prepared = _stable(apply, text)
    _check(prepared, free=True)
    return prepared
