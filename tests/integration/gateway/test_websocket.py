"""The plain WebSocket endpoint."""

from __future__ import annotations

from typing import Any

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


async def test_echo(house: House) -> None:
    async with ws_client(house.websocket) as client:
        ack = await client.ok("message", said())
    assert ack == said(target={"id": "alice", "type": "person"}, actor={"id": "dummy", "type": "platform"})
