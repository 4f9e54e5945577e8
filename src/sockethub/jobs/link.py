"""One connection to Redis with the commands of one loop tick written as one: the hot path of queue and replies.

redis-py takes a connection, writes, waits and parses for each command, which costs more than all else on the way of a
message, in time and, in a forked worker, in memory. This is the part of it that the hot path needs: any command, in
order, answers matched by order, nothing ever sent twice. Parsing and packing are hiredis's.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import hiredis
from redis.asyncio.connection import parse_url
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from sockethub.jobs.commands import Command, Word
from sockethub.jobs.connection import BLOCKING_SECONDS, COMMAND_SECONDS, CONNECT_SECONDS, tune

DEFAULT_PORT: Final = 6379
MAX_UNANSWERED: Final = 10_000
"""Commands under way on one connection; more are refused, for Redis does not keep up."""

MAX_UNSENT_BYTES: Final = 16 * 1024 * 1024
"""What may wait for the kernel to take it; beyond, commands are refused likewise."""

UNAVAILABLE: Final = (
    "LOADING",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "READONLY",
    "UNBLOCKED",  # what waits at a server is told so when that becomes a replica
    "ERR max number of clients reached",
)
"""Errors of a server that is there but does not serve at present: while it starts, or after it was demoted."""

REFUSING: Final = ("OOM", "MISCONF", "NOREPLICAS", "BUSY ")
"""Errors of a server that takes no writes at present: out of memory, its disk full, its replicas gone, or a script of
somebody's keeps it from everything else."""


class NotDone(RedisConnectionError):
    """Redis was not reached, or does not serve at present: nothing was done."""


class WritesRefused(ResponseError):
    """Redis takes no writes at present; nothing was done. It passes."""


class RedisLink:
    """Connects at the first command, and again at the next after a connection was lost.

    Failures are redis-py's: ``ConnectionError`` and ``TimeoutError`` (it may have been done, but for :class:`NotDone`),
    ``ResponseError`` (it was not), of which :class:`WritesRefused` passes.
    """

    def __init__(self, url: str, *, blocking: bool = False) -> None:
        """``blocking`` is for one command at a time that waits at the server, at most ``BLOCK_MS`` there."""
        self._target = parse_url(url)
        self._blocking = blocking
        self._patience = BLOCKING_SECONDS if blocking else COMMAND_SECONDS
        self._connection: _Connection | None = None
        self._connecting: asyncio.Task[_Connection] | None = None
        self._line: deque[asyncio.Future[_Connection]] = deque()
        """Those who wait for the connection, in the order they came."""

    async def call(self, *command: Word) -> Any:
        """Send one command; its answer."""
        connection = await self._connected()
        return await self._answer(connection, connection.send([command])[0])

    async def batch(self, *commands: Command) -> list[Any]:
        """Send commands in one write; their answers. Raises the first error there is."""
        connection = await self._connected()
        return [await self._answer(connection, future) for future in connection.send(list(commands))]

    async def transact(self, *commands: Command) -> list[Any]:
        """Send commands as one transaction (``MULTI`` … ``EXEC``); their answers.

        Raises the first command's error that there is; the others are done nevertheless, as Redis does it.
        """
        connection = await self._connected()
        *queued, done = connection.send([("MULTI",), *commands, ("EXEC",)])
        try:
            answers: list[Any] = await self._answer(connection, done)
        except ResponseError:
            for future in queued:
                await future  # the command that was refused says why, EXEC only that one was
            raise
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    async def aclose(self) -> None:
        """Close the connection; what is under way fails."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])  # it may just have succeeded
        if self._connection is not None:
            self._connection.close("closed")
            self._connection = None

    async def _answer(self, connection: _Connection, future: asyncio.Future[Any]) -> Any:
        try:
            return await future
        except asyncio.CancelledError:
            if self._blocking:
                connection.close("cancelled")  # it goes on waiting at the server, and would take what comes next
            raise

    async def _connected(self) -> _Connection:
        if not self._line and self._connection is not None and self._connection.alive:
            return self._connection
        # Whoever comes while others are about to be given the connection comes after them.
        loop = asyncio.get_running_loop()
        place: asyncio.Future[_Connection] = loop.create_future()
        self._line.append(place)
        if self._connecting is None:
            if self._connection is not None and self._connection.alive:
                loop.call_soon(_serve, place, self._connection)
            else:
                self._connecting = asyncio.create_task(self._connect())
                self._connecting.add_done_callback(self._connect_done)
        try:
            return await place
        finally:
            self._line.remove(place)

    def _connect_done(self, task: asyncio.Task[_Connection]) -> None:
        self._connecting = None
        outcome: _Connection | BaseException = (
            NotDone("closed") if task.cancelled() else task.exception() or task.result()
        )
        if isinstance(outcome, _Connection):
            self._connection = outcome
        for place in self._line:
            _serve(place, outcome)

    def _protocol(self) -> _Connection:
        return _Connection(self._patience)

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        target = self._target
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if "path" in target:
                    _, connection = await loop.create_unix_connection(self._protocol, target["path"])
                else:
                    secure = ssl.create_default_context() if "connection_class" in target else None
                    host, port = target.get("host", "localhost"), target.get("port", DEFAULT_PORT)
                    transport, connection = await loop.create_connection(self._protocol, host, port, ssl=secure)
                    tune(transport.get_extra_info("socket"))
                await _greet(connection, target)
        except NotDone:
            raise
        except (OSError, TimeoutError, RedisConnectionError) as error:
            raise NotDone(f"cannot connect ({type(error).__name__})") from None
        return connection


class _Connection(asyncio.Protocol):
    """Writes once per loop tick; gives answers to their askers in order.

    Closed when Redis owes an answer and is silent for ``patience`` seconds: one timer for all, where one for each
    command would cost a fifth of it.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._reader = hiredis.Reader(replyError=_error)
        self._unanswered: deque[asyncio.Future[Any]] = deque()
        self._out: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._lost = "the connection is gone"

    @property
    def alive(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, commands: list[Command]) -> list[asyncio.Future[Any]]:
        if self._transport is None or not self.alive:
            raise NotDone(self._lost)
        if (
            len(self._unanswered) + len(commands) > MAX_UNANSWERED
            or self._transport.get_write_buffer_size() > MAX_UNSENT_BYTES
        ):
            raise NotDone("Redis does not keep up")
        if not self._out:
            self._loop.call_soon(self._flush)
        if not self._unanswered:
            self._heard = self._loop.time()
            if self._timer is None:
                self._timer = self._loop.call_later(self._patience, self._check)
        futures: list[asyncio.Future[Any]] = [self._loop.create_future() for _ in commands]
        self._out += [_pack(command) for command in commands]
        self._unanswered += futures
        return futures

    def close(self, reason: str, error: type[RedisError] = RedisConnectionError) -> None:
        self._lost = reason
        if self._transport is not None:
            self._transport.abort()
        self._fail(error(reason))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are none by name

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        self._heard = self._loop.time()
        while (answer := self._reader.gets()) is not False:
            if not self._unanswered:
                self.close(f"Redis said unasked: {answer}")  # why it takes no further client, say
                return
            future = self._unanswered.popleft()
            if not future.done():
                _settle(future, answer)
            if isinstance(answer, RedisConnectionError):
                self.close(str(answer))
                return

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(RedisConnectionError("the connection was lost"))

    def _check(self) -> None:
        self._timer = None
        if not self._unanswered:
            return
        left = self._heard + self._patience - self._loop.time()
        if left <= 0:
            self.close("no answer in time", RedisTimeoutError)
        else:
            self._timer = self._loop.call_later(left, self._check)

    def _flush(self) -> None:
        data, self._out = b"".join(self._out), []
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _fail(self, error: RedisError) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._unanswered:
            future = self._unanswered.popleft()
            if not future.done():
                _settle(future, type(error)(*error.args))


