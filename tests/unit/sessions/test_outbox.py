from __future__ import annotations

import asyncio

import pytest

from sockethub.sessions.outbox import Outbox, OutboxFull

pytestmark = pytest.mark.anyio


async def test_frames_leave_in_order() -> None:
    outbox = Outbox(3)
    waiting = asyncio.ensure_future(outbox.take())
    await asyncio.sleep(0)
    outbox.put("a")
    outbox.put("b")
    assert await waiting == "a"
    assert await outbox.take() == "b"
    assert len(outbox) == 0


async def test_it_has_an_end() -> None:
    outbox = Outbox(1)
    outbox.put("a")
    with pytest.raises(OutboxFull):
        outbox.put("b")
    assert await outbox.take() == "a"
    outbox.put("c")
