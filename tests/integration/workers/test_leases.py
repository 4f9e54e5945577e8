"""A login runs once: leases over a real Redis."""

from __future__ import annotations

import anyio
import pytest

from sockethub import redis_keys
from sockethub.jobs import connected
from sockethub.supervisor.leases import Leases

pytestmark = pytest.mark.anyio


async def test_one_holder_at_a_time_and_tokens_that_grow(redis_url: str) -> None:
    async with connected(redis_url) as client:
        one, other = Leases(client, "one", 60), Leases(client, "other", 60)
        first = await one.acquire("ann")
        assert first is not None
        assert await other.acquire("ann") is None
        await other.release("ann")  # not its own: nothing happens
        assert await other.acquire("ann") is None
        await one.release("ann")
        second = await other.acquire("ann")
        assert second is not None
        tokens = [int(lease.value.partition(":")[2]) for lease in (first, second)]
        assert tokens[1] > tokens[0]


async def test_a_lease_that_was_taken_is_lost(redis_url: str) -> None:
    async with connected(redis_url) as client:
        away, other = Leases(client, "away", 0.05), Leases(client, "other", 60)
        await away.acquire("ann")
        await _expired(client)
        await other.acquire("ann")
        assert await away.renew() == ["ann"]
        assert await away.renew() == [], "it is told once"
        assert await other.renew() == []


async def test_a_lease_that_was_taken_and_given_back_is_lost_too(redis_url: str) -> None:
    """Whoever had it meanwhile may have changed anything: the token tells, not the absence of a holder."""
    async with connected(redis_url) as client:
        away, other = Leases(client, "away", 0.05), Leases(client, "other", 60)
        await away.acquire("ann")
        await _expired(client)
        await other.acquire("ann")
        await other.release("ann")
        assert await away.renew() == ["ann"]


@pytest.mark.parametrize("emptied", [False, True])
async def test_a_lease_that_nobody_took_while_redis_was_away_is_kept(redis_url: str, emptied: bool) -> None:
    async with connected(redis_url) as client:
        leases, other = Leases(client, "one", 0.05), Leases(client, "other", 60)
        await leases.acquire("ann")
        await _expired(client)
        if emptied:
            await client.flushall()
        before = leases.held("ann")
        assert await leases.renew() == []
        assert await other.acquire("ann") is None
        after = leases.held("ann")
        assert before is not None
        assert after is not None
        assert after.value == before.value
        assert after.until > before.until


async def test_nothing_is_kept_for_ever(redis_url: str) -> None:
    async with connected(redis_url) as client:
        leases = Leases(client, "one", 60)
        await leases.acquire("ann")
        await leases.renew()
        for key in (redis_keys.lease("ann"), f"{redis_keys.lease('ann')}:fence"):
            assert await client.pttl(key) > 0


async def _expired(client: object) -> None:
    with anyio.fail_after(5):
        while await client.exists(redis_keys.lease("ann")):  # type: ignore[attr-defined]  # noqa: ASYNC110 - Redis tells nobody
            await anyio.sleep(0.01)
