"""How a session of the plain WebSocket reaches its client: over the connection there is now.

A client that has asked for it (``session``) may lose its connection and come back (``resume``): what it is sent
meanwhile is kept, and everything is numbered.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, TypeAlias

from sockethub.crypto import Secret
from sockethub.gateway import wire
from sockethub.sessions.log import SessionLog
from sockethub.sessions.outbox import Outbox, OutboxFull

__all__ = ["Channel", "Close", "Connection", "Keeping", "closing"]

Send = Callable[[str], Awaitable[None]]

TOKEN_BYTES: Final = 24
RETRY_SECONDS: Final = (0.5, 5.0)
"""When clients of a gateway that restarts may come back: not before it is there again, and not all at once."""


class Close(IntEnum):
    """Close codes (RFC 6455 §7.4; 4000-4999 are the application's)."""

    OVER = 1000
    """The session is over, as its client has asked."""
    UNSUPPORTED_DATA = 1003
    TOO_BIG = 1009
    RESTART = 1012
    TRY_LATER = 1013
    """Too many connections from this address, or of this user."""

    UNAUTHENTICATED = 4001
    """The client has not shown in time who it is, or what it has shown does not hold."""
    EXPIRED = 4003
    """What the client had shown of who it is holds no more."""
    TOO_SLOW = 4008
    """The client did not read what it was sent."""
    RESUMED = 4009
    """Another connection has resumed the session."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how long a session without a connection is kept, and how much of what it is sent."""

    seconds: float
    frames: int
    characters: int


def closing(code: int, reason: str) -> dict[str, Any]:
    """The last frame: when to come back. At random, lest all come at once."""
    retry_after = round(random.uniform(*RETRY_SECONDS), 1)
    return {"event": "closing", "data": {"code": int(code), "reason": reason, "retryAfter": retry_after}}


class Connection:
    """One WebSocket."""

    def __init__(
        self, outbox_bytes: int, overflowed: Callable[[], None] = lambda: None, send: Send | None = None
    ) -> None:
        """``overflowed`` is called when it is closed because its client does not keep up.

        Frames are given to ``send`` by a task that there is only while there are any; without it somebody takes them.
        """
        self._outbox = Outbox(outbox_bytes)
        self._overflowed = overflowed
        self._send = send
        self._writing: asyncio.Task[None] | None = None
        self._last_words: tuple[int, str] | None = None
        self.closing: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    def put(self, text: str, offset: int | None = None) -> None:
        """Queue one frame; a client that does not keep up is closed."""
        if self.closing.done():
            return
        try:
            self._outbox.put(self.form(text, offset))
        except OutboxFull:
            self._overflowed()
            self.close(Close.TOO_SLOW, "you do not read what you are sent")
        else:
            self._begin()

    def catch_up(self, frames: list[str], after: int) -> None:
        """Queue what was missed ``after`` an offset, which the log bounds; what comes behind it counts as ever."""
        for offset, text in enumerate(frames, after + 1):
            self._outbox.put(self.form(text, offset), beyond=True)
        self._begin()

    def form(self, text: str, offset: int | None) -> str:
        """A frame as it goes over the wire."""
        return text

    def close(self, code: int, reason: str) -> None:
        if not self.closing.done():
            self.closing.set_result((code, reason))

    def finish(self, frame: dict[str, Any], code: int, reason: str) -> None:
        """Close once everything is written, ``frame`` last."""
        if self._last_words is None:
            self._last_words = code, reason
            self.put(wire.write(frame))

    def end_with(self, task: asyncio.Task[None]) -> None:
        """``task`` has ended; if it has failed, so has the connection."""
        if not task.cancelled() and (error := task.exception()) is not None and not self.closing.done():
            self.closing.set_exception(error)

    async def stop(self) -> None:
        """Write nothing more."""
        self._send = None
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])

    def _begin(self) -> None:
        if self._send is not None and self._writing is None and self._outbox:
            self._writing = asyncio.get_running_loop().create_task(self._write(self._send))
            self._writing.add_done_callback(self.end_with)

    async def _write(self, send: Send) -> None:
        try:
            while self._outbox:
                await send(await self._outbox.take())
                self.written()
        finally:
            self._writing = None

    def written(self) -> None:
        """What was taken last is on its way."""
        if self._last_words is not None and not self._outbox:
            self.close(*self._last_words)

    async def take(self) -> str:
        """What is to be sent next, once there is something."""
        return await self._outbox.take()


Token: TypeAlias = Secret[str]


class Channel:
    """A :class:`~sockethub.sessions.session.Transport` that outlives its connection."""

    def __init__(self, connection: Connection | None, name: str = "websocket") -> None:
        self.name = name
        self._connection = connection
        self._last = 0
        self._log: SessionLog | None = None
        self.token: Token | None = None

    @property
    def kept(self) -> bool:
        """Whether the client has asked to be able to resume."""
        return self._log is not None

    @property
    def last(self) -> int:
        """The offset of what was sent last."""
        return self._last

    def keep(self, keeping: Keeping) -> Token:
        """Begin to keep what is sent; what the client has to show in order to resume."""
        if self._log is None or self.token is None:
            self._log = SessionLog(frames=keeping.frames, characters=keeping.characters, after=self._last)
            self.token = Secret(secrets.token_urlsafe(TOKEN_BYTES))
        return self.token

    def deliver(self, event: str, data: Any) -> None:
        self._number({"event": event, "data": data})

    def acknowledge(self, identifier: str | int, value: Any) -> None:
        """Answer one event. It has an offset where the session is kept: an answer may be missed too."""
        frame = {"id": identifier, "ack": value}
        if self._log is None:
            self.send(frame)
        else:
            self._number(frame)

    def send(self, frame: dict[str, Any]) -> None:
        """Send what is about the connection itself, and never again."""
        if self._connection is not None:
            self._connection.put(wire.write(frame))

    def _number(self, frame: dict[str, Any]) -> None:
        self._last += 1
        text = wire.write({**frame, "offset": self._last})
        if self._log is not None:
            self._log.add(text)
        if self._connection is not None:
            self._connection.put(text, self._last)

    def close(self, code: int, reason: str) -> None:
        if self._connection is not None:
            self._connection.close(code, reason)

    def finish(self, code: int, reason: str) -> None:
        """Close the connection once everything is written."""
        if self._connection is not None:
            self._connection.finish(closing(code, reason), code, reason)

    def detach(self, connection: Connection) -> bool:
        """``connection`` is gone; whether it was this session's, rather than one that has been replaced."""
        if self._connection is not connection:
            return False
        self._connection = None
        return True

    def missed(self, offset: int) -> list[str] | None:
        """What came after ``offset``; None where that is not all there any more."""
        return None if self._log is None else self._log.since(offset)

    def attach(self, connection: Connection, seen: int) -> None:
        """From now on the client is reached here, and given what came after ``seen``; an older connection is closed."""
        self.close(Close.RESUMED, "another connection has resumed the session")
        self._connection = connection
        connection.catch_up(self.missed(seen) or [], seen)
