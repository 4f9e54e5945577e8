"""A gateway that is told to stop: what is under way is answered, then clients are told when to come back."""

from __future__ import annotations

import json
import time
from typing import Any

import anyio
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidMessage

from tests.integration.gateway.conftest import House, Make
from tests.integration.gateway.test_bad_input import closed
from tests.integration.gateway.test_client import run
from tests.support.wsclient import WsClient, ws_client

pytestmark = pytest.mark.anyio

SECONDS = 2.0


def echo(content: str) -> dict[str, Any]:
    return {
        "type": "echo",
        "context": "dummy",
        "actor": {"id": "me", "type": "person"},
        "object": {"type": "message", "content": content},
    }


async def test_what_is_under_way_is_answered_first(house: House) -> None:
    async with ws_client(house.websocket) as client:
        under_way = await _under_way(house, client)
        house.stop()
        refused = await client.request("message", echo("too late"))
        assert "restarting" in refused["error"]
        assert refused["retry"] is True
        assert (await client.request("activity-object", {"id": "me", "type": "person"}))["retry"] is True
        assert not under_way.done()
        house.worker.hold.set()
        with anyio.fail_after(5):
            assert (await under_way)["object"]["content"] == "under way"
        closing = await client.message(lambda data: "retryAfter" in data)
        assert closing["code"] == 1012
        assert 0 < closing["retryAfter"] <= 5
        await client.socket.wait_closed()
        assert client.socket.close_code == 1012


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_clients_of_today_are_answered_first_too(house: House, transport: str) -> None:
    """Over Socket.IO, which has no close codes; they come back by themselves."""
    house.worker.hold = anyio.Event()
    outcome: dict[str, Any] = {}

    async def client() -> None:
        outcome.update(await run(house, "stop", transport))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client)
        with anyio.fail_after(20):
            while not house.worker.kinds:  # noqa: ASYNC110 - it is in another task, and tells nobody
                await anyio.sleep(0.005)
        began = time.monotonic()
        house.stop()
        house.worker.hold.set()
    assert outcome["answer"]["object"]["content"] == "under way"
    assert outcome["closing"]["code"] == 1012
    assert 0 < outcome["closing"]["retryAfter"] <= 5
    assert outcome["gone"] == "transport close"
    assert time.monotonic() - began < SECONDS


async def test_what_is_not_answered_in_time_is_unknown(house_of: Make) -> None:
    async with house_of(shutdown_seconds=SECONDS) as house, ws_client(house.websocket) as client:
        under_way = await _under_way(house, client)
        house.stop()
        with anyio.fail_after(SECONDS * 2):
            answer = await under_way
        assert answer["outcome"] == "unknown"
        await client.socket.wait_closed()
        house.worker.hold.set()


async def test_who_is_away_has_nothing_to_wait_for(house: House) -> None:
    """A session without a command under way does not hold up anybody."""
    async with ws_client(house.websocket) as client:
        await client.ok("session")
        began = time.monotonic()
        house.stop()
        await client.socket.wait_closed()
        assert client.socket.close_code == 1012
        assert time.monotonic() - began < SECONDS


async def test_who_does_not_read_is_not_waited_for(house_of: Make) -> None:
    async with (
        house_of(shutdown_seconds=SECONDS, rate={"events": 100_000}) as house,
        connect(house.websocket, max_queue=1, close_timeout=1) as deaf,
    ):
        refused = {**echo("x" * 200_000), "context": "nope"}  # and sent back
        with anyio.move_on_after(1):
            for _ in range(500):
                await deaf.send(json.dumps({"id": 1, "event": "message", "data": refused}))
        began = time.monotonic()
        house.stop()
        with anyio.fail_after(SECONDS * 4):
            await _gone(house)
    assert SECONDS / 3 < time.monotonic() - began < SECONDS * 4


async def _gone(house: House) -> None:
    """Until nobody listens there any more."""
    while True:
        try:
            async with connect(house.websocket) as late:
                assert await closed(late) == 1012
        except (OSError, InvalidMessage):
            return


async def _under_way(house: House, client: WsClient) -> Any:
    house.worker.hold = anyio.Event()
    future = await client.send("message", echo("under way"))
    with anyio.fail_after(5):
        while not house.worker.kinds:  # noqa: ASYNC110 - it is in another task, and tells nobody
            await anyio.sleep(0.005)
    return future
