from __future__ import annotations

import asyncio

import pytest

from sockethub.sessions.outbox import Outbox, OutboxFull, size_of

pytestmark = pytest.mark.anyio


async def test_frames_leave_in_order() -> None:
    outbox = Outbox(10_000)
    waiting = asyncio.ensure_future(outbox.take())
    await asyncio.sleep(0)
    outbox.put("a")
    outbox.put("b")
    assert await waiting == "a"
    assert await outbox.take() == "b"
    assert len(outbox) == 0


async def test_it_has_an_end_in_bytes_of_memory() -> None:
    outbox = Outbox(size_of("a") + size_of("é" * 1_000))
    outbox.put("a")
    outbox.put("é" * 1_000)
    with pytest.raises(OutboxFull):
        outbox.put("b")
    assert await outbox.take() == "a"
    outbox.put("c")
    assert [await outbox.take(), await outbox.take()] == ["é" * 1_000, "c"]
    assert size_of("\U0001f600" * 1_000) > 4_000


async def test_one_alone_may_be_larger_and_what_goes_beyond_does_not_count() -> None:
    outbox = Outbox(1_000)
    outbox.put("x" * 2_000)
    with pytest.raises(OutboxFull):
        outbox.put("b")
    await outbox.take()
    for number in range(10):
        outbox.put(f"{number}" * 500, beyond=True)
    outbox.put("x" * 500)
    with pytest.raises(OutboxFull):
        outbox.put("x" * 500)
    for _ in range(10):
        await outbox.take()
    with pytest.raises(OutboxFull):
        outbox.put("x" * 500)
    await outbox.take()
    outbox.put("x" * 500)
