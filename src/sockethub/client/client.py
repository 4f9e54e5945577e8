"""The shell around the core: one socket after the other, a timer, those who wait for an answer."""

from __future__ import annotations

import json
import random
import uuid
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import anyio
import websockets.asyncio.client
from anyio.abc import TaskGroup
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus

from sockethub.client.actor import Activity, Actor, Entity
from sockethub.client.core import (
    PATIENCE,
    QUEUE,
    RATE,
    AskToken,
    Core,
    Drop,
    Effect,
    Emit,
    Frame,
    Kind,
    Open,
    Options,
    Send,
    Settle,
    State,
    Tokens,
)
from sockethub.client.errors import CommandError, NotSentError, OutcomeUnknownError, SockethubError
from sockethub.client.streams import Event, Stream

ANSWER_WITHIN: Final = 60.0
LONGEST_DATA: Final = 262_144 - 256
"""What the gateway takes by default (``gateway.max_message_bytes``), with room for the frame around it."""
NO_GATEWAY: Final = "what answers there is no Sockethub gateway"
LONGEST_RECEIVED: Final = 16 * 2**20
"""Nothing that a gateway sends comes near; what does is a mistake, and must not fill the memory."""
CLOSE_SECONDS: Final = 2.0
ABNORMAL: Final = 1006
"""Stands for a close code where there was none (RFC 6455 §7.4.1)."""
REFUSED: Final = (401, 403)
"""Answers to the handshake that do not change by asking again."""

Connection: TypeAlias = websockets.asyncio.client.ClientConnection
Dial: TypeAlias = Callable[[str], AbstractAsyncContextManager[Connection]]
"""Opens a socket to an address."""
GiveToken: TypeAlias = Callable[[], Awaitable[str | None]]
"""Gives a token that holds now; None: there is none, and the client is closed. :class:`OSError`, of which
:class:`TimeoutError` is one, says that it cannot be had just now."""

_ERRORS: Final[dict[Kind, type[SockethubError]]] = {
    "error": CommandError,
    "unknown": OutcomeUnknownError,
    "unsent": NotSentError,
}


def dial(url: str) -> AbstractAsyncContextManager[Connection]:
    """A socket as the gateway wants it. That it is alive is the core's affair, not of WebSocket pings."""
    return websockets.asyncio.client.connect(
        url,
        compression=None,
        max_size=LONGEST_RECEIVED,
        open_timeout=PATIENCE,
        close_timeout=CLOSE_SECONDS,
        ping_interval=None,
    )


def new_id() -> str:
    """A new random id, for activities and messages."""
    return uuid.uuid4().hex


