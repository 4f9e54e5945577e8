"""Our clients behind the same few methods: the one in Python, the one in JavaScript in node and in a real Chromium."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import anyio
from anyio.abc import ByteSendStream, Process
from anyio.streams.buffered import BufferedByteReceiveStream

from sockethub.client import Client, Room, SockethubError, connect
from tests.support.processes import find_server

SCRIPT = Path(__file__).with_name("driven.mjs")
WITHIN_SECONDS = 40.0
LONGEST_LINE = 1_000_000


class Failed(Exception):
    """A command ended with an error of the client."""

    def __init__(self, name: str, text: str, pointer: str | None) -> None:
        super().__init__(text)
        self.name, self.pointer = name, pointer


class Driven(Protocol):
    """A client; ``told`` has every event so far, as (name, detail)."""

    told: list[tuple[str, Any]]

    async def do(self, what: str, **parts: Any) -> Any:
        """One of the commands in driven.mjs; raises :class:`Failed`."""


class InJavaScript:
    """The one in JavaScript, in another process."""

    def __init__(self, process: Process) -> None:
        self.told: list[tuple[str, Any]] = []
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin: ByteSendStream = process.stdin
        self._stdout = BufferedByteReceiveStream(process.stdout)
        self._numbers = itertools.count(1)
        self._answers: dict[int, Any] = {}
        self._arrived = anyio.Event()

    async def do(self, what: str, **parts: Any) -> Any:
        number = next(self._numbers)
        await self._stdin.send(json.dumps({"n": number, "do": what, **parts}).encode() + b"\n")
        with anyio.fail_after(WITHIN_SECONDS):
            while number not in self._answers:
                await self._arrived.wait()
        answer = self._answers.pop(number)
        if "error" in answer:
            error = answer["error"]
            raise Failed(error["name"], error["message"], error["pointer"])
        return answer["ok"]

    async def read(self) -> None:
        while True:
            try:
                line = json.loads(await self._stdout.receive_until(b"\n", LONGEST_LINE))
            except anyio.IncompleteRead:
                return
            if "event" in line:
                self.told.append((line["event"], line["detail"]))
            else:
                self._answers[line["n"]] = line
            self._arrived.set()
            self._arrived = anyio.Event()


class InPython:
    """The one in Python, in this process."""

    def __init__(self, client: Client) -> None:
        self.told: list[tuple[str, Any]] = []
        self._client = client
        self._room: Room | None = None

    async def do(self, what: str, **parts: Any) -> Any:
        me = self._client.actor("dummy", "me")
        try:
            match what:
                case "login":
                    return await self._log_in(**parts)
                case "say":
                    assert self._room is not None
                    return await self._room.send(parts["text"])
                case "echo" | "fail":
                    return await me.act(what, type="message", content=parts["text"])
                case "bad":
                    return await me.act("echo", type="message", content=3)
                case "hang":
                    return await self._client.send(me.activity("hang", type="message", content=""), within=0.3)
                case "context":
                    return self._client.context_for("irc")
                case "close":
                    await self._client.close()
        except SockethubError as error:
            raise Failed(type(error).__name__, str(error), getattr(error, "pointer", None)) from None

    async def _log_in(self, nick: str, credentials: dict[str, Any], channel: str) -> Any:
        await self._client.ready()
        me = self._client.actor("irc", nick)
        await me.credentials(**credentials)
        await me.connect()
        self._room = me.room(channel)
        return await self._room.join()

    async def read(self) -> None:
        async for event in self._client.events():
            self.told.append((event.name, event.detail))


@asynccontextmanager
async def driven(kind: str, gateway: str) -> AsyncIterator[Driven]:
    """A client of a ``kind``: python, node or chromium."""
    async with anyio.create_task_group() as tasks:
        if kind == "python":
            async with connect(gateway) as client:
                here = InPython(client)
                tasks.start_soon(here.read)
                await anyio.lowlevel.checkpoint()
                yield here
        else:
            arguments = [find_server("node", "nodejs"), str(SCRIPT), kind, gateway]
            async with await anyio.open_process(arguments, stderr=None, stdout=subprocess.PIPE) as process:
                there = InJavaScript(process)
                tasks.start_soon(there.read)
                try:
                    yield there
                finally:
                    assert process.stdin is not None
                    await process.stdin.aclose()
                    with anyio.fail_after(WITHIN_SECONDS):
                        await process.wait()
        tasks.cancel_scope.cancel()


def said(client: Driven, wanted: Callable[[str], bool]) -> list[str]:
    """What it was told that somebody has said."""
    texts = [d["object"]["content"] for name, d in client.told if name == "message" and d["type"] == "send"]
    return [text for text in texts if wanted(text)]
