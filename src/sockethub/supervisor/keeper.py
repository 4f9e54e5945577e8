"""Keepers: one task owns one worker's whole life, from the first fork to the last."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection
from functools import partial
from typing import Final

import anyio
import redis
import redis.asyncio
import structlog

from sockethub.jobs.names import Naming
from sockethub.notices import State
from sockethub.operations import report
from sockethub.operations.metrics import WorkersMetrics
from sockethub.operations.orders import OrderRefused
from sockethub.operations.recent import Recent
from sockethub.redis_rights import Rights, of_login, of_pool
from sockethub.redis_url import Address
from sockethub.supervisor.backoff import Backoff
from sockethub.supervisor.hearing import Hearing
from sockethub.supervisor.leases import Lease, Leases
from sockethub.supervisor.notices import Notices
from sockethub.supervisor.processes import UNKNOWN_STATUS, ForkServer, ForkServerGone, Standing, Worker
from sockethub.supervisor.redis_users import Access, RedisUsers
from sockethub.supervisor.roster import Entry, Roster
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
REPLACED: Final = "the operator has the process of this login replaced; it will reconnect"
ENDED: Final = "the operator has ended this login"
GIVEN_UP: Final = "the process of this login keeps ending; it is given up. Connect again to start anew"


class Keeper:
    """What keepers of logins and of pool workers share."""

    def __init__(
        self,
        server: ForkServer,
        specs: Specs,
        users: RedisUsers,
        platform: str,
        login: str,
        queue: str,
        backoff: Backoff,
        metrics: WorkersMetrics,
        recent: Recent,
    ) -> None:
        self.platform = platform
        self.login = login
        self.queue = queue
        self.stopping = False
        self._server = server
        self._specs = specs
        self._users = users
        self._backoff = backoff
        self._metrics = metrics
        self._recent = recent
        self.starts = 0
        """Workers it has had so far."""
        self.since = report.now()
        self._replacing = False
        self._worker: Worker | None = None
        self._log = structlog.get_logger(__name__).bind(platform=platform, login=login)

    async def stop(self, seconds: float) -> None:
        """Have the worker leave politely, and start no other."""
        self.stopping = True
        if self._worker is not None:
            await self._worker.stop(seconds)

    @property
    def pid(self) -> int | None:
        """Its worker, if it has one now."""
        return None if self._worker is None else self._worker.pid

    def log_level(self, level: str) -> None:
        """Have the worker log events of ``level`` and above."""
        if self._worker is not None:
            self._worker.log_level(level)

    @property
    def standing(self) -> Standing:
        """How its worker says it stands."""
        return Standing() if self._worker is None else self._worker.standing

    def moved(self, master: Address) -> None:
        """Another server of Redis is the master now."""
        if self._worker is not None:
            self._worker.moved(master)

    def _told_to_stop(self) -> bool:
        return self.stopping

    async def _live(self, rights: Rights, spec: Callable[[Access], WorkerSpec]) -> tuple[int, float]:
        """Run one worker to its end: exit status and seconds of life."""
        started = anyio.current_time()
        async with self._users.user(rights) as access:
            try:
                worker = self._worker = await self._server.fork(spec(access))
            except (ForkServerGone, OSError):
                self._metrics.fork_failures.labels(self.platform).inc()
                raise
            self.starts += 1
            self._metrics.starts.labels(self.platform).inc()
            self._log.info("worker started", pid=worker.pid)
            if self._leaves_as_told():  # it was told while there was no worker to tell
                worker.kill()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(worker.watch, self._hearing(worker.pid))
                status = await worker.wait()
                tasks.cancel_scope.cancel()
        self._worker.close()
        lived = anyio.current_time() - started
        reason = ending(status, hung=worker.hung, told=self._leaves_as_told())
        self._metrics.exits.labels(self.platform, reason).inc()
        self._log.info("worker ended", pid=worker.pid, status=status, reason=reason, seconds=round(lived, 1))
        self._worker = None
        return status, lived

    def _hearing(self, pid: int) -> Hearing:
        dropped = self._metrics.records_dropped.labels(self.platform).inc
        return Hearing(self._recent, dropped, platform=self.platform, login=self.login, pid=pid)

    def _leaves_as_told(self) -> bool:
        return self.stopping or self._replacing


def ending(status: int, *, hung: bool, told: bool) -> str:
    """Why a worker ended, in a word of a short list: what its exit status means."""
    if hung:
        return "hung"
    if status == SUPERSEDED:
        return "superseded"
    if told:
        return "stopped"
    if status == 0:
        return "ended"
    if status == UNKNOWN_STATUS:
        return "fork-server-gone"
    if status == -signal.SIGKILL:
        return "killed"  # by somebody, or by the kernel that ran out of memory
    return "crashed" if status < 0 else "failed"


class LoginKeeper(Keeper):
    """Keeps one login alive until it ends by itself, is given up, or its lease is lost."""

    def __init__(
        self,
        server: ForkServer,
        specs: Specs,
        users: RedisUsers,
        backoff: Backoff,
        *,
        platform: str,
        login: str,
        queue: str,
        requested_by: str,
        client: redis.asyncio.Redis,
        notices: Notices,
        leases: Leases,
        roster: Roster,
        metrics: WorkersMetrics,
        recent: Recent,
        wishes: str = "",
        orphaned: bool = False,
    ) -> None:
        """``wishes`` are of where it runs; ``orphaned``: another supervisor ran it and is gone."""
        super().__init__(server, specs, users, platform, login, queue, backoff, metrics, recent)
        self.entry = Entry(platform, wishes)
        self._requested_by = requested_by
        self._client = client
        self._notices = notices
        self._leases = leases
        self._roster = roster
        self._orphaned = orphaned
        self._taken = False
        """Another supervisor has the login already."""
        self._ending = ""
        self.leaving = False
        """The login is ending; whoever wants it again waits until it is ``gone``."""
        self.gone = anyio.Event()

    async def run(self) -> None:
        lease = await self._leases.acquire(self.login)
        if lease is None:
            # It runs elsewhere, and takes the jobs of whoever asked as well.
            await self._notices.tell(self.login, "running", also=self._requested_by)
            return
        try:
            await self._roster.enter(self.login, self.entry)
            if self._orphaned:
                await self._notices.tell(self.login, "lost", RECONNECTING)
            last = await self._keep(lease)
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(2):
                await self._leases.release(self.login)
        # Told when the lease is free: whoever asks again, or takes it up, may be another supervisor.
        if last is not None:
            await self._notices.tell(self.login, *last, also=self._requested_by)
        elif not self._taken:
            await self._roster.left(self.login)

    def lease_held(self) -> None:
        """Let the worker know that its login is still its own."""
        lease = self._leases.held(self.login)
        if self._worker is not None and lease is not None:
            self._worker.held(lease.until, lease.alone_from)

    def rewrite(self) -> None:
        """Have the worker write its records again."""
        if self._worker is not None:
            self._worker.rewrite()

    def lease_lost(self) -> None:
        """Another supervisor has the login now."""
        self._taken = self.stopping = True
        if self._worker is not None:
            self._worker.kill()

    async def replace(self, seconds: float) -> int:
        """Have the worker leave within ``seconds``; another takes its place. Its pid."""
        worker = self._present()
        self._replacing = True
        await worker.stop(seconds)
        return worker.pid

    async def end(self, seconds: float, text: str = ENDED) -> int | None:
        """Have the worker leave within ``seconds``, and with it the login, whose clients are told why; its pid."""
        self._ending, self.leaving = text, True
        worker = self._worker
        if worker is None:
            return None  # it ends instead of being replaced
        await worker.stop(seconds)
        return worker.pid

    def _present(self) -> Worker:
        if self._worker is None or self.leaving:
            raise OrderRefused("its process is being started or has just ended; try again")
        return self._worker

    def _leaves_as_told(self) -> bool:
        return super()._leaves_as_told() or self._is_ending()

    def _is_ending(self) -> bool:
        return bool(self._ending)

    async def forget(self, gateways: Collection[str]) -> None:
        """These gateways are gone, and their sessions with them."""
        for gateway in gateways:
            if self._worker is not None:
                await self._worker.forget(gateway)

    async def _keep(self, lease: Lease) -> tuple[State, str] | None:
        """Returns the last thing to be told of the login, once its lease is given back."""
        # No two holders of the lease are one consumer: what the one was given, the other can tell from its own.
        consumer = f"login-{lease.value}"
        while not self.stopping and not self._is_ending():
            # The first fork is announced before it is ready: jobs wait on the queue meanwhile.
            await self._notices.tell(self.login, "running", also=self._requested_by)
            try:
                status, lived = await self._live(of_login(self.login, self.queue), partial(self._spec, consumer))
            except (ForkServerGone, OSError) as error:
                self._log.warning("cannot fork", error=str(error))
                status, lived = -1, 0.0
            self._taken = self._taken or status == SUPERSEDED
            if self._told_to_stop() or self._taken:
                return None
            if self._is_ending():
                break
            self._orphaned = False  # from now on, the one before is known to be dead
            if self._replacing:
                self._replacing = False
                await self._notices.tell(self.login, "lost", REPLACED)
                continue
            if status == 0:
                self.leaving = True
                if not await self._end_if_idle():
                    self.leaving = False
                    continue
                await self._roster.strike(self.login)
                return "stopped", ""
            await self._notices.tell(self.login, "lost", RECONNECTING)
            await anyio.sleep(self._backoff.died(lived))
            if self._backoff.exhausted:
                self.leaving = True
                return await self._failed(GIVEN_UP)
        if not self._is_ending():
            return None
        return await self._failed(self._ending)

    async def _failed(self, why: str) -> tuple[State, str]:
        await self._roster.strike(self.login)
        await self._end_if_idle()  # else a gateway drops it, with what waits there
        return "failed", why

    async def _end_if_idle(self) -> bool:
        return bool(await self._client.eval(_END_IF_IDLE, 2, *self._queue_keys()))

    def _spec(self, consumer: str, access: Access) -> WorkerSpec:
        lease = self._leases.held(self.login)
        make = partial(self._specs.make, self.platform, self.login, self.queue, consumer, access)
        return make(lease=lease, orphaned=self._orphaned)

    def _queue_keys(self) -> tuple[str, str]:
        naming = Naming()
        return naming.stream(self.queue), naming.delayed(self.queue)


class PoolKeeper(Keeper):
    """Keeps one worker of a stateless platform alive until it is told to stop."""

    async def replace(self, seconds: float) -> None:
        """Have another worker take the place of this one, which may take ``seconds`` to finish what it does."""
        if self._worker is not None:
            self._replacing = True
            await self._worker.stop(seconds)

    async def run(self) -> None:
        dead: tuple[str, ...] = ()
        while not self.stopping:
            consumer = _consumer()
            try:
                make = partial(self._specs.make, self.platform, self.login, self.queue, consumer, claim_from=dead)
                status, lived = await self._live(of_pool(self.platform), make)
            except (ForkServerGone, OSError, redis.RedisError) as error:
                self._log.warning("no worker started", error=str(error))
                status, lived = -1, 0.0
            else:
                dead = (consumer,)  # it has taken over from those before it
            self._replacing = False
            if self._told_to_stop():
                return
            if status != 0:
                await anyio.sleep(self._backoff.died(lived))


def _consumer() -> str:
    return os.urandom(8).hex()
