"""One per machine: fork servers, pools, logins; hears requests, renews leases, sweeps up after dead gateways."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import anyio
import redis
import redis.asyncio
import structlog
from anyio.abc import TaskGroup, TaskStatus

from sockethub import logs, redis_keys
from sockethub.config.models import Declaration
from sockethub.config.reload import Reload, unable
from sockethub.crypto import KeyRing, Secret, login_queue
from sockethub.jobs import RedisRun, commands, connected, linked
from sockethub.jobs.names import GROUP
from sockethub.jobs.watching import watch
from sockethub.operations.http import pages
from sockethub.operations.metrics import WorkersMetrics
from sockethub.operations.orders import OrderRefused
from sockethub.operations.page import operator_pages
from sockethub.operations.pulse import watch_loop, watch_redis
from sockethub.operations.recent import Recent
from sockethub.placement import Machine
from sockethub.redis_url import Address
from sockethub.supervisor import placing as words
from sockethub.supervisor.keeper import LoginKeeper
from sockethub.supervisor.leases import Leases
from sockethub.supervisor.machines import Machines
from sockethub.supervisor.member import Member
from sockethub.supervisor.notices import Notices
from sockethub.supervisor.outage import Outage
from sockethub.supervisor.overview import Overview
from sockethub.supervisor.placing import Placing, Request
from sockethub.supervisor.redis_users import RedisUsers
from sockethub.supervisor.roster import Roster
from sockethub.supervisor.running import RunningPlatforms
from sockethub.supervisor.specs import Specs
from sockethub.supervisor.sweep import Sweep

REQUEST_BATCH: Final = 50
BLOCK_MS: Final = 30_000
LEFT_SECONDS: Final = 2.0
"""For giving leases back and leaving word, once the workers are gone; Redis may be away."""

SWITCHED_OFF: Final = "the operator has switched {platform} off"


NewKeeper = Callable[..., LoginKeeper]
"""A :class:`LoginKeeper` that lacks only what is the login's own."""


@dataclass(frozen=True, slots=True)
class Taking:
    """What it takes to have a login run, here or elsewhere. ``tasks`` own those that run here."""

    placing: Placing
    notices: Notices
    logins: NewKeeper
    tasks: TaskGroup


