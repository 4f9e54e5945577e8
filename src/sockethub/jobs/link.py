"""A way to Redis with the commands of one loop tick written as one: the hot path of queue and replies.

redis-py takes a connection, writes, waits and parses for each command, which costs more than all else on the way of a
message, in time and, in a forked worker, in memory. This is the part of it that the hot path needs: any command, in
order, answers matched by order, nothing ever sent twice. Parsing and packing are hiredis's.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, cast

from redis.asyncio.connection import parse_url
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from sockethub.jobs.commands import SCRIPTS, Command, Word, auth
from sockethub.jobs.connection import BLOCKING_SECONDS, COMMAND_SECONDS, CONNECT_SECONDS, tune
from sockethub.jobs.sentinel import NoMaster, master_of
from sockethub.jobs.wire import Connection, NotDone, WritesRefused
from sockethub.redis_url import Address, sentinels_of, server_url

__all__ = ["NotDone", "RedisLink", "ServerLink", "WritesRefused", "digest"]

DEFAULT_PORT: Final = 6379


class RedisLink(ABC):
    """What the hot path knows of Redis, be that one server or a cluster.

    Failures are redis-py's: ``ConnectionError`` and ``TimeoutError`` (it may have been done, but for :class:`NotDone`),
    ``ResponseError`` (it was not), of which :class:`WritesRefused` passes.
    """

    @property
    @abstractmethod
    def connections(self) -> int:
        """How many there have been."""

    async def call(self, *command: Word) -> Any:
        """Send one command; its answer."""
        (answer,) = await self.exchange((command,))
        if isinstance(answer, RedisError):
            raise answer
        return answer

    async def batch(self, *commands: Command) -> list[Any]:
        """Send commands in one write; their answers. Raises the first error there is."""
        return _raised(await self.exchange(commands))

    async def transact(self, *commands: Command) -> list[Any]:
        """Send commands as one transaction (``MULTI`` … ``EXEC``); their answers.

        Raises the first command's error that there is; the others are done nevertheless, as Redis does it.
        """
        # The command that was refused says why, EXEC only that one was: it comes last.
        *_, answers = _raised(await self.exchange((("MULTI",), *commands, ("EXEC",))))
        return _raised(answers)

    def together(self, *commands: Command) -> list[tuple[Command, ...]]:
        """``commands`` as the fewest transactions that Redis takes them in, each after the one before: one, here."""
        return [commands]

    @abstractmethod
    async def aclose(self) -> None:
        """Close what is open; what is under way fails."""

    @abstractmethod
    def leave(self, master: Address) -> None:
        """``master`` is one now: close what leads to a server that is none any more. What is under way there fails, and
        may have been done."""

    @property
    def ready(self) -> bool:
        """Whether to send takes no more than writing to a connection that is there: then commands may :meth:`begin`."""
        return False

    def begin(self, commands: Sequence[Command]) -> asyncio.Future[list[Any]]:
        """As :meth:`exchange`, without a task, where the link is :attr:`ready`. Raises :class:`NotDone`."""
        raise NotDone("not connected")

    @abstractmethod
    async def exchange(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands in one write; their answers, errors among them."""


