"""Platforms that break one rule of the conformance kit each, and one that keeps them all.

They talk to a server that says back each line that it hears, at the address that the credentials name.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import anyio
import anyio.lowlevel

from sockethub import guard
from sockethub.errors import NotConnected, PlatformError
from sockethub.worker.interface import Activity, LoginContext, PersistentPlatform, StatelessPlatform, verb


class Echo(StatelessPlatform):
    """Keeps the rules; what it reads lies beside it."""

    @verb("send")
    async def send(self, activity: Activity) -> Activity | None:
        if activity["object"]["content"] == "refuse me":
            raise PlatformError("that is not said here")
        await anyio.lowlevel.checkpoint()
        self.context.log.debug("echoed", characters=len(activity["object"]["content"]))
        return activity


class NoSuchVerb(StatelessPlatform):
    @verb("sent")
    async def send(self, activity: Activity) -> Activity | None:
        return activity


class SaysTooMuch(Echo):
    async def send(self, activity: Activity) -> Activity | None:
        return {**activity, "mood": "chatty"}


class Talks(Echo):
    """Answers with what is no JSON."""

    async def send(self, activity: Activity) -> Activity | None:
        return {**activity, "published": Path("/")}


class Stumbles(Echo):
    async def send(self, activity: Activity) -> Activity | None:
        if activity["object"]["content"] == "refuse me":
            raise KeyError("content")
        return activity


class DoesAnything(Echo):
    async def perform(self, activity: Activity) -> Activity | None:
        return None


class ForgetsTasks(Echo):
    async def send(self, activity: Activity) -> Activity | None:
        task = asyncio.ensure_future(anyio.sleep(60))
        await anyio.sleep(0.001)
        task.cancel()
        return activity


class ForgetsFiles(Echo):
    async def send(self, activity: Activity) -> Activity | None:
        descriptor = os.open(__file__, os.O_RDONLY)
        await anyio.sleep(0.001)
        os.close(descriptor)
        return activity


class Chatters(Echo):
    async def send(self, activity: Activity) -> Activity | None:
        self.context.log.info("somebody spoke", words=activity["object"]["content"])
        return activity


class Prints(Echo):
    async def send(self, activity: Activity) -> Activity | None:
        print(activity["object"]["content"])  # noqa: T201 - that is what is wrong with it
        return activity


class Hoards(Echo):
    hoard: ClassVar[list[bytes]] = []

    async def send(self, activity: Activity) -> Activity | None:
        self.hoard.append(os.urandom(32 * 1024))
        return activity


class Snoops(Echo):
    async def send(self, activity: Activity) -> Activity | None:
        Path("/etc/shadow").stat()
        Path("/etc/passwd").read_text()
        return activity


class Line(PersistentPlatform):
    """Keeps the rules: one connection, a line for each command."""

    def __init__(self, context: LoginContext) -> None:
        super().__init__(context)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._answers: asyncio.Queue[bytes] = asyncio.Queue(maxsize=16)

    @property
    def connected(self) -> bool:
        return self._writer is not None

    async def connect(self, credentials: Mapping[str, Any], restore: Mapping[str, Any] | None) -> Activity | None:
        if self.connected:
            return None
        where = credentials["object"]
        if where["password"] != "open-sesame":
            raise PlatformError("the password is wrong", condition="wrong-password")
        await self.dial("127.0.0.1", where["port"])
        self.context.tasks.start_soon(self.listen)
        return None

    async def dial(self, host: str, port: int) -> None:
        sock = await guard.connect(await guard.resolve(host, port, self.context.reach))
        try:
            self._reader, self._writer = await asyncio.open_connection(sock=sock)
        except BaseException:
            sock.close()
            raise

    async def listen(self) -> None:
        assert self._reader is not None
        try:
            while line := await self._reader.readline():
                await self._answers.put(line)
        except OSError:
            pass
        self.hang_up()
        self.context.lost("the server hung up")

    @verb("send")
    async def send(self, activity: Activity) -> Activity | None:
        if self._writer is None:
            raise NotConnected("connect first")
        self._writer.write(activity["object"]["content"].encode() + b"\n")
        await self._answers.get()
        return activity

    def hang_up(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    async def disconnect(self, reason: str) -> None:
        self.hang_up()


class ConnectsTwice(Line):
    async def connect(self, credentials: Mapping[str, Any], restore: Mapping[str, Any] | None) -> Activity | None:
        if self.connected:
            port = credentials["object"]["port"]
            self._spare = await guard.connect(await guard.resolve("127.0.0.1", port, self.context.reach))
        return await super().connect(credentials, restore)


class NeverLeaves(Line):
    async def disconnect(self, reason: str) -> None:
        """Stays."""


class LeavesOnce(Line):
    async def disconnect(self, reason: str) -> None:
        assert self._writer is not None
        self.hang_up()


class NoticesNothing(Line):
    async def listen(self) -> None:
        assert self._reader is not None
        while line := await self._reader.readline():
            await self._answers.put(line)


class Crashes(Line):
    """In the background, while a command waits."""

    async def listen(self) -> None:
        assert self._reader is not None
        await self._reader.readline()
        raise LookupError("nobody looks here")


class LetsAnybodyIn(Line):
    async def connect(self, credentials: Mapping[str, Any], restore: Mapping[str, Any] | None) -> Activity | None:
        if not self.connected:
            await self.dial("127.0.0.1", credentials["object"]["port"])
            self.context.tasks.start_soon(self.listen)
        return None


class DialsCarelessly(Line):
    async def dial(self, host: str, port: int) -> None:
        sock = await guard.connect(await guard.resolve(host, port, self.context.reach))
        await anyio.lowlevel.checkpoint()
        self._reader, self._writer = await asyncio.open_connection(sock=sock)
        await anyio.lowlevel.checkpoint()


class TellsSecrets(Line):
    async def connect(self, credentials: Mapping[str, Any], restore: Mapping[str, Any] | None) -> Activity | None:
        self.context.log.info("connecting", how=str(credentials["object"]["password"]))
        return await super().connect(credentials, restore)
