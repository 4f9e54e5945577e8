"""How a login stands, told to the supervisor when that has changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from sockethub import jsontext
from sockethub.worker.control import TELL_SECONDS

Tell = Callable[[bytes], bool]
"""Sends a packet without waiting; whether it could."""


class Standing:
    """Looked at when the worker's loop is about to wait: between two waits, and only there, it changes."""

    def __init__(self, look: Callable[[], Mapping[str, Any]], tell: Tell) -> None:
        self._look = look
        self._tell = tell
        self._told: Mapping[str, Any] | None = None
        self._not_before = -math.inf

    def __call__(self, now: float) -> float:
        """Tell what is new, if it is time; for how many seconds it need not be called again."""
        standing = self._look()
        if standing == self._told:
            return math.inf
        if now < self._not_before:
            return self._not_before - now
        self._not_before = now + TELL_SECONDS
        if not self._tell(jsontext.dumps(standing)):
            return TELL_SECONDS
        self._told = standing
        return math.inf
