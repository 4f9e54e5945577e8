"""Every frame that a running gateway sends is one that it describes at ``/asyncapi.json``; each kind is provoked."""

from __future__ import annotations

import json
import urllib.request
from contextlib import suppress
from typing import Any

import anyio
import jsonschema
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from sockethub.gateway.frames import FROM_GATEWAY
from tests.integration.gateway.conftest import House, Make

pytestmark = pytest.mark.anyio

ACTIVITY = {"type": "echo", "context": "dummy", "actor": {"id": "me", "type": "person"}}
HELLO = {"type": "message", "content": "hello"}
LOGIN = {"type": "credentials", "context": "irc", "actor": {"id": "a@irc.example", "type": "person"}}
ASKED: list[dict[str, Any]] = [
    {"id": 1, "event": "session"},
    {"id": 2, "event": "schemas"},
    {"event": "schemas", "data": None},
    {
        "id": "three",
        "event": "credentials",
        "data": {**LOGIN, "object": {"type": "credentials", "nick": "a", "server": "s"}},
    },
    {"id": 4, "event": "credentials", "data": {**LOGIN, "object": {"type": "credentials", "password": "secret"}}},
    {"id": 5, "event": "activity-object", "data": {"id": "me", "type": "person"}},
    {"id": 6, "event": "activity-object", "data": {"name": "nameless"}},
    {"id": 7, "event": "message", "data": {**ACTIVITY, "object": HELLO}},
    {"id": 8, "event": "message", "data": {**ACTIVITY, "type": "fail", "object": HELLO}},
    {"event": "message", "data": {**ACTIVITY, "object": HELLO}},
    {"id": 9, "event": "resume", "data": {"session": "x", "token": "x", "offset": 0}},
    {"event": "nonsense", "data": None},
    {"id": 10, "event": "nonsense"},
    {"no": "event"},
]


async def _describe(house: House) -> dict[str, Any]:
    def fetch() -> Any:
        with urllib.request.urlopen(f"{house.url}/asyncapi.json", timeout=10) as answer:
            return json.load(answer)

    return dict(await anyio.to_thread.run_sync(fetch))


async def _until(socket: ClientConnection, frames: list[dict[str, Any]], last: int) -> None:
    with anyio.fail_after(20):
        while not frames or frames[-1].get("id") != last:
            frames.append(json.loads(await socket.recv()))


async def test_every_kind_of_frame_is_as_described(house_of: Make) -> None:
    frames: list[dict[str, Any]] = []
    async with house_of(rate={"events": 40, "seconds": 5, "block_seconds": 1}) as house:
        document = await _describe(house)
        async with connect(house.websocket) as socket:
            for frame in ASKED:
                await socket.send(json.dumps(frame))
            await socket.send("not JSON")
            await socket.send('{"id": 11, "event": "schemas", "data": "x"}')
            await _until(socket, frames, 11)
        kept = next(frame["ack"] for frame in frames if frame.get("id") == 1)
        async with connect(house.websocket) as socket:
            asked = {"session": kept["session"], "token": kept["token"], "offset": 0}
            await socket.send(json.dumps({"id": 12, "event": "resume", "data": asked}))
            await _until(socket, frames, 12)
            await socket.send('{"id": 13, "event": "end"}')
            for number in range(14, 60):  # until it is too much
                await socket.send(json.dumps({"id": number, "event": "schemas", "data": "x"}))
            await _until(socket, frames, 59)
            house.stop()
            with suppress(ConnectionClosed):
                async for text in socket:
                    frames.append(json.loads(text))  # noqa: PERF401 - it ends with an error

    schemas = document["components"]["schemas"]
    seen = set()
    for frame in frames:
        fits = [name for name in FROM_GATEWAY if jsonschema.Draft202012Validator(schemas[name]).is_valid(frame)]
        assert len(fits) == 1, frame
        seen.add(fits[0])
    assert seen == set(FROM_GATEWAY)
    acks = [frame["ack"] for frame in frames if "ack" in frame]
    assert {ack.get("recovered") for ack in acks if isinstance(ack, dict) and "recovered" in ack} == {True, False}
    assert None in acks
    assert {} in acks
    assert any(isinstance(ack, str) for ack in acks)
