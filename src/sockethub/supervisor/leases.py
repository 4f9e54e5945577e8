"""The leases of one supervisor (:mod:`sockethub.leases`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import redis
import redis.asyncio
import structlog

from sockethub import leases
from sockethub.jobs.pipelines import each, unusable

__all__ = ["Lease", "Leases"]


@dataclass(frozen=True, slots=True)
class Lease:
    """A login is ours ``until`` then (:func:`sockethub.leases.now`), unless renewed; ``value`` is what Redis holds."""

    value: str
    until: float
    alone_from: float
    """From then on its worker renews it itself."""


class Leases:
    """Acquires, renews and gives back."""

    def __init__(self, client: redis.asyncio.Redis, holder: str, seconds: float) -> None:
        self._client = client
        self._holder = holder
        self._seconds = seconds
        self._held: dict[str, Lease] = {}

    async def acquire(self, login: str) -> Lease | None:
        """The login's lease, or None when another supervisor runs it."""
        asked = leases.now()
        try:
            token = await self._acquire(login)
        except redis.ResponseError as error:
            if not unusable(error):
                raise
            await self._discard(login)
            token = await self._acquire(login)
        if token is None:
            return None
        lease = self._held[login] = self._lease(leases.value(self._holder, int(token)), asked)
        return lease

    def held(self, login: str) -> Lease | None:
        """The lease as it was renewed last."""
        return self._held.get(login)

    async def renew(self) -> list[str]:
        """Renew all; the logins that are ours no more: another supervisor has them, or their lease was tampered with.

        A lease that ran out while Redis was away, or was forgotten by it, is ours again when nobody took it meanwhile:
        the token tells. Only a login's own worker can make its lease something else: that one is not to go on.
        """
        logins = list(self._held)
        if not logins:
            return []
        asked = leases.now()
        pipeline = self._client.pipeline(transaction=False)
        for login in logins:
            pipeline.execute_command("EVAL", *leases.renewal(login, self._held[login].value, self._seconds))
        answers = dict(zip(logins, await each(pipeline), strict=True))
        for login in [login for login, ours in answers.items() if ours is None]:
            await self._discard(login)
        lost = []
        for login, ours in answers.items():
            if not ours:
                self._held.pop(login, None)
                lost.append(login)
            elif login in self._held:  # else it was given back meanwhile
                self._held[login] = self._lease(self._held[login].value, asked)
        return lost

    async def release(self, login: str) -> None:
        """Give it back, when it is still ours."""
        lease = self._held.pop(login, None)  # first: what cannot be given back now must not be renewed either
        if lease is None:
            return
        try:
            await self._client.eval(leases.RELEASE, 1, leases.keys(login)[0], lease.value)
        except redis.ResponseError as error:
            if not unusable(error):
                raise
            await self._discard(login)

    def _lease(self, value: str, asked: float) -> Lease:
        until = asked + self._seconds
        return Lease(value, until, leases.alone_from(until, self._seconds))

    async def _acquire(self, login: str) -> Any:
        fence = leases.FENCE_SECONDS * 1000
        return await self._client.eval(
            leases.ACQUIRE, 2, *leases.keys(login), self._holder, int(self._seconds * 1000), fence
        )

    async def _discard(self, login: str) -> None:
        """Delete what cannot be a lease."""
        structlog.get_logger(__name__).error("a lease was tampered with", login=login)
        await self._client.delete(*leases.keys(login))
