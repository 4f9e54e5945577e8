"""A client of the plain WebSocket endpoint, as a test drives it."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from websockets.asyncio.client import ClientConnection, connect

from tests.support import secrecy

WITHIN_SECONDS = 20.0


class WsClient:
    """Sends events and awaits their acknowledgement; keeps every event that arrives."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []
        self._ids = itertools.count(1)
        self._acks: dict[int, asyncio.Future[Any]] = {}
        self._arrived = asyncio.Condition()

    async def send(self, event: str, data: Any = None) -> asyncio.Future[Any]:
        """Send one event; the future gives its acknowledgement."""
        secrecy.remember(data)
        identifier = next(self._ids)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._acks[identifier] = future
        await self.socket.send(json.dumps({"id": identifier, "event": event, "data": data}))
        return future

    async def request(self, event: str, data: Any = None, within: float = WITHIN_SECONDS) -> Any:
        """Send one event and return its acknowledgement."""
        with anyio.fail_after(within):
            return await (await self.send(event, data))

    async def ok(self, event: str, data: Any = None, within: float = WITHIN_SECONDS) -> Any:
        """As :meth:`request`; the acknowledgement must not carry an error."""
        ack = await self.request(event, data, within)
        assert not (isinstance(ack, dict) and ack.get("error")), ack
        return ack

    async def message(self, wanted: Callable[[dict[str, Any]], bool], within: float = WITHIN_SECONDS) -> dict[str, Any]:
        """The first activity, past or to come, that is ``wanted``."""
        with anyio.fail_after(within):
            async with self._arrived:
                while True:
                    for activity in self.events:
                        if wanted(activity):
                            return activity
                    await self._arrived.wait()

    async def _read(self) -> None:
        async for text in self.socket:
            frame = json.loads(text)
            if "event" in frame:
                async with self._arrived:
                    self.events.append(frame["data"])
                    self._arrived.notify_all()
            elif frame.get("id") in self._acks:
                future = self._acks.pop(frame["id"])
                if not future.done():
                    future.set_result(frame.get("ack", frame))
            else:
                self.errors.append(frame)


@asynccontextmanager
async def ws_client(url: str, **options: Any) -> AsyncIterator[WsClient]:
    """Connect to ``url`` (``ws://…/ws``); ``options`` are those of the library."""
    async with connect(url, max_size=None, open_timeout=WITHIN_SECONDS, close_timeout=2, **options) as socket:
        client = WsClient(socket)
        reader = asyncio.create_task(client._read())
        try:
            yield client
        finally:
            reader.cancel()
