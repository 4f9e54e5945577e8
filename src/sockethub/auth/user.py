"""A client's user, as the application that authenticated it calls them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NAME_CHARACTERS: Final = 200
"""Longest name of a user; applications use ids, addresses of mail or DIDs."""


@dataclass(frozen=True, slots=True)
class User:
    """``id`` is the application's name for the user; ``expires`` the POSIX time until which this is known, if any."""

    id: str
    expires: float | None = None


def is_name(text: object) -> bool:
    """Whether ``text`` can be the id of a user: some printable characters, not too many."""
    return isinstance(text, str) and 0 < len(text) <= NAME_CHARACTERS and text.isprintable() and text == text.strip()
