"""How much is asked of one host at once: politeness, and so that one slow host cannot take all places of a pool."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import anyio

from sockethub.errors import PlatformError

AT_ONCE: Final = 4
"""Requests to one host under way; browsers open six connections."""

WAITING: Final = 8
"""Requests to one host that wait for these; further ones are refused. With ``AT_ONCE`` fewer than a pool performs."""

PAUSE_SECONDS: Final = 3_600.0
"""Longest pause that a host's ``Retry-After`` is granted."""

HOSTS: Final = 1_000
"""Hosts whose pause is remembered; the one said longest ago is forgotten first."""


@dataclass(slots=True)
class _Host:
    places: anyio.Semaphore = field(default_factory=lambda: anyio.Semaphore(AT_ONCE))
    present: int = 0


class Courtesy:
    """Places by host (``authority``), and the pauses that hosts have asked for."""

    def __init__(self, clock: Callable[[], float] = anyio.current_time) -> None:
        self._clock = clock
        self._hosts: dict[str, _Host] = {}
        self._pauses: OrderedDict[str, float] = OrderedDict()

    @asynccontextmanager
    async def place(self, host: str) -> AsyncIterator[None]:
        """Hold a place. Raises :class:`~sockethub.errors.PlatformError`, condition ``try-again``."""
        self._heed(host)
        entry = self._hosts.setdefault(host, _Host())
        if entry.present >= AT_ONCE + WAITING:
            raise PlatformError(f"too much is being asked of {host} already; try again later", condition="try-again")
        entry.present += 1
        try:
            async with entry.places:
                yield
        finally:
            entry.present -= 1
            if not entry.present:
                self._hosts.pop(host, None)

    def pause(self, host: str, retry_after: str) -> None:
        """Leave ``host`` alone as its ``Retry-After`` says; seconds alone are heeded (RFC 9110 §10.2.3)."""
        if not retry_after.isascii() or not retry_after.isdigit():
            return
        self._pauses[host] = self._clock() + min(float(retry_after[:9]), PAUSE_SECONDS)
        self._pauses.move_to_end(host)
        while len(self._pauses) > HOSTS:
            self._pauses.popitem(last=False)

    def _heed(self, host: str) -> None:
        left = self._pauses.get(host, 0.0) - self._clock()
        if left > 0:
            raise PlatformError(f"{host} asks to be left alone for {left:.0f} s more", condition="try-again")
        self._pauses.pop(host, None)
