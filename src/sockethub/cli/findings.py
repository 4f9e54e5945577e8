"""What ``sockethub doctor`` finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``remedy`` is there where something is to be done."""

    check: str
    level: Level
    text: str
    remedy: str = ""