class Client:
    """A session with a gateway, which outlives its connections. Made by :func:`connect`."""

    def __init__(
        self, url: str, options: Options, within: float, dial: Dial, give_token: GiveToken, tasks: TaskGroup
    ) -> None:
        self._core = Core(options)
        self._url = url
        self._within = within
        self._dial = dial
        self._give_token = give_token
        self._asking = anyio.CancelScope()
        self._tasks = tasks
        self._changed = anyio.Event()
        self._state_changed = anyio.Event()
        self._reason = ""
        self._last_key = 0
        self._waiting: dict[int, _Waiter] = {}
        self._streams: set[Stream[Any]] = set()
        self._socket: _Socket | None = None

    @property
    def state(self) -> State:
        """``connecting``, ``ready``, ``waiting`` (to come back) or ``closed``."""
        return self._core.state

    @property
    def registry(self) -> dict[str, Any] | None:
        """What the gateway offers: platforms, verbs, schemas; None until the client was ready once."""
        return self._core.registry

    async def ready(self, within: float | None = None) -> None:
        """Return once commands are answered.

        Raises :class:`~sockethub.client.NotSentError` when the client is closed, or not ready ``within`` that many
        seconds.
        """
        with anyio.move_on_after(self._within if within is None else within):
            while self.state != "ready":
                if self.state == "closed":
                    raise NotSentError(self._reason)
                await self._state_changed.wait()
            return
        raise NotSentError(f"the gateway cannot be reached ({self._reason or 'no answer'})")

    def context_for(self, platform: str) -> list[str]:
        """The JSON-LD contexts of a platform, for activities that say ``@context``.

        Raises :class:`LookupError` for a platform that the gateway does not have, and before the client was ready.
        """
        if self.registry is None:
            raise LookupError("not ready yet")
        for known in self.registry["platforms"]:
            if known["id"] == platform:
                return [self.registry["contexts"]["as"], self.registry["contexts"]["sockethub"], known["contextUrl"]]
        raise LookupError(f"no platform {platform} here")

    def actor(self, platform: str, actor: Entity) -> Actor:
        """Whoever acts on a platform: an id, or an object with ``id``, ``type`` and ``name``."""
        return Actor(self._submit, platform, actor)

    async def fetch(self, platform: str, url: str, **members: Any) -> Activity:
        """Fetch what a URL names: a feed, a page. ``members`` are those of the object."""
        return await self.actor(platform, {"id": url}).act("fetch", **members)

    async def send(self, activity: Activity, within: float | None = None) -> Activity:
        """Submit an activity; the platform's answer. It is given an ``id``, so that it is never done twice.

        Raises :class:`~sockethub.client.CommandError`, :class:`~sockethub.client.NotSentError` and
        :class:`~sockethub.client.OutcomeUnknownError`.
        """
        answer: Activity = await self.request("message", {"id": f"urn:uuid:{uuid.uuid4()}", **activity}, within)
        return answer

    async def request(self, event: str, data: Any = None, within: float | None = None) -> Any:
        """Submit any event of the plain WebSocket; its acknowledgement. Raises as :meth:`send` does."""
        shown = _without_secrets(event, data)
        if len(json.dumps(data)) > LONGEST_DATA:
            raise NotSentError("longer than the gateway takes", shown)
        self._last_key += 1
        key, waiter, now = self._last_key, _Waiter(shown), anyio.current_time()
        self._waiting[key] = waiter
        try:
            deadline = now + (self._within if within is None else within)
            self._do(self._core.submit(key, event, data, now, deadline))
            return await waiter.answer()
        finally:
            self._waiting.pop(key, None)

    def messages(self, wanted: Callable[[Activity], bool] = lambda _activity: True) -> Stream[Activity]:
        """Activities of the platforms from now on, those that are ``wanted``."""

        def pick(event: Event) -> Activity | None:
            return event.detail if wanted(event.detail) else None

        return self._follow(Stream("message", pick, self._streams.discard))

    def events(self) -> Stream[Event]:
        """Everything from now on, activities among it."""
        return self._follow(Stream(None, lambda event: event, self._streams.discard))

    def forget(self) -> None:
        """Let go of all credentials: a session that cannot be resumed is not logged in again."""
        self._core.forget()

    async def close(self) -> None:
        """End the session, as the end of the block does; what has no answer yet is an error."""
        socket = self._socket
        self._do(self._core.stop())
        if socket is not None:
            with anyio.move_on_after(CLOSE_SECONDS):
                await socket.gone.wait()

    async def _submit(self, event: str, data: Activity) -> Any:
        return await (self.send(data) if event == "message" else self.request(event, data))

    def _follow(self, stream: Stream[Any]) -> Stream[Any]:
        self._streams.add(stream)
        if self.state == "closed":
            stream.finish()
        return stream

    # --- Effects ------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        """Begin, and let time pass."""
        self._do(self._core.start(anyio.current_time()))
        while self.state != "closed":
            self._changed = anyio.Event()
            with anyio.move_on_at(self._core.wake_at) as waited:
                await self._changed.wait()
            if waited.cancelled_caught:
                self._do(self._core.tick(anyio.current_time(), random.random()))

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            self._perform(effect)
        self._changed.set()

    def _perform(self, effect: Effect) -> None:
        match effect:
            case AskToken():
                self._asking.cancel()
                self._asking = anyio.CancelScope()
                self._tasks.start_soon(self._ask_for_token, self._asking)
            case Open():
                self._socket = _Socket()
                self._tasks.start_soon(self._connect, self._socket)
            case Send(frame):
                assert self._socket is not None
                self._socket.put(frame)
            case Drop():
                if self._socket is not None:
                    self._socket.put(None)
                    self._socket = None
            case Settle(key, kind, value):
                if key in self._waiting:
                    self._waiting[key].settle(kind, value)
            case Emit(name, detail):
                self._tell(Event(name, detail))

    def _tell(self, event: Event) -> None:
        if event.name == "state":
            self._reason = event.detail.get("reason", "")
            self._state_changed.set()
            self._state_changed = anyio.Event()
        for stream in self._streams:
            stream.put(event)
            if self.state == "closed":
                stream.finish()

    async def _ask_for_token(self, scope: anyio.CancelScope) -> None:
        """One attempt at a time: ``scope`` is cancelled by the next."""
        with scope:
            try:
                token = await self._give_token()
            except OSError as error:
                reason = f"there is no token: {error}"
                self._do(self._core.tokenless(reason, anyio.current_time(), random.random()))
                return
            self._do(self._core.token(token, anyio.current_time()))

    # --- One connection -----------------------------------------------------------------------------------------------

    async def _connect(self, socket: _Socket) -> None:
        code, reason, final = ABNORMAL, "", False
        try:
            async with self._dial(self._url) as connection, anyio.create_task_group() as tasks:
                if self._socket is socket:
                    self._do(self._core.opened(anyio.current_time()))
                tasks.start_soon(self._read, connection, socket)
                await socket.write(connection)
                tasks.cancel_scope.cancel()
        except* InvalidStatus as group:
            error = _first(group)
            assert isinstance(error, InvalidStatus)
            final = error.response.status_code in REFUSED
            reason = f"the gateway answered {error.response.status_code} {error.response.reason_phrase}"
        except* (OSError, TimeoutError, InvalidHandshake, InvalidMessage, EOFError) as group:
            reason = str(_first(group))
        except* ValueError:
            reason, final = NO_GATEWAY, True
        except* ConnectionClosed as group:
            error = _first(group)
            assert isinstance(error, ConnectionClosed)
            if error.rcvd is not None:
                code, reason = error.rcvd.code, error.rcvd.reason
        finally:
            socket.gone.set()
        if self._socket is socket:
            self._do(self._core.lost(code, reason, anyio.current_time(), random.random(), final=final))

    async def _read(self, connection: Connection, socket: _Socket) -> None:
        while True:
            frame = json.loads(await connection.recv())
            if not isinstance(frame, dict):
                raise ValueError(NO_GATEWAY)
            if self._socket is socket:
                self._do(self._core.received(frame, anyio.current_time()))


