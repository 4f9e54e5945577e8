"""A process of its own for many sockets that do little: ``clients URL N``, or ``members HOST PORT ROOM N``.

It says ``ready`` when all are there. Each line that it reads then is a number: so many messages are said, and their
latencies between members printed as JSON; it ends with its standard input. Started by :func:`crowd`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, cast

from bench.frames import open_frames

AT_ONCE: Final = 50
PAUSE_SECONDS: Final = 0.05
READY_SECONDS: Final = 600.0
MARK: Final = "at:"
"""In front of the nanosecond at which a message was said, by a clock that all processes here have in common."""


class Crowd:
    """The process, from outside."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(READY_SECONDS):
            return (await self._process.stdout.readline()).decode().strip()

    async def say(self, count: int) -> list[float]:
        """Have so many messages said; milliseconds until another member had each."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{count}\n".encode())
        found: list[float] = json.loads(await self.line())
        return found


@asynccontextmanager
async def crowd(*arguments: str | int) -> AsyncIterator[Crowd]:
    """One that is ready."""
    pipe = asyncio.subprocess.PIPE
    argv = [sys.executable, "-m", "bench.crowd", *map(str, arguments)]
    process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe)
    try:
        it = Crowd(process)
        if (said := await it.line()) != "ready":
            raise RuntimeError(f"the crowd is not there: {said!r}")
        yield it
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Member(asyncio.Protocol):
    """One in a room. It hears nothing but what is asked for: ``listens`` is told the rest, a line at a time."""

    def __init__(self, nick: str) -> None:
        self.welcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.listens: Callable[[bytes], None] | None = None
        self._greeting = f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n".encode()
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._greeting)

    def say(self, text: str) -> None:
        assert self._transport is not None
        self._transport.write(f"{text}\r\n".encode())

    def data_received(self, data: bytes) -> None:
        if self.there.done() and self.listens is None:
            if data.startswith(b"PING"):
                self.say("PONG :x")
            return
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        for line in lines:
            if b" 001 " in line:
                self.welcome.set_result(None)
            elif b" 366 " in line and not self.there.done():
                self.there.set_result(None)
            elif line.startswith(b"PING"):
                self.say("PONG :x")
            elif self.listens is not None:
                self.listens(line)


async def members(host: str, port: int, room: str, count: int) -> Callable[[int], Awaitable[list[float]]]:
    """All of them; what has them speak in turn."""
    loop, all_of_them, heard = asyncio.get_running_loop(), list[Member](), list[float]()

    async def arrive(number: int) -> None:
        _, member = await loop.create_connection(lambda: Member(f"m{number}"), host, port)
        all_of_them.append(member)
        await member.welcome

    async def join(number: int) -> None:
        all_of_them[number].say(f"JOIN {room}")
        await all_of_them[number].there

    # Each who joins is a line for all others: a server that is busy with these accepts nobody in time.
    await _some_at_once(arrive, count)
    await _some_at_once(join, count)

    def listen(line: bytes) -> None:
        _, mark, at = line.decode().partition(MARK)
        if mark:
            heard.append((time.monotonic_ns() - int(at)) / 1e6)

    listener, *speakers = all_of_them
    listener.listens = listen

    async def say(messages: int) -> list[float]:
        heard.clear()
        for number in range(messages):
            speakers[number % len(speakers)].say(f"PRIVMSG {room} :{MARK}{time.monotonic_ns()}")
            await asyncio.sleep(PAUSE_SECONDS)
        await asyncio.sleep(1)
        return heard

    return say


async def clients(url: str, count: int) -> None:
    async def one(_: int) -> None:
        there.append(await open_frames(url, "/ws", lambda _: None))

    there: list[object] = []
    await _some_at_once(one, count)


async def _some_at_once(one: Callable[[int], Awaitable[None]], count: int) -> None:
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            await one(number)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def main(kind: str, *arguments: str) -> None:
    say = None
    if kind == "clients":
        await clients(arguments[0], int(arguments[1]))
    else:
        host, port, room, count = arguments
        say = await members(host, int(port), room, int(count))
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await say(int(line)) if say else []), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