def _serve(place: asyncio.Future[_Connection], outcome: _Connection | BaseException) -> None:
    """Give one in the line the connection, or say why there is none."""
    if place.done():
        return
    if isinstance(outcome, _Connection):
        place.set_result(outcome)
    else:
        # Each its own: a raised exception grows a traceback.
        place.set_exception(type(outcome)(*outcome.args) if isinstance(outcome, RedisError) else outcome)


def _settle(future: asyncio.Future[Any], answer: Any) -> None:
    if isinstance(answer, RedisError):
        future.set_exception(answer)
        future.exception()  # whoever asked may be gone; then nobody needs to hear of it
    else:
        future.set_result(answer)


def _error(text: str) -> RedisError:
    """What Redis's error means for whoever asked: again later on a new connection, again later, or never."""
    if text.startswith(UNAVAILABLE):
        return NotDone(text)
    return WritesRefused(text) if text.startswith(REFUSING) else ResponseError(text)


_pack: Callable[[Command], bytes] = hiredis.pack_command  # type: ignore[assignment]  # its stub knows tuples of one word


async def _greet(connection: _Connection, target: Any) -> None:
    try:
        for command in _greeting(target):
            await connection.send([command])[0]
    except BaseException:
        connection.close("refused")
        raise


def _greeting(target: Any) -> list[Command]:
    """What comes before the first command: who we are, which database, and whether anybody is there at all.

    Something between us and Redis may take a connection and drop it, as container networks do while what is behind them
    restarts: a command sent into it would be one of which nobody knows whether it was done.
    """
    commands: list[Command] = []
    if target.get("password"):
        name = (target["username"],) if target.get("username") else ()
        commands.append(("AUTH", *name, target["password"]))
    if target.get("db"):
        commands.append(("SELECT", target["db"]))
    commands.append(("PING",))
    return commands


@asynccontextmanager
async def linked(url: str, *, blocking: bool = False) -> AsyncIterator[RedisLink]:
    """A :class:`RedisLink` that is closed at the end of the block."""
    link = RedisLink(url, blocking=blocking)
    try:
        yield link
    finally:
        await link.aclose()
