"""What every section of the declaration has in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

DAY = 86_400.0
"""Longest time anything here may be told to wait; a longer one is a slip of the pen."""

Seconds = Annotated[float, Field(gt=0, le=DAY)]


class Contradiction(ValueError):
    """Two settings do not go together; ``path`` leads from the section to the one to change."""

    def __init__(self, path: tuple[str | int, ...], text: str) -> None:
        super().__init__(text)
        self.path = path


class Section(BaseModel):
    """Base of every section: frozen, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


LIVE_KEY = "x-live"
LIVE: dict[str, JsonValue] = {LIVE_KEY: True}
"""Marks a setting that a reload (SIGHUP) changes in a running process; others wait for the next start."""
