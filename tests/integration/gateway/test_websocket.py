"""The plain WebSocket endpoint."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from tests.integration.gateway.conftest import House
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio


def said(kind: str = "echo", content: Any = "hello", **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "context": "dummy",
        "actor": {"id": "alice", "type": "person"},
        "object": {"type": "message", "content": content},
    } | more


async def test_who_says_something_and_leaves_at_once_was_heard(house: House) -> None:
    async with ws_client(house.websocket) as client:
        for number in range(20):
            await client.send("message", said(content=f"last words {number}"))
    with anyio.fail_after(5):
        while len(house.worker.seen) < 20:  # noqa: ASYNC110 - nobody is there to be told
            await anyio.sleep(0.01)
    assert [each["object"]["content"] for each in house.worker.seen] == [f"last words {n}" for n in range(20)]


async def test_frames_and_answers_to_pings_come_in_their_order(house: House) -> None:
    """Frames wait for the end of a tick; what is about the connection does not overtake them, nor lose any."""
    async with ws_client(house.websocket) as client:
        acks = [await client.send("message", said(content="x" * size)) for size in (10, 70_000, 100, 200_000, 1)]
        with anyio.fail_after(5):
            await (await client.socket.ping())
            contents = [(await ack)["object"]["content"] for ack in acks]
    assert [len(content) for content in contents] == [10, 70_000, 100, 200_000, 1]


async def test_echo(house: House) -> None:
    async with ws_client(house.websocket) as client:
        ack = await client.ok("message", said())
    assert ack == said(target={"id": "alice", "type": "person"}, actor={"id": "dummy", "type": "platform"})
