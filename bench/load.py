"""The load generator: clients of both transports, with nothing of Sockethub in them.

Point it at any compatible server: ``SocketIo`` speaks Engine.IO 4 / Socket.IO 5 over a WebSocket, ``Plain`` the frames
of ``/ws``.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

ANSWER_WITHIN_SECONDS = 60.0


class Client(Protocol):
    """One connected client."""

    async def request(self, event: str, data: Any) -> Any: ...

    async def close(self) -> None: ...

    def on_message(self, callback: Callable[[dict[str, Any]], None]) -> None: ...


class _Base:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._callback: Callable[[dict[str, Any]], None] = lambda _: None
        self._reader = asyncio.create_task(self._read())

    def on_message(self, callback: Callable[[dict[str, Any]], None]) -> None:
        self._callback = callback

    async def request(self, event: str, data: Any) -> Any:
        identifier = next(self._ids)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[identifier] = future
        await self._socket.send(self._encode(identifier, event, data))
        return await asyncio.wait_for(future, ANSWER_WITHIN_SECONDS)

    def _answer(self, identifier: int, ack: Any) -> None:
        future = self._waiting.pop(identifier, None)
        if future is not None and not future.done():
            future.set_result(ack)

    async def close(self) -> None:
        self._reader.cancel()
        await self._socket.close()

    def _encode(self, identifier: int, event: str, data: Any) -> str:
        raise NotImplementedError

    async def _read(self) -> None:
        raise NotImplementedError


class Plain(_Base):
    """Frames ``{"id", "event", "data"}``."""

    @classmethod
    async def open(cls, url: str) -> Plain:
        return cls(await connect(f"ws://{urlsplit(url).netloc}/ws", max_size=None, compression=None))

    def _encode(self, identifier: int, event: str, data: Any) -> str:
        return json.dumps({"id": identifier, "event": event, "data": data})

    async def _read(self) -> None:
        async for text in self._socket:
            frame = json.loads(text)
            if "event" in frame:
                self._callback(frame["data"])
            else:
                self._answer(frame["id"], frame.get("ack"))


class SocketIo(_Base):
    """Engine.IO packets over a WebSocket: ``42<id>["event", data]`` and ``43<id>[ack]``."""

    @classmethod
    async def open(cls, url: str) -> SocketIo:
        target = f"ws://{urlsplit(url).netloc}/sockethub/?EIO=4&transport=websocket"
        socket = await connect(target, max_size=None, compression=None)
        await socket.recv()
        await socket.send("40")
        await socket.recv()
        return cls(socket)

    def _encode(self, identifier: int, event: str, data: Any) -> str:
        return f"42{identifier}{json.dumps([event, data])}"

    async def _read(self) -> None:
        async for text in self._socket:
            assert isinstance(text, str)
            if text == "2":
                await self._socket.send("3")
            elif text.startswith("43"):
                start = text.index("[")
                payload = json.loads(text[start:])
                self._answer(int(text[2:start]), payload[0] if payload else None)
            elif text.startswith("42"):
                event, *payload = json.loads(text[text.index("[") :])
                if event == "message":
                    self._callback(payload[0])


TRANSPORTS: dict[str, type[Plain] | type[SocketIo]] = {"Socket.IO": SocketIo, "plain": Plain}


@dataclass(frozen=True)
class Latency:
    """Milliseconds."""

    p50: float
    p99: float

    @classmethod
    def of(cls, seconds: list[float]) -> Latency:
        ordered = sorted(seconds)
        return cls(statistics.median(ordered) * 1e3, ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1e3)

    def __str__(self) -> str:
        return f"{self.p50:.2f} / {self.p99:.2f}"


async def timed(work: Callable[[], Awaitable[Any]], count: int, pause: float = 0.0) -> Latency:
    """``count`` calls one after the other, ``pause`` seconds before each."""
    taken = []
    for _ in range(count):
        if pause:
            await asyncio.sleep(pause)
        start = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - start)
    return Latency.of(taken)


async def rate(works: list[Callable[[], Awaitable[Any]]], outstanding: int, count: int) -> float:
    """Calls per second with ``outstanding`` calls under way for each of ``works``, ``count`` for each."""

    async def one(work: Callable[[], Awaitable[Any]], left: list[int]) -> None:
        while left:
            left.pop()
            await work()

    lists = [list(range(count)) for _ in works]
    start = time.perf_counter()
    await asyncio.gather(
        *(one(work, left) for work, left in zip(works, lists, strict=True) for _ in range(outstanding))
    )
    return count * len(works) / (time.perf_counter() - start)