class Supervisor:
    """Runs the declared platforms."""

    def __init__(
        self,
        declaration: Declaration,
        keys: KeyRing,
        redis_url: Secret[str],
        recent: Recent | None = None,
        reload: Reload = unable,
    ) -> None:
        """``recent`` is what this process logs; what its workers log comes to it. ``reload`` is as operators order."""
        self._reload = reload
        self._declaration = declaration
        self._url = redis_url
        self._keys = keys
        self._id = os.urandom(8).hex()
        self._specs = Specs(declaration, keys)
        self._logins: dict[str, LoginKeeper] = {}
        self._outage = Outage()
        self._draining = False
        """No more logins are taken: they are given away, or all of it ends."""
        self._metrics = WorkersMetrics()
        self._recent = Recent(declaration.log.recent_bytes) if recent is None else recent
        self._platforms = RunningPlatforms(declaration, self._specs, redis_url, self._metrics, self._recent)
        self._log = structlog.get_logger(__name__).bind(supervisor=self._id)

    async def run(self, ready: anyio.Event, stop: anyio.Event) -> None:
        """Work until ``stop``; then have everyone leave politely."""
        url = self._url.reveal()
        async with (
            connected(url) as client,
            connected(url, blocking=True) as blocking,
            linked(url, blocking=True) as inbox,
        ):
            leases, roster = Leases(client, self._id, self._declaration.workers.lease_seconds), Roster(client)
            notices = Notices(client, self._keys)
            users = RedisUsers(client, self._id, self._url, self._declaration.redis.acl)
            await users.begin()
            logins = partial(
                LoginKeeper,
                specs=self._specs,
                users=users,
                client=client,
                notices=notices,
                leases=leases,
                roster=roster,
                metrics=self._metrics,
                recent=self._recent,
            )
            try:
                async with anyio.create_task_group() as tasks:
                    overview = Overview(
                        self._id, self._metrics, self._logins, self._platforms.pools, client, self._max_logins
                    )
                    machines = Machines(client, self._described)
                    placing = Placing(machines, roster, leases, notices)
                    taking = Taking(placing, notices, logins, tasks)
                    sweep = Sweep(
                        client,
                        leases,
                        roster,
                        placing,
                        users,
                        self._outage,
                        logins=self._logins,
                        me=self._described,
                        take=partial(self._take_over, taking),
                        seconds=self._declaration.workers.lease_seconds,
                    )
                    hear = partial(self._hear, taking, sweep)
                    obey = partial(self._obey, overview, machines, tasks)
                    member = Member(self._id, self._keys.operations_key, client, inbox, obey, machines, hear)
                    await self._platforms.start(users, tasks)
                    tasks.start_soon(watch, url, self._moved)
                    tasks.start_soon(self._renew, leases, roster, users, RedisRun(client))
                    tasks.start_soon(watch_loop, self._metrics)
                    tasks.start_soon(watch_redis, self._metrics, client.ping)
                    await tasks.start(member.run)
                    await tasks.start(self._serve_operator, overview, client)
                    async with anyio.create_task_group() as until_it_leaves:  # it takes up no more then
                        until_it_leaves.start_soon(self._requests, blocking, client, taking, sweep)
                        until_it_leaves.start_soon(sweep.run)
                        ready.set()
                        await stop.wait()
                        until_it_leaves.cancel_scope.cancel()
                    await self._leave(machines)
                    tasks.cancel_scope.cancel()
            finally:
                self._platforms.close()

    async def _requests(
        self,
        blocking: redis.asyncio.Redis,
        client: redis.asyncio.Redis,
        taking: Taking,
        sweep: Sweep,
    ) -> None:
        stream = redis_keys.SUPERVISOR_REQUESTS
        while not self._draining:
            try:
                await _create_group(client, stream)
                found: Any = await blocking.xreadgroup(
                    GROUP, self._id, {stream: ">"}, count=REQUEST_BATCH, block=BLOCK_MS
                )
                for entry, fields in found[0][1] if found else ():
                    if self._gives_away():  # it had asked before; whoever else there is shall have it
                        await client.xadd(stream, fields)
                    else:
                        await self._request(fields, taking, sweep)
                    await commands.filled(client.pipeline(transaction=True), commands.finish(stream, entry)).execute()
            except redis.RedisError as error:
                self._log.warning("Redis is away", error=type(error).__name__)
                self._outage.began()
                await self._outage.until_calm()

    async def _request(
        self,
        fields: dict[bytes, bytes],
        taking: Taking,
        sweep: Sweep,
        *,
        passed_on: bool = False,
    ) -> None:
        """``passed_on``: another has decided that it is for this machine."""
        placing = taking.placing
        if b"left" in fields:  # by a supervisor that goes: what it has left is found as after a death, but now
            placing.forget()
            sweep.look(tell_others=True)
            return
        try:
            request = Request.parse(fields)
        except (KeyError, TypeError, ValueError) as error:
            self._log.error("a request makes no sense", error=type(error).__name__)
            return
        running = self._logins.get(request.login)
        if running is not None and not running.leaving:
            await taking.notices.tell(request.login, "running", also=request.gateway)
            return
        if running is not None:
            await running.gone.wait()
        chosen: str | None = self._id
        if not passed_on:
            chosen = await placing.chosen(request)
        elif not placing.here(request):
            request = placing.tried_here(request)
            chosen = await placing.chosen(request)
        if chosen is None:
            self._metrics.refused.labels(await placing.refuse(request)).inc()
        elif chosen == self._id:
            self._run(taking, request)
        else:
            await placing.pass_on(request, chosen)

    async def _hear(self, taking: Taking, sweep: Sweep, fields: dict[bytes, bytes]) -> None:
        """What another supervisor has put into this one's inbox."""
        try:
            match fields.get(b"kind"):
                case words.LOOK:
                    taking.placing.forget()
                    sweep.look()
                case words.LOGIN:
                    await self._request(fields, taking, sweep, passed_on=True)
                case _:
                    self._log.error("a word makes no sense")
        except redis.RedisError as error:  # the login is in the roster, and found there
            self._log.warning("a login was not taken", error=type(error).__name__)

    def _described(self) -> Machine:
        declared = self._declaration.workers
        room = 0 if self._draining else max(0, self._max_logins() - len(self._logins))
        return Machine(self._id, frozenset(self._platforms.servers), declared.labels, declared.weight, room)

    def _take_over(self, taking: Taking, request: Request) -> None:
        self._metrics.taken_over.inc()
        self._run(taking, request, orphaned=True)

    def _run(self, taking: Taking, request: Request, *, orphaned: bool = False) -> None:
        keeper = taking.logins(
            self._platforms.servers[request.platform],
            backoff=self._platforms.backoff(),
            platform=request.platform,
            login=request.login,
            queue=login_queue(request.platform, request.login),
            requested_by=request.gateway,
            wishes=request.wishes,
            orphaned=orphaned,
        )
        self._logins[request.login] = keeper
        taking.tasks.start_soon(self._own, keeper)

    async def _own(self, keeper: LoginKeeper) -> None:
        try:
            await keeper.run()
        except redis.RedisError as error:
            self._log.warning("login given up: Redis is away", login=keeper.login, error=type(error).__name__)
            await keeper.stop(self._declaration.workers.stop_seconds)
        finally:
            self._logins.pop(keeper.login, None)
            keeper.gone.set()

    async def _renew(self, leases: Leases, roster: Roster, users: RedisUsers, run: RedisRun) -> None:
        while True:
            try:
                lost = await leases.renew()
                await run.follow(partial(self._restore, roster, users))
            except redis.RedisError as error:
                self._log.warning("leases not renewed", error=type(error).__name__)
                self._outage.began()
                await self._outage.pause(0)
                continue
            self._outage.over()
            for login in lost:
                if login in self._logins:
                    self._metrics.leases_lost.inc()
                    self._log.error("lease lost", login=login)
                    self._logins[login].lease_lost()
            for keeper in list(self._logins.values()):
                keeper.lease_held()
            await self._outage.pause(self._declaration.workers.lease_seconds / 3)

    def _moved(self, master: Address) -> None:
        """What was written to the one before, from now on, is lost: everybody leaves it at once."""
        self._log.warning("another server of Redis is the master now", host=master[0], port=master[1])
        self._outage.began()
        for keeper in (*self._logins.values(), *self._platforms.pools):
            keeper.moved(master)

    async def _restore(self, roster: Roster, users: RedisUsers) -> None:
        """Redis has begun anew: what was written of the logins that run here may be lost."""
        await users.mend()  # first: until then their workers do not get in
        running = [keeper for keeper in self._logins.values() if not keeper.leaving]
        await roster.enter_all({keeper.login: keeper.entry for keeper in running})
        for keeper in running:
            keeper.rewrite()
        self._log.warning("Redis has begun anew; the records of all logins are written again", logins=len(running))

    async def _leave(self, machines: Machines) -> None:
        """Take no more logins, let that be known before anybody hears what is left, and leave it."""
        self._draining = True
        with anyio.move_on_after(LEFT_SECONDS):
            await machines.show()
        seconds = self._declaration.workers.stop_seconds
        async with anyio.create_task_group() as leaving:
            for keeper in (*self._logins.values(), *self._platforms.pools):
                leaving.start_soon(keeper.stop, seconds)
        with anyio.move_on_after(LEFT_SECONDS):
            for keeper in list(self._logins.values()):
                await keeper.gone.wait()

    def _gives_away(self) -> bool:
        return self._draining

    async def redeclare(self, declaration: Declaration) -> None:
        """From now on this is declared, of what can change (:mod:`sockethub.config.reload`).

        Raises :class:`~sockethub.supervisor.processes.ForkServerGone` where a new platform does not start, and changes
        nothing then.
        """
        await self._platforms.add(declaration)
        self._declaration = declaration
        self._specs.redeclare(declaration)
        logs.set_level(declaration.log.level)
        async with anyio.create_task_group() as leaving:
            for keeper in list(self._logins.values()):
                if keeper.platform in declaration.platforms:
                    keeper.log_level(declaration.log.level)
                else:
                    text = SWITCHED_OFF.format(platform=keeper.platform)
                    leaving.start_soon(keeper.end, declaration.workers.stop_seconds, text)
        await self._platforms.redeclare(declaration)
        for pool in self._platforms.pools:
            pool.log_level(declaration.log.level)

    def _max_logins(self) -> int:
        return self._declaration.workers.max_logins

    # --- Orders -------------------------------------------------------------------------------------------------------

    async def _obey(
        self, overview: Overview, machines: Machines, tasks: TaskGroup, order: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Do an order (:mod:`sockethub.operations.orders`)."""
        match order["do"]:
            case "report":
                return await overview.report(draining=self._draining)
            case "reload":
                return overview.identity.report(**await self._reload(order["id"]))
            case "log":
                return overview.identity.report(**self._recent.answer(order, self._id))
            case "restart":
                return {"pid": await self._named(order["login"]).replace(self._declaration.workers.stop_seconds)}
            case "end":
                return {"pid": await self._named(order["login"]).end(self._declaration.workers.stop_seconds)}
            case "drain":
                self._draining = True
                self._log.warning(
                    "draining: no more logins are taken, and these are given away", logins=len(self._logins)
                )
                tasks.start_soon(self._leave, machines)
                return {"logins": len(self._logins)}
            case unknown:
                raise OrderRefused(f"a machine does not {unknown}")

    def _named(self, login: str) -> LoginKeeper:
        if login not in self._logins:
            raise OrderRefused("this machine does not run it (any more)")
        return self._logins[login]

    async def _serve_operator(
        self, overview: Overview, client: redis.asyncio.Redis, *, task_status: TaskStatus[None]
    ) -> None:
        declared = self._declaration.operations
        if not declared.enabled:
            task_status.started()
            return
        ready, key = partial(self._ready, client), self._keys.operations_key
        routes = operator_pages(self._metrics, ready, client, key, overview.refresh)
        async with pages(declared.host, declared.workers_port, routes, setting="operations.workers_port"):
            task_status.started()
            await anyio.sleep_forever()

    async def _ready(self, client: redis.asyncio.Redis) -> bool:
        """Whether logins can be taken."""
        if self._draining or not self._platforms.warm:
            return False
        try:
            return bool(await client.ping())
        except redis.RedisError:
            return False


async def _create_group(client: redis.asyncio.Redis, stream: str) -> None:
    try:
        await client.xgroup_create(stream, GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise
