"""A login runs once: leases over a real Redis."""

from __future__ import annotations

import anyio
import pytest
import redis

from sockethub import redis_keys
from sockethub.jobs import connected
from sockethub.supervisor.leases import Leases
from sockethub.supervisor.notices import drop_dead_gateways

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


KINDS = pytest.mark.parametrize("key", [redis_keys.lease("ann"), f"{redis_keys.lease('ann')}:fence"])


@KINDS
async def test_a_lease_that_its_worker_has_spoiled_is_lost_alone(redis_url: str, key: str) -> None:
    """One that was taken over may give its own keys another type; the others' leases are renewed all the same."""
    async with connected(redis_url) as client:
        leases, other = Leases(client, "one", 60), Leases(client, "other", 60)
        for login in ("al", "ann", "ben"):
            await leases.acquire(login)
        await client.delete(key)
        await client.hset(key, "x", "y")
        assert await leases.renew() == ["ann"]
        assert await leases.renew() == [], "it is told once"
        assert await other.acquire("ben") is None
        assert await other.acquire("ann") is not None, "the login can go on elsewhere"


@KINDS
async def test_a_spoiled_lease_keeps_nobody_from_the_login(redis_url: str, key: str) -> None:
    async with connected(redis_url) as client:
        await client.hset(key, "x", "y")
        leases = Leases(client, "one", 60)
        assert await leases.acquire("ann") is not None
        await client.delete(key)
        await client.hset(key, "x", "y")
        await leases.release("ann")
        assert await Leases(client, "other", 60).acquire("ann") is not None


async def test_an_error_of_redis_takes_no_lease_away(redis_url: str) -> None:
    async with connected(redis_url) as client:
        leases = Leases(client, "one", 60)
        await leases.acquire("ann")
        await client.config_set("maxmemory", 1)
        try:
            with pytest.raises(redis.ResponseError, match="maxmemory"):
                await leases.renew()
        finally:
            await client.config_set("maxmemory", 0)
        assert leases.held("ann") is not None
        assert await leases.renew() == []


async def test_dead_gateways_are_dropped_beside_a_key_that_is_spoiled(redis_url: str) -> None:
    async with connected(redis_url) as client:
        await client.set(redis_keys.gateway_alive("g1"), "{}")
        await client.hset(redis_keys.attached("ann"), mapping={"s1": "g1", "s2": "g2", "s3": b"\xff"})
        await client.set(redis_keys.attached("al"), "no hash")
        found = await drop_dead_gateways(client, ["al", "ann"])
        assert not found["al"].alive
        assert found["ann"].alive == {"g1"}
        assert await client.hgetall(redis_keys.attached("ann")) == {b"s1": b"g1"}


async def _expired(client: object) -> None:
    with anyio.fail_after(5):
        while await client.exists(redis_keys.lease("ann")):  # type: ignore[attr-defined]  # noqa: ASYNC110 - Redis tells nobody
            await anyio.sleep(0.01)
