"""The load generator: clients of both transports, with nothing of Sockethub in them.

Point it at any compatible server: ``SocketIo`` speaks Engine.IO 4 / Socket.IO 5 over a WebSocket, ``Plain`` the frames
of ``/ws``.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from bench.frames import FrameClient, open_frames


class Client(Protocol):
    """One connected client."""

    async def request(self, event: str, data: Any) -> Any: ...

    async def close(self) -> None: ...

    def on_message(self, callback: Callable[[dict[str, Any]], None]) -> None: ...


class _Base:
    def __init__(self) -> None:
        self._frames: FrameClient | None = None
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._callback: Callable[[dict[str, Any]], None] = lambda _: None

    def on_message(self, callback: Callable[[dict[str, Any]], None]) -> None:
        self._callback = callback

    async def request(self, event: str, data: Any) -> Any:
        """Send one event; its acknowledgement. There is no deadline of its own: whoever measures has one for all."""
        assert self._frames is not None
        identifier = next(self._ids)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[identifier] = future
        self._frames.send(self._encode(identifier, event, data))
        return await future

    async def close(self) -> None:
        if self._frames is not None:
            self._frames.close()

    def _lost(self) -> None:
        """Nothing that waits will be answered."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionError("the server has closed the connection"))

    def _answer(self, identifier: int, ack: Any) -> None:
        future = self._waiting.pop(identifier, None)
        if future is not None and not future.done():
            future.set_result(ack)

    def _encode(self, identifier: int, event: str, data: Any) -> bytes:
        raise NotImplementedError


class Plain(_Base):
    """Frames ``{"id", "event", "data"}``."""

    @classmethod
    async def open(cls, url: str) -> Plain:
        self = cls()
        self._frames = await open_frames(url, "/ws", self._heard, self._lost)
        return self

    def _encode(self, identifier: int, event: str, data: Any) -> bytes:
        return orjson.dumps({"id": identifier, "event": event, "data": data})

    def _heard(self, text: bytes) -> None:
        frame = orjson.loads(text)
        if "event" in frame:
            self._callback(frame["data"])
        else:
            self._answer(frame["id"], frame.get("ack"))


class SocketIo(_Base):
    """Engine.IO packets over a WebSocket: ``42<id>["event", data]`` and ``43<id>[ack]``."""

    def __init__(self) -> None:
        super().__init__()
        self._joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def open(cls, url: str) -> SocketIo:
        self = cls()
        self._frames = await open_frames(url, "/sockethub/?EIO=4&transport=websocket", self._heard, self._lost)
        await asyncio.wait_for(self._joined, 10)
        return self

    def _encode(self, identifier: int, event: str, data: Any) -> bytes:
        return b"42%d%b" % (identifier, orjson.dumps([event, data]))

    def _heard(self, text: bytes) -> None:
        if self._frames is None:  # the answer to the handshake came with it
            asyncio.get_running_loop().call_soon(self._heard, text)
        elif text == b"2":
            self._frames.send(b"3")
        elif text.startswith(b"0"):
            self._frames.send(b"40")
        elif text.startswith(b"40"):
            self._joined.set_result(None)
        elif text.startswith(b"43"):
            start = text.index(b"[")
            payload = orjson.loads(text[start:])
            self._answer(int(text[2:start]), payload[0] if payload else None)
        elif text.startswith(b"42"):
            event, *payload = orjson.loads(text[text.index(b"[") :])
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


async def rate(works: Sequence[Callable[[], Awaitable[Any]]], outstanding: int, count: int) -> float:
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