class ServerLink(RedisLink):
    """To one server. Connects at the first command, and again at the next after a connection was lost."""

    def __init__(self, url: str, *, blocking: bool = False, by_digest: bool = False) -> None:
        """``blocking`` is for one command at a time that waits at the server, at most ``BLOCK_MS`` there.

        ``by_digest`` is for who may bring no scripts: they are called by their digests, and others have loaded them.
        """
        self._target = parse_url(server_url(url))
        sentinels = sentinels_of(url)
        self._master = None if sentinels is None else master_of(sentinels)
        self._address: Address | None = None
        """Of the master, where it is sentinels that know it."""
        if self._master is not None:
            self._master.follow(self)
        self._blocking = blocking
        self._by_digest = by_digest
        self._patience = BLOCKING_SECONDS if blocking else COMMAND_SECONDS
        self._connections = 0
        self._connection: Connection | None = None
        self._closed = False
        self._connecting: asyncio.Task[Connection] | None = None
        self._line: deque[asyncio.Future[Connection]] = deque()
        """Those who wait for the connection, in the order they came."""

    @property
    def connections(self) -> int:
        return self._connections

    async def aclose(self) -> None:
        self._closed = True
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])  # it may just have succeeded
        if self._connection is not None:
            self._connection.close("closed")
            self._connection = None

    def leave(self, master: Address) -> None:
        if self._connection is not None and self._address != master:
            self._connection.close("the master is another server now")

    @property
    def ready(self) -> bool:
        return self._at_once is not None

    def begin(self, commands: Sequence[Command]) -> asyncio.Future[list[Any]]:
        connection = self._at_once
        return super().begin(commands) if connection is None else connection.send(commands)

    async def transact(self, *commands: Command) -> list[Any]:
        # With others of this tick: who waits for what one of them adds is given what all do.
        return _raised(await (await self._connected()).transact(commands))

    async def exchange(self, commands: Sequence[Command]) -> list[Any]:
        connection = await self._connected()
        try:
            return await connection.send(commands)
        except asyncio.CancelledError:
            if self._blocking:
                connection.close("cancelled")  # it goes on waiting at the server, and would take what comes next
            raise

    @property
    def _at_once(self) -> Connection | None:
        """The connection, where it is there and nobody waits for it."""
        connection = self._connection
        return None if self._line or connection is None or not connection.alive else connection

    async def _connected(self) -> Connection:
        if self._closed:
            raise NotDone("closed")  # else one more connection were made, that nobody closes
        if (connection := self._at_once) is not None:
            return connection
        # Whoever comes while others are about to be given the connection comes after them.
        loop = asyncio.get_running_loop()
        place: asyncio.Future[Connection] = loop.create_future()
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

    def _connect_done(self, task: asyncio.Task[Connection]) -> None:
        self._connecting = None
        outcome: Connection | BaseException = (
            NotDone("closed") if task.cancelled() else task.exception() or task.result()
        )
        if isinstance(outcome, Connection):
            self._connection = outcome
            self._connections += 1
        for place in self._line:
            _serve(place, outcome)

    def _protocol(self) -> Connection:
        return Connection(self._patience, _brief_always if self._by_digest else _brief)

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        target = self._target
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if "path" in target:
                    _, connection = await loop.create_unix_connection(self._protocol, target["path"])
                else:
                    secure = ssl.create_default_context() if "connection_class" in target else None
                    host, port = target.get("host", "localhost"), target.get("port", DEFAULT_PORT)
                    if self._master is not None:
                        host, port = self._address = await self._master.find()
                    transport, connection = await loop.create_connection(self._protocol, host, port, ssl=secure)
                    tune(transport.get_extra_info("socket"))
                scripts = not (self._blocking or self._by_digest)
                await _greet(connection, target, scripts=scripts, promoted=self._master is not None)
        except NotDone:
            raise
        except NoMaster as error:
            raise NotDone(str(error)) from None
        except (OSError, TimeoutError, RedisConnectionError) as error:
            raise NotDone(f"cannot connect ({type(error).__name__})") from None
        return connection


def _raised(answers: list[Any]) -> list[Any]:
    for answer in answers:
        if isinstance(answer, RedisError):
            raise answer
    return answers


def _serve(place: asyncio.Future[Connection], outcome: Connection | BaseException) -> None:
    """Give one in the line the connection, or say why there is none."""
    if place.done():
        return
    if isinstance(outcome, Connection):
        place.set_result(outcome)
    else:
        # Each its own: a raised exception grows a traceback.
        place.set_exception(type(outcome)(*outcome.args) if isinstance(outcome, RedisError) else outcome)


@cache
def digest(script: str) -> str:
    """What ``EVALSHA`` calls a script by."""
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()


_DIGESTS: Final = {script: digest(script) for script in SCRIPTS}
"""What Redis knows the scripts by that each connection begins with loading: else it reads them each time."""


def _brief(command: Command) -> Command:
    """The same command, a script named by its digest."""
    if command[0] == "EVAL" and (known := _DIGESTS.get(cast(str, command[1]))) is not None:
        return ("EVALSHA", known, *command[2:])
    return command


def _brief_always(command: Command) -> Command:
    """As :func:`_brief`, for who may bring no script at all."""
    return ("EVALSHA", digest(str(command[1])), *command[2:]) if command[0] == "EVAL" else command


async def _greet(connection: Connection, target: Any, *, scripts: bool, promoted: bool) -> None:
    """``promoted``: it has to be a master."""
    try:
        for command in _greeting(target):
            _raised(await connection.send((command,)))
        if promoted:
            (role,) = _raised(await connection.send((("ROLE",),)))
            if role[0] != b"master":
                raise NotDone("the server is no master yet, or no more")
        if scripts:
            _raised(await connection.send([("SCRIPT", "LOAD", script) for script in SCRIPTS]))
    except BaseException:
        connection.close("refused")
        raise


def _greeting(target: Any) -> list[Command]:
    """What comes before the first command: who we are, which database, and whether anybody is there at all.

    Something between us and Redis may take a connection and drop it, as container networks do while what is behind them
    restarts: a command sent into it would be one of which nobody knows whether it was done.
    """
    commands: list[Command] = [*auth(target.get("username"), target.get("password") or None)]
    if target.get("db"):
        commands.append(("SELECT", target["db"]))
    commands.append(("PING",))
    return commands
