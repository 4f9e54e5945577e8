"""A client that does what a good client does: it comes back, resumes, and sends again what it was not answered."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.faults.history import ERROR, RESULT, History
from tests.faults.services import Service
from tests.support.processes import PATIENCE

BACK_AFTER_SECONDS = 0.05
MOST_AT_ONCE = 200
SILENT_SECONDS = 3.0
"""Without a frame for so long while answers are awaited, a connection is given up."""


class Talker:
    """One user of one page; keeps its ``history``.

    Connects to ``url`` and takes up its session there for as long as the block lasts. A command that was not answered
    when a connection was lost is sent again on the next one, in its place and under its id.
    """

    def __init__(self, service: Service, name: str, room: str, port: int, url: str) -> None:
        self.name, self.room = name, room
        self.history = History(asyncio.get_running_loop().time)
        self._service, self._port, self._url = service, port, url
        self._frames = itertools.count(1)
        self._open: dict[str, dict[str, Any]] = {}
        """Commands without an answer, by content, in order."""
        self._awaited: dict[int, asyncio.Future[Any]] = {}
        self._questions: set[int] = set()
        """Frames that are no command."""
        self._contents: dict[int, str] = {}
        """Commands by frame: each frame is answered once."""
        self._session: dict[str, Any] = {}
        self._in = False
        """Whether all that begins a conversation was granted."""
        self._known: set[str] = set()
        self._socket: ClientConnection | None = None
        self._heard_at = 0.0

    async def say(self, content: str) -> None:
        """Ask for it to be said; now, or once there is a connection."""
        self.history.ask(content)
        note = self._service.note(self.name, self.room, content) | {"id": f"urn:{self.name}:{content}"}
        self._open[content] = note
        if self._socket is not None:
            await self._send_note(self._socket, content, note)

    @property
    def waiting(self) -> bool:
        return bool(self._open)

    @property
    def busy(self) -> bool:
        """Whether one more command might be one too many at once (``gateway.pending_commands``)."""
        return len(self._open) >= MOST_AT_ONCE

    async def leave(self) -> None:
        """End the login, for all its pages."""
        while self._socket is None:  # noqa: ASYNC110 - a connection comes and goes
            await anyio.sleep(BACK_AFTER_SECONDS)
        await self._insist(self._socket, "message", self._service.leave(self.name))

    async def _send_note(self, socket: ClientConnection, content: str, note: dict[str, Any]) -> None:
        number = next(self._frames)
        self._contents[number] = content
        try:
            await socket.send(json.dumps({"id": number, "event": "message", "data": note}))
        except ConnectionClosed:
            return  # it is sent again on the next one

    async def stay(self, *, ready: asyncio.Event) -> None:
        """Keep a connection until cancelled; ``ready`` is set once the login is there for the first time."""
        while True:
            try:
                async with connect(self._url, max_size=None, open_timeout=5, close_timeout=0.1) as socket:
                    await self._converse(socket, ready)
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                await anyio.sleep(BACK_AFTER_SECONDS)
            finally:
                self._socket = None
                self._awaited.clear()

    async def _converse(self, socket: ClientConnection, ready: asyncio.Event) -> None:
        """Until the connection is lost."""
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(self._read(socket))
            watching = tasks.create_task(self._watch(socket))
            beginning = tasks.create_task(self._begin(socket, ready))
            await reading
            watching.cancel()
            beginning.cancel()

    async def _begin(self, socket: ClientConnection, ready: asyncio.Event) -> None:
        with suppress(ConnectionClosed):
            await self._take_up(socket)
            ready.set()

    async def _take_up(self, socket: ClientConnection) -> None:
        """A session, the login, and what was not answered."""
        resumed = await self._resumed(socket)
        if not resumed:
            self._session = await self._ask(socket, "session")
        if not resumed or not self._in:
            self._in = False
            for event, activity in self._service.log_in(self.name, self.room, self._port):
                await self._insist(socket, event, activity)
            self._in = True
        sent: set[str] = set()
        while again := [content for content in self._open if content not in sent]:  # more may be said meanwhile
            for content in again:
                sent.add(content)
                if content in self._open:
                    await self._send_note(socket, content, self._open[content])
        self._socket = socket

    async def _resumed(self, socket: ClientConnection) -> bool:
        if not self._session:
            return False
        ack = await self._ask(socket, "resume", {name: self._session[name] for name in ("session", "token", "offset")})
        if not ack["recovered"]:
            self.history.begun_anew.append(ack["reason"])
        return bool(ack["recovered"])

    async def _insist(self, socket: ClientConnection, event: str, activity: dict[str, Any]) -> None:
        """What begins a conversation is asked for until it is granted."""
        while (ack := await self._ask(socket, event, activity)) and "error" in ack:  # noqa: ASYNC110 - it asks
            await anyio.sleep(BACK_AFTER_SECONDS)

    async def _ask(self, socket: ClientConnection, event: str, data: Any = None) -> Any:
        number = next(self._frames)
        self._questions.add(number)
        self._awaited[number] = future = asyncio.get_running_loop().create_future()
        await socket.send(json.dumps({"id": number, "event": event, "data": data}))
        return await future

    async def _watch(self, socket: ClientConnection) -> None:
        """Give up a connection on which nothing comes although something should."""
        loop = asyncio.get_running_loop()
        self._heard_at = loop.time()
        while not (self._open or self._awaited) or loop.time() < self._heard_at + SILENT_SECONDS:  # noqa: ASYNC110
            await anyio.sleep(SILENT_SECONDS / 10)
        socket.transport.abort()

    async def _read(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for text in socket:
                self._heard_at = asyncio.get_running_loop().time()
                self._take(json.loads(text))

    def _take(self, frame: dict[str, Any]) -> None:
        if "offset" in frame:
            self._session["offset"] = frame["offset"]
        if "id" in frame:
            if frame["id"] in self._questions:
                self._questions.remove(frame["id"])
                if frame["id"] in self._awaited:  # else it was asked on a connection that is gone, and is asked again
                    self._awaited.pop(frame["id"]).set_result(frame["ack"])
            else:
                self._answered(self._contents.pop(frame["id"]), frame["ack"])
        elif frame.get("event") == "message" and frame["data"]["type"] == "send":
            self._heard(frame["data"]["object"])

    def _answered(self, content: str, ack: dict[str, Any]) -> None:
        outcome = str(ack.get("outcome", ERROR)) if "error" in ack else RESULT
        self.history.answered(content, outcome, ack.get("error"))
        self._open.pop(content, None)

    def _heard(self, message: dict[str, Any]) -> None:
        """A room may tell once more what it told a worker that has died: with an id that is known already."""
        if not message["content"].startswith("witness"):
            return  # one's own, which is told to one's other pages
        if message.get("id") not in self._known:
            self.history.heard.append(message["content"])
        if "id" in message:
            self._known.add(message["id"])


@asynccontextmanager
async def talking(service: Service, name: str, room: str, port: int, url: str) -> AsyncIterator[Talker]:
    """A talker that has logged in."""
    talker, ready = Talker(service, name, room, port, url), asyncio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: talker.stay(ready=ready))
        with anyio.fail_after(30 * PATIENCE):
            await ready.wait()
        yield talker
        tasks.cancel_scope.cancel()
