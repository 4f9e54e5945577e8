"""Channel and user modes as lists of (sign, letter, argument), by PREFIX and CHANMODES.

Source: https://modern.ircdocs.horse/#mode-message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from .isupport import ISupport

__all__ = ["LETTER_OF_ROLE", "Mode", "highest", "parse_modes", "role_of", "write_modes"]

Mode: TypeAlias = tuple[str, str, str | None]

LETTER_OF_ROLE: Final = {"owner": "o", "admin": "h", "participant": "v"}
_ROLE_OF_LETTER: Final = {"q": "owner", "a": "owner", "o": "owner", "h": "admin", "v": "participant"}


def role_of(modes: str, isupport: ISupport) -> str:
    """The role of a member who has these prefix modes.

    A letter that is not a usual one (such as ``Y``) counts as owner where PREFIX ranks it above ``o``.
    """
    if not modes:
        return "member"
    letter = highest(modes, isupport)
    if letter in _ROLE_OF_LETTER:
        return _ROLE_OF_LETTER[letter]
    order = isupport.prefix_modes
    return "owner" if "o" in order and order.find(letter) < order.index("o") else "member"


def highest(modes: str, isupport: ISupport) -> str:
    """The prefix mode that ranks first; ``""`` when there is none."""
    for letter in isupport.prefix_modes:
        if letter in modes:
            return letter
    return modes[:1]


def parse_modes(words: Sequence[str], isupport: ISupport, *, user: bool = False) -> list[Mode] | None:
    """The changes that a mode string and its arguments make; None when they do not fit together."""
    if not words or words[0][:1] not in ("+", "-") or not words[0]:
        return None
    modes: list[Mode] = []
    arguments = iter(words[1:])
    sign = "+"
    for letter in words[0]:
        if letter in "+-":
            sign = letter
        elif user or not _takes_argument(sign, letter, isupport):
            modes.append((sign, letter, None))
        else:
            argument = next(arguments, None)
            if argument is None and letter not in isupport.list_modes + isupport.always_modes:
                return None
            modes.append((sign, letter, argument))
    return None if next(arguments, None) is not None or not modes else modes


def write_modes(modes: Iterable[Mode]) -> list[str]:
    """A mode string, each sign written once for the modes that share it, and the arguments."""
    text = ""
    last = ""
    arguments = []
    for sign, letter, argument in modes:
        text += letter if sign == last else sign + letter
        last = sign
        if argument is not None:
            arguments.append(argument)
    return [text, *arguments]


def _takes_argument(sign: str, letter: str, isupport: ISupport) -> bool:
    return (
        letter in isupport.prefix_modes
        or letter in isupport.list_modes
        or letter in isupport.always_modes
        or (sign == "+" and letter in isupport.set_modes)
    )
