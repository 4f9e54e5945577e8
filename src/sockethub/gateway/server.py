"""The gateway as a whole: its parts on one loop, served by Hypercorn in this process."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import engineio
import hypercorn.asyncio
import hypercorn.config
import redis.asyncio
import structlog
from anyio.abc import TaskStatus

from sockethub.activity.platforms import Platforms
from sockethub.activity.registry import Registry
from sockethub.config.models import Declaration
from sockethub.crypto import KeyRing, MasterKey, Secret
from sockethub.errors import ConfigError, QueueError
from sockethub.gateway import wsstream
from sockethub.gateway.app import compose, make_app
from sockethub.gateway.channel import Close, Keeping
from sockethub.gateway.commands import Commands
from sockethub.gateway.events import EventServer
from sockethub.gateway.httpactions import HttpActions
from sockethub.gateway.httpstore import HttpStore
from sockethub.gateway.inbox import Inbox
from sockethub.gateway.kept import KeptSessions
from sockethub.gateway.logins import Logins
from sockethub.gateway.origins import Origins
from sockethub.gateway.pipeline import MiddlewareContext, Pipeline
from sockethub.gateway.queueing import RESTARTING, Queueing
from sockethub.gateway.restoring import Restoring
from sockethub.gateway.router import Router
from sockethub.gateway.socketio import SocketIoServer
from sockethub.gateway.sse import HttpSessions
from sockethub.gateway.tasks import Tasks
from sockethub.gateway.websocket import WebSocketEndpoint
from sockethub.ipc import machine_id
from sockethub.jobs import AsyncProducer, RedisLink, connected, linked
from sockethub.sessions.store import BEAT_SECONDS, RECORD_BEATS, SessionStore
from sockethub.sessions.table import SessionTable

BACKLOG: Final = 1_024
"""Connections the kernel accepts before this process does: a page that many people reload at once."""

READ_MARGIN_SECONDS: Final = 15.0
"""Beyond ping and pong, how long a connection may be silent before it is closed, whatever it speaks."""

RELEASE_SECONDS: Final = 2.0
"""How long the records of the last sessions may take to be removed at the end."""


async def serve_gateway(
    declaration: Declaration,
    *,
    redis_url: Secret[str],
    master_key: MasterKey,
    task_status: TaskStatus[int] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until cancelled; then tell the clients, remove what is theirs, and return.

    ``task_status`` is given the port once clients can connect. Raises :class:`~sockethub.errors.ConfigError` and
    :class:`~sockethub.errors.QueueError` when it cannot start.
    """
    url = redis_url.reveal()
    async with (
        connected(url) as client,
        linked(url) as link,
        linked(url, blocking=True) as inbox,
    ):
        gateway = _Gateway(declaration, KeyRing(master_key), client, link, inbox)
        async with gateway.running():
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
    ) -> None:
        declared = declaration.gateway
        self._declared = declared
        self._declaration = declaration
        self._id = os.urandom(8).hex()
        self._tasks = Tasks()
        platforms = Platforms(declaration, Path.cwd())
        self._registry = Registry(platforms)
        self._sessions = SessionTable(declared.sockets_per_address)
        self._store = SessionStore(client, self._id)
        producer = AsyncProducer(link)
        self._logins = Logins(keys, self._store, self._sessions)
        lease_seconds = declaration.workers.lease_seconds
        self._restoring = Restoring(client, self._store, self._sessions, self._logins, lease_seconds)
        self._queueing = Queueing(self._id, platforms, producer, self._store, self._logins, self._tasks)
        router = Router(self._sessions, self._queueing, self._logins, self._store, self._tasks)
        self._inbox = Inbox(inbox, self._id, platforms, keys, router)
        self._events = EventServer(platforms, keys, router)
        commands = self._commands = Commands(
            self._sessions,
            self._store,
            platforms,
            Pipeline.load(MiddlewareContext(declared, platforms)),
            self._registry,
            self._logins,
            self._queueing,
            self._tasks,
            pending_limit=declared.pending_commands,
        )
        resume = declared.resume
        self._kept = KeptSessions(commands, Keeping(resume.seconds, resume.frames, resume.characters))
        self._endpoint = WebSocketEndpoint(commands, self._kept, outbox_messages=declared.outbox_messages)
        self._origins = Origins(declared)
        http = declaration.http
        self._actions = HttpActions(http, commands, HttpStore(client, keys, http), self._origins, self._tasks)
        self._http_sessions = HttpSessions(declared, http, commands, self._kept, self._origins)
        self._socketio = SocketIoServer(declared, commands, self._tasks)
        self._log = structlog.get_logger(__name__).bind(gateway=self._id)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything but the clients' side."""
        async with AsyncExitStack() as stack:
            path = await stack.enter_async_context(self._events.listening())
            await self._store.announce(str(path), machine_id())
            await self._restoring.beat()
            tasks = await stack.enter_async_context(anyio.create_task_group())
            # Who is told to stop still reads the replies that clients wait for.
            background = anyio.CancelScope(shield=True)
            tasks.start_soon(self._background, background, str(path))
            try:
                yield
            finally:
                with anyio.CancelScope(shield=True):
                    await self._tasks.finish(RELEASE_SECONDS)
                    background.cancel()
                    await self._withdraw()

    async def _background(self, scope: anyio.CancelScope, ipc: str) -> None:
        with scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._inbox.run)
                tasks.start_soon(self._queueing.sweep)
                tasks.start_soon(self._beat, ipc)

    async def serve(self, task_status: TaskStatus[int]) -> None:
        """The clients' side, until cancelled."""
        app = make_app(self._declared, self._endpoint, self._registry, self._ready, self._suggestions(), self._actions)
        self._http_sessions.register(app)
        application = compose(
            app,
            engineio.ASGIApp(self._socketio, engineio_path=None),
            self._declared.socketio_path,
            self._origins,
        )
        wsstream.install(self._declared.pong_seconds)
        with _listening(self._declared.host, self._declared.port) as listener:
            stop = asyncio.Event()
            server = asyncio.ensure_future(
                hypercorn.asyncio.serve(application, self._config(listener), shutdown_trigger=stop.wait)
            )
            port: int = listener.getsockname()[1]
            self._log.info("gateway is listening", host=self._declared.host, port=port)
            task_status.started(port)
            try:
                await asyncio.shield(server)
            finally:
                with anyio.CancelScope(shield=True):
                    await self._close_clients()
                    stop.set()
                    await asyncio.wait([server], timeout=self._declared.shutdown_seconds)

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
        beats = 0
        while True:
            await anyio.sleep(BEAT_SECONDS)
            beats += 1
            try:
                await self._store.announce(ipc, machine_id())
                await self._restoring.beat()
                if beats % RECORD_BEATS == 0:
                    await self._store.keep(self._sessions)
                    self._logins.forget_unheard()
            except QueueError as error:
                self._log.warning("no sign of life could be given", error=str(error))

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

    def _config(self, listener: socket.socket) -> hypercorn.config.Config:
        declared = self._declared
        config = hypercorn.config.Config()
        config.bind = [f"fd://{os.dup(listener.fileno())}"]
        config.accesslog = None
        config.errorlog = logging.getLogger("hypercorn.error")
        config.include_server_header = False
        config.backlog = BACKLOG
        config.websocket_max_message_size = declared.max_message_bytes
        config.websocket_ping_interval = declared.ping_seconds
        config.read_timeout = round(declared.ping_seconds + declared.pong_seconds + READ_MARGIN_SECONDS)
        config.graceful_timeout = 1.0
        return config


def _listening(host: str, port: int) -> socket.socket:
    """A listening socket; raises :class:`~sockethub.errors.ConfigError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigError(f"gateway: cannot listen on {host} port {port}: {error.strerror or error}") from None
    return listener
