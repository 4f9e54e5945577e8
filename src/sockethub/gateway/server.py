"""The gateway as a whole: its parts on one loop, served by Hypercorn in this process."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
import engineio
import redis.asyncio
import structlog
from anyio.abc import TaskStatus

from sockethub.accepting import listening
from sockethub.activity.platforms import Platforms
from sockethub.activity.registry import Registry
from sockethub.config.checks import is_loopback
from sockethub.config.gateway import Resume
from sockethub.config.models import Declaration
from sockethub.config.reload import Live, Reload, unable
from sockethub.crypto import KeyRing, RootKey, Secret
from sockethub.errors import QueueError
from sockethub.gateway import wsstream
from sockethub.gateway.admission import Admission
from sockethub.gateway.app import compose, make_app
from sockethub.gateway.channel import Close, Keeping
from sockethub.gateway.commands import Commands
from sockethub.gateway.events import EventServer
from sockethub.gateway.httpactions import HttpActions
from sockethub.gateway.httpstore import HttpStore
from sockethub.gateway.inbox import Inbox
from sockethub.gateway.kept import KeptSessions
from sockethub.gateway.limits import Limits
from sockethub.gateway.limitstore import LimitStore
from sockethub.gateway.logins import Logins
from sockethub.gateway.origins import Origins
from sockethub.gateway.overview import Overview
from sockethub.gateway.pipeline import MiddlewareContext, Pipeline
from sockethub.gateway.queueing import RESTARTING, Queueing
from sockethub.gateway.restoring import Restoring
from sockethub.gateway.router import Router
from sockethub.gateway.serving import Serving, certificate_of
from sockethub.gateway.socketio import SocketIoServer
from sockethub.gateway.sse import HttpSessions
from sockethub.gateway.tasks import Tasks
from sockethub.gateway.tracing import Tracing, tracing_of
from sockethub.gateway.websocket import WebSocketEndpoint
from sockethub.ipc import machine_id
from sockethub.jobs import AsyncProducer, RedisLink, connected, linked, use_fast_json
from sockethub.jobs.watching import watch
from sockethub.operations.http import pages
from sockethub.operations.metrics import GatewayMetrics
from sockethub.operations.orders import Orders
from sockethub.operations.page import operator_pages
from sockethub.operations.pulse import watch_loop, watch_redis
from sockethub.operations.recent import Recent
from sockethub.redis_url import Address
from sockethub.sessions.store import BEAT_SECONDS, RECORD_BEATS, SessionStore
from sockethub.sessions.table import SessionTable

MISSED_BEAT_SECONDS: Final = 1.0
"""Until the next try, when no sign of life could be given: before workers, who find none, take the long way."""

RELEASE_SECONDS: Final = 2.0
"""How long the records of the last sessions may take to be removed at the end."""


async def serve_gateway(
    declaration: Declaration,
    *,
    redis_url: Secret[str],
    root_key: RootKey,
    live: Live | None = None,
    tracing: Tracing | None = None,
    recent: Recent | None = None,
    task_status: TaskStatus[int] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until cancelled; then tell the clients, remove what is theirs, and return.

    ``live`` tells of changes of the declaration; ``tracing`` is instead of what it declares; ``recent`` is what this
    process logs.

    ``task_status`` is given the port once clients can connect. Raises :class:`~sockethub.errors.ConfigError` and
    :class:`~sockethub.errors.QueueError` when it cannot start.
    """
    use_fast_json()
    url = redis_url.reveal()
    async with (
        tracing_of(declaration.traces, tracing) as traced,
        connected(url) as client,
        linked(url) as link,
        linked(url, blocking=True) as inbox,
    ):
        gateway = _Gateway(
            declaration, KeyRing(root_key), client, link, inbox, traced, recent, unable if live is None else live.reload
        )
        if live is not None:
            live.watch(gateway.redeclare)
        async with gateway.running(url):
            await gateway.serve(task_status)


