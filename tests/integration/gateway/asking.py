"""Plain HTTP as a test speaks it: one request on a connection of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio

from tests.integration.gateway.conftest import House


class Answer:
    """An HTTP answer as it arrives."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.status = 0
        self.headers: dict[str, str] = {}

    async def begin(self) -> None:
        with anyio.fail_after(10):
            self.status = int((await self._reader.readline()).split()[1])
            while (line := (await self._reader.readline()).decode().strip()) != "":
                name, _, value = line.partition(":")
                self.headers[name.lower()] = value.strip()

    async def body(self) -> Any:
        with anyio.fail_after(10):
            length = int(self.headers.get("content-length", "0"))
            text = await self._reader.readexactly(length)
        return json.loads(text) if text else None

    async def event(self) -> tuple[int, dict[str, Any]]:
        """The next event: its id and its data. Comments are passed over."""
        identifier = -1
        with anyio.fail_after(10):
            while True:
                line = (await self._reader.readline()).decode()
                assert line, "the stream has ended"
                name, _, value = line.rstrip("\r\n").partition(": ")
                if name == "id":
                    identifier = int(value)
                elif name == "data":
                    return identifier, json.loads(value)

    async def ended(self) -> None:
        with anyio.fail_after(10):
            while await self._reader.readline():
                pass

    def cut(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def request(house: House, method: str, path: str, body: Any = None, **headers: str) -> AsyncIterator[Answer]:
    """One request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    text = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Host": "127.0.0.1", "Connection": "close"}
    if body is not None:
        given |= {"Content-Type": "application/json", "Content-Length": str(len(text))}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
    writer.write("\r\n".join(lines).encode() + text)
    answer = Answer(reader, writer)
    try:
        await answer.begin()
        yield answer
    finally:
        writer.transport.abort()


async def call(house: House, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    async with request(house, method, path, body, **headers) as answer:
        return answer.status, await answer.body()
