"""Keepers: one task owns one worker's whole life, from the first fork to the last."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Final

import anyio
import redis.asyncio
import structlog

from sockethub.jobs.names import Naming
from sockethub.supervisor.backoff import Backoff
from sockethub.supervisor.leases import Lease, Leases
from sockethub.supervisor.notices import State, notify
from sockethub.supervisor.processes import ForkServer, ForkServerGone, Worker
from sockethub.supervisor.roster import Roster
from sockethub.supervisor.specs import Specs
from sockethub.worker.control import SUPERSEDED
from sockethub.worker.spec import WorkerSpec

_END_IF_IDLE: Final = """
-- KEYS: stream, delayed set. Deletes both when no job is there; returns whether it did.
if redis.call('XLEN', KEYS[1]) + redis.call('ZCARD', KEYS[2]) > 0 then
  return 0
end
redis.call('DEL', KEYS[1], KEYS[2])
return 1
"""

RECONNECTING: Final = "the process of this login ended unexpectedly; it is being replaced and will reconnect"
GIVEN_UP: Final = "the process of this login keeps ending; it is given up. Connect again to start anew"


class Keeper:
    """What keepers of logins and of pool workers share."""

    def __init__(
        self, server: ForkServer, specs: Specs, platform: str, login: str, queue: str, backoff: Backoff
    ) -> None:
        self.platform = platform
        self.login = login
        self.queue = queue
        self.stopping = False
        self._server = server
        self._specs = specs
        self._backoff = backoff
        self._worker: Worker | None = None
        self._log = structlog.get_logger(__name__).bind(platform=platform, login=login)

    async def stop(self, seconds: float) -> None:
        """Have the worker leave politely, and start no other."""
        self.stopping = True
        if self._worker is not None:
            await self._worker.stop(seconds)

    def _told_to_stop(self) -> bool:
        return self.stopping

    async def _live(self, spec: WorkerSpec) -> tuple[int, float]:
        """Run one worker to its end: exit status and seconds of life."""
        started = anyio.current_time()
        self._worker = await self._server.fork(spec)
        self._log.info("worker started", pid=self._worker.pid)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._worker.watch)
            status = await self._worker.wait()
            tasks.cancel_scope.cancel()
        lived = anyio.current_time() - started
        self._log.info("worker ended", pid=self._worker.pid, status=status, seconds=round(lived, 1))
        self._worker = None
        return status, lived


class LoginKeeper(Keeper):
    """Keeps one login alive until it ends by itself, is given up, or its lease is lost."""

    def __init__(
        self,
        server: ForkServer,
        specs: Specs,
        backoff: Backoff,
        *,
        platform: str,
        login: str,
        queue: str,
        requested_by: str,
        client: redis.asyncio.Redis,
        leases: Leases,
        roster: Roster,
        orphaned: bool = False,
    ) -> None:
        """``orphaned``: another supervisor ran it and is gone."""
        super().__init__(server, specs, platform, login, queue, backoff)
        self._requested_by = requested_by
        self._client = client
        self._leases = leases
        self._roster = roster
        self._orphaned = orphaned
        self.leaving = False
        """The login is ending; whoever wants it again waits until it is ``gone``."""
        self.gone = anyio.Event()

    async def run(self) -> None:
        lease = await self._leases.acquire(self.login)
        if lease is None:
            # It runs elsewhere, and takes the jobs of whoever asked as well.
            await notify(self._client, self.login, "running", also=self._requested_by)
            return
        try:
            await self._roster.enter(self.login, self.platform)
            if self._orphaned:
                await notify(self._client, self.login, "lost", RECONNECTING)
            last = await self._keep(lease)
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(2):
                await self._leases.release(self.login)
        if last is not None:  # told when the lease is free: whoever asks again may get another supervisor
            await notify(self._client, self.login, *last, also=self._requested_by)

    def lease_held(self) -> None:
        """Tell the worker that its login is still its own."""
        lease = self._leases.held(self.login)
        if self._worker is not None and lease is not None:
            self._worker.held(lease.until)

    def rewrite(self) -> None:
        """Have the worker write its records again."""
        if self._worker is not None:
            self._worker.rewrite()

    def lease_lost(self) -> None:
        """Another supervisor has the login now."""
        self.stopping = True
        if self._worker is not None:
            self._worker.kill()

    async def forget(self, gateways: Collection[str]) -> None:
        """These gateways are gone, and their sessions with them."""
        for gateway in gateways:
            if self._worker is not None:
                await self._worker.forget(gateway)

    async def _keep(self, lease: Lease) -> tuple[State, str] | None:
        """Returns the last thing to be told of the login, once its lease is given back."""
        # No two holders of the lease are one consumer: what the one was given, the other can tell from its own.
        consumer = f"login-{lease.value}"
        while not self.stopping:
            # The first fork is announced before it is ready: jobs wait on the queue meanwhile.
            await notify(self._client, self.login, "running", also=self._requested_by)
            try:
                status, lived = await self._live(self._spec(consumer))
            except (ForkServerGone, OSError) as error:
                self._log.warning("cannot fork", error=str(error))
                status, lived = -1, 0.0
            if self._told_to_stop() or status == SUPERSEDED:
                return None
            self._orphaned = False  # from now on, the one before is known to be dead
            if status == 0:
                self.leaving = True
                if not await self._client.eval(_END_IF_IDLE, 2, *self._queue_keys()):
                    self.leaving = False
                    continue
                await self._roster.strike(self.login)
                return "stopped", ""
            await notify(self._client, self.login, "lost", RECONNECTING)
            await anyio.sleep(self._backoff.died(lived))
            if self._backoff.exhausted:
                self.leaving = True
                await self._roster.strike(self.login)
                return "failed", GIVEN_UP
        return None

    def _spec(self, consumer: str) -> WorkerSpec:
        lease = self._leases.held(self.login)
        return self._specs.make(self.platform, self.login, self.queue, consumer, lease=lease, orphaned=self._orphaned)

    def _queue_keys(self) -> tuple[str, str]:
        naming = Naming()
        return naming.stream(self.queue), naming.delayed(self.queue)


class PoolKeeper(Keeper):
    """Keeps one worker of a stateless platform alive for as long as the supervisor runs."""

    async def run(self) -> None:
        dead: tuple[str, ...] = ()
        while not self.stopping:
            consumer = _consumer()
            try:
                spec = self._specs.make(self.platform, self.login, self.queue, consumer, claim_from=dead)
                status, lived = await self._live(spec)
            except (ForkServerGone, OSError) as error:
                self._log.warning("cannot fork", error=str(error))
                status, lived = -1, 0.0
            else:
                dead = (consumer,)  # it has taken over from those before it
            if self._told_to_stop():
                return
            if status != 0:
                await anyio.sleep(self._backoff.died(lived))


def _consumer() -> str:
    return os.urandom(8).hex()