class _Gateway:
    """Puts the parts together."""

    def __init__(
        self,
        declaration: Declaration,
        keys: KeyRing,
        client: redis.asyncio.Redis,
        link: RedisLink,
        inbox: RedisLink,
        tracing: Tracing | None,
        recent: Recent | None,
        reload: Reload,
    ) -> None:
        declared = declaration.gateway
        self._declared = declared
        self._declaration = declaration
        self._id = os.urandom(8).hex()
        self._machine = machine_id()  # it reads a file, which a process with too many open could not later
        self._tasks = Tasks()
        self._metrics = metrics = GatewayMetrics()
        platforms = self._platforms = Platforms(declaration, Path.cwd())
        self._registry = Registry(platforms)
        self._sessions = SessionTable(declared.sockets_per_address, declared.sockets_per_user)
        self._store = SessionStore(client, self._id)
        producer = AsyncProducer(link)
        limits = self._limits = Limits(declaration, LimitStore(link, keys), self._tasks)
        self._logins = Logins(keys, self._store, self._sessions, limits)
        pipeline = self._pipeline = Pipeline.load(MiddlewareContext(declared, platforms))
        outgoing = pipeline.outgoing
        self._queueing = Queueing(
            self._id, platforms, producer, self._store, self._logins, self._tasks, metrics, outgoing
        )
        router = Router(self._sessions, self._queueing, self._logins, self._store, self._tasks, metrics, outgoing)
        links = {"commands": link, "inbox": inbox}
        kept = Recent(declaration.log.recent_bytes) if recent is None else recent
        self._overview = Overview(self._id, metrics, self._sessions, self._queueing, links, kept, reload)
        self._orders = Orders(self._id, keys.operations_key, client, self._overview.perform)
        self._inbox = Inbox(inbox, self._id, platforms, keys, router, self._orders, self._tasks)
        self._events = EventServer(platforms, keys, router)
        commands = self._commands = Commands(
            self._sessions,
            self._store,
            platforms,
            pipeline,
            self._registry,
            self._logins,
            self._queueing,
            self._tasks,
            Admission(declared, limits),
            limits,
            metrics,
            tracing,
            pending_limit=declared.pending_commands,
            pending_bytes=declared.pending_bytes,
        )
        self._kept = KeptSessions(commands, _keeping(declared.resume))
        self._restoring = Restoring(
            client,
            self._store,
            self._sessions,
            self._logins,
            self._queueing,
            router,
            self._kept.end,
            declaration.workers.lease_seconds,
        )
        self._endpoint = WebSocketEndpoint(
            commands,
            self._kept,
            outbox_bytes=declared.outbox_bytes,
            overflowed=partial(metrics.overflowed, "websocket"),
        )
        self._origins = Origins(declared)
        self._certificate = certificate_of(declared)
        http = declaration.http
        self._http_store = HttpStore(client, keys, http)
        self._actions = HttpActions(http, commands, self._http_store, self._origins, self._tasks)
        self._http_sessions = HttpSessions(
            declared, http, commands, self._kept, self._origins, partial(metrics.overflowed, "sse")
        )
        self._socketio = SocketIoServer(declared, commands, self._tasks, partial(metrics.overflowed, "socketio"))
        self._serving: Serving | None = None
        self._client = client
        self._keys = keys
        self._look = anyio.Event()
        """Set when the next beat must not wait."""
        self._log = structlog.get_logger(__name__).bind(gateway=self._id)

    @asynccontextmanager
    async def running(self, redis_url: str) -> AsyncIterator[None]:
        """Everything but the clients' side."""
        async with AsyncExitStack() as stack:
            declared = self._declaration.operations
            if declared.enabled:
                routes = operator_pages(self._metrics, self._ready, self._client, self._keys.operations_key)
                await stack.enter_async_context(pages(declared.host, declared.port, routes, setting="operations.port"))
            path = await stack.enter_async_context(self._events.listening())
            await self._store.announce(str(path), self._machine)
            await self._restoring.beat()
            tasks = await stack.enter_async_context(anyio.create_task_group())
            # Who is told to stop still reads the replies that clients wait for.
            background = anyio.CancelScope(shield=True)
            tasks.start_soon(self._background, background, str(path), redis_url)
            try:
                yield
            finally:
                with anyio.CancelScope(shield=True):
                    await self._tasks.finish(RELEASE_SECONDS)
                    background.cancel()
                    await self._withdraw()

    async def _background(self, scope: anyio.CancelScope, ipc: str, redis_url: str) -> None:
        with scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._inbox.run)
                tasks.start_soon(self._queueing.sweep)
                tasks.start_soon(self._beat, ipc)
                tasks.start_soon(watch_loop, self._metrics)
                tasks.start_soon(watch_redis, self._metrics, self._store.ping)
                tasks.start_soon(watch, redis_url, self._moved)

    def _moved(self, master: Address) -> None:
        """Another server of Redis is the master now: what is this gateway's is written there at once."""
        self._log.warning("another server of Redis is the master now", host=master[0], port=master[1])
        self._look.set()

    async def serve(self, task_status: TaskStatus[int]) -> None:
        """The clients' side, until cancelled."""
        app = make_app(self._declared, self._registry, self._ready, self._suggestions(), self._actions)
        self._http_sessions.register(app)
        application = compose(
            app,
            engineio.ASGIApp(self._socketio, engineio_path=None),
            self._endpoint,
            self._declared,
            self._origins,
        )
        wsstream.install(pong_seconds=self._declared.pong_seconds, inbound_messages=self._declared.inbound_messages)
        with listening(self._declared.host, self._declared.port, setting="gateway.port") as listener:
            serving = self._serving = Serving(application, self._declared, listener, self._certificate)
            port: int = listener.getsockname()[1]
            self._log.info("gateway is listening", host=self._declared.host, port=port)
            if self._in_the_clear():
                self._log.warning(
                    "tokens travel unencrypted: declare gateway.tls, or what ends TLS in gateway.trusted_proxies"
                )
            task_status.started(port)
            try:
                await anyio.sleep_forever()
            finally:
                with anyio.CancelScope(shield=True):
                    await self._close_clients()
                    await serving.aclose()

    def _in_the_clear(self) -> bool:
        declared = self._declared
        alone = declared.tls is None and not declared.trusted_proxies and not is_loopback(declared.host)
        return alone and self._commands.admission.waits

    async def redeclare(self, declaration: Declaration) -> None:
        """From now on this is declared, of what can change (:mod:`sockethub.config.reload`).

        Raises :class:`~sockethub.errors.ConfigError`, and changes nothing then.
        """
        self._platforms.replace(declaration, Path.cwd())
        self._registry.replace(self._platforms)
        declared, http = declaration.gateway, declaration.http
        self._declaration, self._declared = declaration, declared
        self._pipeline.redeclare(declared)
        self._origins.replace(declared)
        self._limits.redeclare(declaration)
        self._sessions.per_address, self._sessions.per_user = declared.sockets_per_address, declared.sockets_per_user
        self._commands.pending_limit = declared.pending_commands
        self._commands.pending_bytes = declared.pending_bytes
        self._kept.keeping = _keeping(declared.resume)
        self._endpoint.outbox_bytes = declared.outbox_bytes
        self._socketio.declare(declared)
        self._http_sessions.gateway, self._http_sessions.http = declared, http
        self._actions.declared = self._http_store.declared = http
        if self._serving is not None:
            self._serving.redeclare(declared)

    async def _close_clients(self) -> None:
        """Answer what is under way, then close: each client gets all that it is owed, if it reads."""
        self._commands.stopping = True
        half = self._declared.shutdown_seconds / 2
        await self._queueing.drain(half)
        with anyio.move_on_after(half):
            self._endpoint.finish_all(Close.RESTART, RESTARTING)
            self._kept.finish_all(Close.RESTART, RESTARTING)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._socketio.finish_all, Close.RESTART, RESTARTING)
                tasks.start_soon(self._endpoint.empty)
        await self._socketio.shutdown()
        self._endpoint.close_all(Close.RESTART, RESTARTING)
        self._kept.close_all(Close.RESTART, RESTARTING)
        self._kept.end_all()

    async def _beat(self, ipc: str) -> None:
        beats, pause = 0, BEAT_SECONDS
        while True:
            with anyio.move_on_after(pause):
                await self._look.wait()
            self._look = anyio.Event()
            beats, pause = beats + 1, BEAT_SECONDS
            if self._certificate is not None:
                self._certificate.look_again()
            try:
                alive = await self._store.announce(ipc, self._machine)
                await self._restoring.beat(counted_as_alive=alive)
                if beats % RECORD_BEATS == 0:
                    await self._store.keep(self._sessions)
                    await self._limits.beat()
                    self._logins.forget_unheard()
            except QueueError as error:
                self._log.warning("no sign of life could be given", error=str(error))
                pause = MISSED_BEAT_SECONDS

    async def _withdraw(self) -> None:
        try:
            await self._store.withdraw()
        except QueueError:
            self._log.warning("Redis is away; the gateway's records expire there by themselves")

    async def _ready(self) -> bool:
        if self._commands.stopping:
            return False
        try:
            await self._store.ping()
        except QueueError:
            return False
        return True

    def _suggestions(self) -> dict[str, Any]:
        """What the console's login form begins with."""
        local = self._declaration.local_irc
        return {"irc": {"server": "127.0.0.1", "port": local.port, "secure": False}} if local.enabled else {}


def _keeping(declared: Resume) -> Keeping:
    return Keeping(declared.seconds, declared.frames, declared.characters)
