"""How long to wait before trying again what Redis did not do."""

from __future__ import annotations

import random
from typing import Final

import anyio

FIRST_PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 2.0


class Pauses:
    """Each pause is twice as long as the one before it, with jitter: many workers lose Redis at the same moment."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE_SECONDS

    def reset(self) -> None:
        """It went well: the next pause is a short one again."""
        self._next = FIRST_PAUSE_SECONDS

    async def wait(self) -> None:
        await anyio.sleep(self._next * random.uniform(0.5, 1.5))
        self._next = min(self._next * 2, LONGEST_PAUSE_SECONDS)
