"""The worker's own knowledge of whether its login is still its own (:mod:`sockethub.leases`)."""

from __future__ import annotations

import anyio
import redis
import structlog

from sockethub import leases
from sockethub.jobs import RedisLink
from sockethub.jobs.pauses import Pauses
from sockethub.worker.shared import Shared
from sockethub.worker.spec import WorkerSpec

__all__ = ["Lease"]


class Lease:
    """Held while the supervisor says so, or Redis itself; ``lost`` when another worker may have the login."""

    def __init__(self, spec: WorkerSpec, link: RedisLink, shared: Shared) -> None:
        """``shared`` tells what the supervisor has renewed."""
        self._spec = spec
        self._link = link
        self._page = shared.page
        self._alarm = shared.alarm
        self._renewed_until = spec.lease_until
        """As this worker knows by itself."""
        self._asked = leases.now()
        """When Redis was asked last, whether or not it answered."""
        self._asking = anyio.Lock()
        self._log = structlog.get_logger(__name__).bind(platform=spec.platform, login=spec.login)
        self.lost = anyio.Event()

    @property
    def _until(self) -> float:
        return max(self._renewed_until, self._page.held)

    @property
    def _alone_from(self) -> float:
        return leases.alone_from(self._until, self._spec.lease_seconds)

    async def permit(self) -> None:
        """Returns while the login is surely ours; where it is not any more, never: the process is about to end."""
        if leases.now() >= self._until:
            await self._renew()
        if self.lost.is_set():
            await anyio.sleep_forever()

    async def certain(self) -> None:
        """As :meth:`permit`, but without waiting for a Redis that is away: that one has asked is enough.

        A machine that was stopped for so long that another may have the login finds in its sockets what happened
        meanwhile; told now, it would come behind what the other one has told already.
        """
        if self._stale:
            async with self._asking:
                if self._stale:
                    await self._renewed()
        if self.lost.is_set():
            await anyio.sleep_forever()

    @property
    def _stale(self) -> bool:
        return leases.now() >= max(self._until, self._asked + self._spec.lease_seconds)

    async def give_up(self) -> None:
        """Another worker has the login. Does not return."""
        self.lost.set()
        await anyio.sleep_forever()

    async def watch(self) -> None:
        """Renew it where the supervisor does not."""
        while not self.lost.is_set():
            if leases.now() >= self._alone_from:
                await self._renew()
            else:
                self._alarm.set(self._alone_from)
                await self._alarm.wait()

    async def _renew(self) -> None:
        async with self._asking:
            pauses = Pauses()
            # The supervisor may come back meanwhile.
            while not self.lost.is_set() and leases.now() >= self._alone_from:
                if leases.now() >= self._until + self._spec.isolated_seconds:
                    self._log.error("Redis was away for too long; another machine may have the login now")
                    self.lost.set()
                elif not await self._renewed():
                    await pauses.wait()

    async def _renewed(self) -> bool:
        """Whether Redis has answered."""
        asked = leases.now()
        spec = self._spec
        try:
            ours = await self._link.call("EVAL", *leases.renewal(spec.login, spec.lease, spec.lease_seconds))
        except redis.RedisError as error:
            self._log.warning("lease not renewed", error=type(error).__name__)
            return False
        finally:
            self._asked = leases.now()
        if ours:
            self._renewed_until = asked + spec.lease_seconds
        else:
            self._log.error("lease lost: another machine runs this login")
            self.lost.set()
        return True
