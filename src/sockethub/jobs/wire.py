"""One connection to a server: commands of one loop tick are written as one, answers given to their askers in order."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import hiredis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from sockethub.jobs.commands import Command

__all__ = ["Connection", "NotDone", "Redirected", "WritesRefused", "error_of"]

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
    "WRONGPASS",
    "NOSCRIPT",  # somebody has flushed the scripts: the next connection, or the supervisor, loads them
)
"""Errors of a server that is there but does not serve at present: while it starts, after it was demoted, or until
somebody has told it (again) of its users and scripts."""

REFUSING: Final = ("OOM", "MISCONF", "NOREPLICAS", "BUSY ")
"""Errors of a server that takes no writes at present: out of memory, its disk full, its replicas gone, or a script of
somebody's keeps it from everything else."""

REDIRECTING: Final = ("MOVED ", "ASK ", "TRYAGAIN")
"""Errors of a cluster's server that has not, or not all of, what was asked of it."""


class NotDone(RedisConnectionError):
    """Redis was not reached, or does not serve at present: nothing was done."""


class WritesRefused(ResponseError):
    """Redis takes no writes at present; nothing was done. It passes."""


class Redirected(ResponseError):
    """Another server has it, or will have; nothing was done."""


MAX_TRANSACTION: Final = 256
"""Commands that leave as one transaction, where several were asked for: Redis does nothing else meanwhile."""

_MULTI: Final = hiredis.pack_command(("MULTI",))
_EXEC: Final = hiredis.pack_command(("EXEC",))


class _Exchange(ABC):
    """Commands that were sent together, and what they were answered so far; ``left`` were not yet."""

    __slots__ = ("answers", "left")

    def __init__(self, left: int) -> None:
        self.left = left
        self.answers: list[Any] = []

    @abstractmethod
    def answered(self) -> None:
        """All was answered."""

    @abstractmethod
    def failed(self, error: RedisError) -> None:
        """Some will not be."""


class _Commands(_Exchange):
    """Each by itself."""

    __slots__ = ("_future",)

    def __init__(self, future: asyncio.Future[list[Any]], left: int) -> None:
        super().__init__(left)
        self._future = future

    def answered(self) -> None:
        if not self._future.done():
            self._future.set_result(self.answers)

    def failed(self, error: RedisError) -> None:
        _fail(self._future, error)


class _Transaction(_Exchange):
    """Transactions that were sent as one."""

    __slots__ = ("_members",)

    def __init__(self) -> None:
        super().__init__(len((_MULTI, _EXEC)))
        self._members: list[tuple[asyncio.Future[list[Any]], int]] = []
        """Who asked for how many of the commands."""

    def add(self, future: asyncio.Future[list[Any]], commands: int) -> None:
        self._members.append((future, commands))
        self.left += commands

    def answered(self) -> None:
        # A command that was refused says why, EXEC only that one was: it comes last.
        refused = next((answer for answer in self.answers if isinstance(answer, RedisError)), None)
        if refused is not None:
            self.failed(refused)
            return
        done, start = self.answers[-1], 0
        for future, commands in self._members:
            if not future.done():
                future.set_result(done[start : start + commands])
            start += commands

    def failed(self, error: RedisError) -> None:
        for future, _ in self._members:
            _fail(future, error)


def _fail(future: asyncio.Future[list[Any]], error: RedisError) -> None:
    if not future.done():
        future.set_exception(type(error)(*error.args))  # each its own: a raised exception grows a traceback
        future.exception()  # whoever asked may be gone; then nobody needs to hear of it


class Connection(asyncio.Protocol):
    """Writes once per loop tick; gives answers to their askers in order.

    Closed when Redis owes an answer and is silent for ``patience`` seconds: one timer for all, where one for each
    command would cost a fifth of it.
    """

    def __init__(self, patience: float, brief: Callable[[Command], Command]) -> None:
        self._patience = patience
        self._brief = brief
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._reader = hiredis.Reader(replyError=error_of)
        self._exchanges: deque[_Exchange] = deque()
        self._unanswered = 0
        """Commands in them that were not answered yet."""
        self._out: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._lost = "the connection is gone"

    @property
    def alive(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, commands: Sequence[Command]) -> asyncio.Future[list[Any]]:
        """Write commands at the end of this tick; the future is given their answers, errors among them."""
        self._admit(len(commands))
        future: asyncio.Future[list[Any]] = self._loop.create_future()
        self._out += [_pack(self._brief(command)) for command in commands]
        self._exchanges.append(_Commands(future, len(commands)))
        self._unanswered += len(commands)
        return future

    def transact(self, commands: Sequence[Command]) -> asyncio.Future[list[Any]]:
        """As :meth:`send`, as a transaction: with those of this tick that nothing is in between. The future fails where
        it was refused."""
        self._admit(len(commands) + 2)
        future: asyncio.Future[list[Any]] = self._loop.create_future()
        transaction = self._exchanges[-1] if self._out and self._exchanges else None  # what was sent last, in this tick
        if not isinstance(transaction, _Transaction) or transaction.left + len(commands) > MAX_TRANSACTION:
            transaction = _Transaction()
            self._out += (_MULTI, _EXEC)
            self._exchanges.append(transaction)
            self._unanswered += 2
        self._out[-1:] = [*(_pack(self._brief(command)) for command in commands), _EXEC]
        transaction.add(future, len(commands))
        self._unanswered += len(commands)
        return future

    def _admit(self, commands: int) -> None:
        """Raises :class:`NotDone` where so many more cannot be sent."""
        if self._transport is None or not self.alive:
            raise NotDone(self._lost)
        if self._unanswered + commands > MAX_UNANSWERED or self._transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            raise NotDone("Redis does not keep up")
        if not self._out:
            self._loop.call_soon(self._flush)
        if not self._unanswered:
            self._heard = self._loop.time()
            if self._timer is None:
                self._timer = self._loop.call_later(self._patience, self._check)

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
            self._unanswered -= 1
            exchange = self._exchanges[0]
            exchange.answers.append(answer)
            exchange.left -= 1
            if not exchange.left:
                self._exchanges.popleft()
                exchange.answered()
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
        self._unanswered = 0
        while self._exchanges:
            self._exchanges.popleft().failed(error)


def error_of(text: str) -> RedisError:
    """What Redis's error means for whoever asked: again later on a new connection, again later, or never."""
    if text.startswith(UNAVAILABLE):
        return NotDone(text)
    if text.startswith(REDIRECTING):
        return Redirected(text)
    return WritesRefused(text) if text.startswith(REFUSING) else ResponseError(text)


_pack: Callable[[Command], bytes] = hiredis.pack_command  # type: ignore[assignment]  # its stub knows tuples of one word
