"""A session's way to its client, with and without a connection."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sockethub.gateway.channel import Channel, Close, Connection, Keeping

pytestmark = pytest.mark.anyio

OUTBOX = 1_800
"""Bytes: six of the frames here."""

KEEPING = Keeping(seconds=60, frames=100, characters=10_000)


async def _taken(connection: Connection) -> list[dict[str, Any]]:
    outbox = connection._outbox
    return [json.loads(await outbox.take()) for _ in range(len(outbox))]


async def test_events_are_numbered_and_answers_only_where_they_may_be_asked_for_again() -> None:
    connection = Connection(OUTBOX)
    channel = Channel(connection)
    channel.deliver("message", 1)
    channel.acknowledge("a", 2)
    token = channel.keep(KEEPING)
    assert channel.keep(KEEPING) is token
    channel.acknowledge("b", 3)
    channel.send({"error": "no JSON"})
    assert await _taken(connection) == [
        {"event": "message", "data": 1, "offset": 1},
        {"id": "a", "ack": 2},
        {"id": "b", "ack": 3, "offset": 2},
        {"error": "no JSON"},
    ]


async def test_a_client_that_does_not_read_is_cut_off_and_misses_nothing() -> None:
    slow = Connection(OUTBOX)
    channel = Channel(slow)
    channel.keep(KEEPING)
    for number in range(50):
        channel.deliver("message", number)
    assert slow.closing.result()[0] == Close.TOO_SLOW
    seen = len(await _taken(slow))
    assert seen == 6
    missed = channel.missed(seen)
    assert missed is not None
    connection = Connection(OUTBOX)
    channel.attach(connection, seen)
    assert [frame["data"] for frame in await _taken(connection)] == list(range(6, 50))
    assert not connection.closing.done()


async def test_what_was_sent_before_it_was_asked_for_is_not_kept() -> None:
    channel = Channel(Connection(OUTBOX))
    channel.deliver("message", 1)
    channel.keep(KEEPING)
    assert (channel.missed(0), channel.missed(1)) == (None, [])


async def test_only_ones_own_connection_can_be_lost() -> None:
    first, second = Connection(OUTBOX), Connection(OUTBOX)
    channel = Channel(first)
    channel.attach(second, 0)
    assert first.closing.result()[0] == Close.RESUMED
    assert not channel.detach(first)
    assert channel.detach(second)
    channel.deliver("message", 1)
    channel.close(1000, "nobody is there")


async def test_what_was_missed_does_not_use_up_what_may_wait() -> None:
    """Else a client that has missed much would be cut off as soon as something new happens."""
    channel = Channel(Connection(OUTBOX))
    channel.keep(KEEPING)
    for number in range(50):
        channel.deliver("message", number)
    missed = channel.missed(0)
    assert missed is not None
    connection = Connection(OUTBOX)
    channel.attach(connection, 0)
    for number in range(50, 55):
        channel.deliver("message", number)
    assert not connection.closing.done()
    assert [frame["data"] for frame in await _taken(connection)] == list(range(55))
    channel.deliver("message", 55)
    assert not connection.closing.done()


async def test_frames_are_written_in_their_order_by_a_task_that_ends() -> None:
    written: list[str] = []

    async def send(text: str) -> None:
        await asyncio.sleep(0)
        written.append(text)

    others = asyncio.all_tasks()
    connection = Connection(OUTBOX, send=send)
    assert asyncio.all_tasks() == others
    for text in ("one", "two"):
        connection.put(text)
    connection.finish({}, Close.RESTART, "later")
    assert await connection.closing == (Close.RESTART, "later")
    assert written == ["one", "two", "{}"]
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == others


async def test_a_connection_that_cannot_be_written_to_fails() -> None:
    async def send(text: str) -> None:
        raise ZeroDivisionError

    connection = Connection(OUTBOX, send=send)
    connection.put("one")
    with pytest.raises(ZeroDivisionError):
        await connection.closing


async def test_who_stops_writing_does_so_at_once_and_for_good() -> None:
    written: list[str] = []

    async def send(text: str) -> None:
        written.append(text)
        await asyncio.get_running_loop().create_future()

    connection = Connection(OUTBOX, send=send)
    connection.put("one")
    await asyncio.sleep(0)
    await connection.stop()
    connection.put("two")
    await asyncio.sleep(0)
    assert written == ["one"]
