"""How much is asked of one host at once: politeness, and so that one slow host cannot take all places of a pool.

In two steps: each process lets a few requests to a host through, and those stand in one line with the other processes'.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import anyio

from sockethub.commons import Commons, PauseWanted
from sockethub.errors import PlatformError
from sockethub.web.limits import Limits

PAUSE_SECONDS: Final = 3_600.0
"""Longest pause that a host's ``Retry-After`` is granted."""

MARGIN_SECONDS: Final = 5.0
"""Beyond the time a fetch may take, after which its place is another's: its process has died."""


@dataclass(slots=True)
class _Host:
    places: anyio.Semaphore
    present: int = field(default=0)


class Courtesy:
    """Places by host (``authority``), and the pauses that hosts have asked for."""

    def __init__(self, commons: Commons, limits: Limits) -> None:
        self._commons = commons
        self._limits = limits
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def place(self, host: str) -> AsyncIterator[None]:
        """Hold a place. Raises :class:`~sockethub.errors.PlatformError`, condition ``try-again``."""
        at_once = self._limits.host_at_once
        entry = self._hosts.setdefault(host, _Host(anyio.Semaphore(at_once)))
        if entry.present >= at_once + self._limits.host_waiting:
            raise PlatformError(f"too much is being asked of {host} already; try again later", condition="try-again")
        entry.present += 1
        try:
            async with entry.places, self._common_place(host, at_once):
                yield
        finally:
            entry.present -= 1
            if not entry.present:
                self._hosts.pop(host, None)

    @asynccontextmanager
    async def _common_place(self, host: str, at_once: int) -> AsyncIterator[None]:
        try:
            async with self._commons.place(host, at_once, self._limits.total_seconds + MARGIN_SECONDS):
                yield
        except PauseWanted as pause:
            text = f"{host} asks to be left alone for {pause.seconds:.0f} s more"
            raise PlatformError(text, condition="try-again") from None

    async def pause(self, host: str, retry_after: str) -> None:
        """Leave ``host`` alone as its ``Retry-After`` says; seconds alone are heeded (RFC 9110 §10.2.3)."""
        if retry_after.isascii() and retry_after.isdigit():
            await self._commons.pause(host, min(float(retry_after[:9]), PAUSE_SECONDS))
