"""Orders go through Redis, where others may write, too: none is forged, repeated or taken too late."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import anyio
import pytest
import redis.asyncio

from sockethub import redis_keys
from sockethub.jobs import connected
from sockethub.operations import orders
from sockethub.operations.asking import Member, ask, situation
from sockethub.operations.orders import MOST_AGE_SECONDS, OrderRefused, Orders, seal_order

pytestmark = pytest.mark.anyio

KEY, OTHER = b"k" * 32, b"o" * 32
ME = Member("0" * 16, "workers")


class Hand:
    """Does what it is told, and remembers it."""

    def __init__(self) -> None:
        self.done: list[str] = []

    async def __call__(self, order: Mapping[str, Any]) -> dict[str, Any]:
        self.done.append(order["do"])
        if order["do"] == "dance":
            raise OrderRefused("I do not dance")
        return {"role": "workers", "said": "done"}


async def entry(client: redis.asyncio.Redis) -> dict[bytes, bytes]:
    """What stands in the inbox."""
    [(identifier, fields)] = await client.xrange(ME.inbox)
    await client.xdel(ME.inbox, identifier)
    found: dict[bytes, bytes] = fields
    return found


async def test_an_order_is_done_and_answered(redis_url: str) -> None:
    hand = Hand()
    async with connected(redis_url) as client, anyio.create_task_group() as tasks:
        mine = Orders(ME.id, KEY, client, hand)
        for do, answer in (("work", {"role": "workers", "said": "done"}), ("dance", {"error": "I do not dance"})):

            async def obey() -> None:
                while not await client.xlen(ME.inbox):  # noqa: ASYNC110 - Redis tells nobody
                    await anyio.sleep(0.01)
                await mine.take(await entry(client))

            tasks.start_soon(obey)
            assert await ask(client, KEY, [ME], do=do) == {ME.id: answer}
    assert hand.done == ["work", "dance"]


async def test_what_is_forged_repeated_or_late_is_not_done(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hand = Hand()
    async with connected(redis_url) as client:
        mine = Orders(ME.id, KEY, client, hand)

        async def take(fields: Mapping[str, Any]) -> int:
            await mine.take({name.encode(): _bytes(value) for name, value in fields.items()})
            return len(hand.done)

        good = seal_order(KEY, ME.id, "1", {"do": "drain"})
        assert await take(good) == 1
        assert await take(good) == 1, "repeated"
        assert await take(seal_order(OTHER, ME.id, "2", {"do": "drain"})) == 1, "of somebody without the key"
        assert await take(seal_order(KEY, "1" * 16, "3", {"do": "drain"})) == 1, "for another machine"
        assert await take(good | {"order": "4"}) == 1, "under another name"
        assert await take({"kind": "order"}) == 1
        now = time.time()
        for skew, done in ((MOST_AGE_SECONDS + 5, 1), (-MOST_AGE_SECONDS - 5, 1), (MOST_AGE_SECONDS - 5, 2)):
            monkeypatch.setattr(orders.time, "time", lambda skew=skew: now - skew)
            late = seal_order(KEY, ME.id, f"skewed-{skew}", {"do": "drain"})
            monkeypatch.setattr(orders.time, "time", lambda: now)
            assert await take(late) == done, skew


async def test_who_is_silent_is_named_and_not_waited_for(redis_url: str) -> None:
    async with connected(redis_url) as client:
        await client.set(redis_keys.supervisor_alive(ME.id), 1, ex=60)
        with anyio.fail_after(10):
            found = await situation(client, KEY)
        assert found.silent == [ME]
        assert found.to_json() == {"gateways": [], "machines": [], "silent": [{"id": ME.id, "role": "workers"}]}
        assert 0 < await client.ttl(ME.inbox) <= 120, "what nobody reads goes away by itself"


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
