"""How many connections and logins somebody has, at all gateways together."""

from __future__ import annotations

from typing import Final

import structlog

from sockethub.errors import QueueError
from sockethub.gateway.limitstore import LimitStore
from sockethub.sessions.place import Place

CONNECTIONS_OF_ADDRESS: Final = "connections-address"
CONNECTIONS_OF_USER: Final = "connections-user"
LOGINS: Final = "logins"
"""Kinds of places; those of logins have their platform behind."""


class Places:
    """Those that this gateway holds."""

    def __init__(self, store: LimitStore) -> None:
        self._store = store
        self._held: dict[Place, int] = {}
        self._log = structlog.get_logger(__name__)

    async def take(self, place: Place, limit: int) -> bool:
        """Take a place; whether there was one. Raises :class:`~sockethub.errors.QueueUnavailable`."""
        self._held[place] = self._held.get(place, 0) + 1
        taken = False
        try:
            taken = await self._store.hold(place, limit)
        finally:
            if not taken:
                self._forget(place)
        return taken

    def keep(self, place: Place) -> None:
        """Hold a place whatever the limit: Redis hears of it with the next sign of life."""
        self._held[place] = self._held.get(place, 0) + 1

    async def give_back(self, place: Place, linger_seconds: float = 0.0) -> None:
        """The opposite of :meth:`take` and :meth:`keep`; it counts for ``linger_seconds`` more."""
        if place not in self._held or not self._forget(place):
            return
        try:
            await self._store.give_back(place, round(linger_seconds))
        except QueueError:
            self._log.debug("a place counts until it expires: Redis is away")

    async def renew(self) -> None:
        """Say that all are still held. Raises :class:`~sockethub.errors.QueueUnavailable`."""
        if self._held:
            await self._store.renew(list(self._held))

    def _forget(self, place: Place) -> bool:
        """Whether nobody here holds it any more."""
        self._held[place] -= 1
        if self._held[place]:
            return False
        del self._held[place]
        return True
