"""Members of the activities that answer a fetch: what strangers wrote, in bounds. Pure."""

from __future__ import annotations

from typing import Any, Final

TEXT_CHARACTERS: Final = 2_048
"""Of titles, names, URLs."""


def present(**members: Any) -> dict[str, Any]:
    """Those that say something."""
    return {name: value for name, value in members.items() if value}


def cut(text: str) -> str:
    """The beginning of what is too long."""
    return text if len(text) <= TEXT_CHARACTERS else text[: TEXT_CHARACTERS - 1] + "…"