class _Socket:
    """What is to be written to a connection; how much that is the core bounds."""

    def __init__(self) -> None:
        self._frames: deque[Frame | None] = deque()
        self._arrived = anyio.Event()
        self.gone = anyio.Event()

    def put(self, frame: Frame | None) -> None:
        """Write a frame; None: close."""
        self._frames.append(frame)
        self._arrived.set()

    async def write(self, connection: Connection) -> None:
        """Write until told to close."""
        while True:
            while self._frames:
                frame = self._frames.popleft()
                if frame is None:
                    return
                await connection.send(json.dumps(frame))
            self._arrived = anyio.Event()
            await self._arrived.wait()


class _Waiter:
    """Waits for an answer."""

    def __init__(self, data: Any) -> None:
        self._data = data
        self._settled = anyio.Event()
        self._kind: Kind = "unsent"
        self._value: Any = None

    def settle(self, kind: Kind, value: Any) -> None:
        self._kind, self._value = kind, value
        self._settled.set()

    async def answer(self) -> Any:
        await self._settled.wait()
        if self._kind == "result":
            return self._value
        answered = isinstance(self._value, dict)
        text = str(self._value["error"] if answered else self._value)
        raise _ERRORS[self._kind](text, self._value if answered else self._data)


def _without_secrets(event: str, data: Any) -> Any:
    """What an error may show of what was submitted."""
    if event == "authenticate":
        return None
    return {**data, "object": {"type": "credentials"}} if event == "credentials" and isinstance(data, dict) else data


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def websocket_address(address: str) -> str:
    """The address of the WebSocket, given its own or the gateway's; raises :class:`ValueError`."""
    parts = urlsplit(address)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in ("ws", "wss") or not parts.netloc:
        raise ValueError(f"{address!r} is no address such as http://localhost:10550")
    path = (parts.path or "/") + ("ws" if (parts.path or "/").endswith("/") else "")
    return urlunsplit((scheme, parts.netloc, path, parts.query, ""))


def _tokens(token: str | GiveToken | None) -> tuple[Tokens, GiveToken]:
    if token is not None and not isinstance(token, str):
        return "fresh", token

    async def same() -> str | None:
        return token

    return "none" if token is None else "same", same


@asynccontextmanager
async def connect(
    address: str,
    *,
    token: str | GiveToken | None = None,
    within: float = ANSWER_WITHIN,
    dial: Dial = dial,
    resume: bool = True,
    remember: bool = True,
    queue: int = QUEUE,
    rate: int = RATE,
) -> AsyncIterator[Client]:
    """A session at ``address``, that of the gateway or of its WebSocket, for as long as the block lasts.

    Returns at once: commands wait for the connection, ``within`` seconds each. ``resume``, ``remember``, ``queue`` and
    ``rate`` are :class:`~sockethub.client.core.Options`; ``dial`` opens sockets in another way.

    ``token`` is shown to a gateway that asks who clients are. A function is awaited for each connection, and for a
    newer token before the one in use expires; where it raises anything but :class:`OSError`, that ends the block.
    """
    kept, give_token = _tokens(token)
    options = Options(resume=resume, remember=remember, queue=queue, rate=rate, token=kept)
    try:
        async with anyio.create_task_group() as tasks:
            client = Client(websocket_address(address), options, within, dial, give_token, tasks)
            tasks.start_soon(client._run)
            try:
                yield client
            finally:
                with anyio.CancelScope(shield=True):
                    await client.close()
                tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        # That there is a task group is nobody's business: what the block raises comes out as it is.
        if len(group.exceptions) != 1:
            raise
        raise group.exceptions[0] from None
