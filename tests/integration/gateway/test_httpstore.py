"""What Redis holds of HTTP requests, and what it tells."""

from __future__ import annotations

import pytest

from sockethub import redis_keys
from sockethub.config.gateway import Http
from sockethub.crypto import KeyRing, RootKey
from sockethub.errors import QueueUnavailable
from sockethub.gateway.httpstore import HttpStore, Owned, Progress
from sockethub.jobs import connected

pytestmark = pytest.mark.anyio

LINES = b'{"content":"between us"}\n'


def ring() -> KeyRing:
    return KeyRing(RootKey.new(0))


async def test_redis_tells_neither_results_nor_ids_nor_addresses_and_forgets(redis_url: str) -> None:
    declared = Http(replay_seconds=7)
    async with connected(redis_url) as client:
        store = HttpStore(client, ring(), declared)
        assert await store.results(Owned("my-request")) is Progress.UNKNOWN
        assert await store.begin(Owned("my-request"))
        assert await store.results(Owned("my-request")) is Progress.RUNNING
        assert not await store.begin(Owned("my-request"))
        await store.finish(Owned("my-request"), LINES)
        assert not await store.begin(Owned("my-request"))
        assert await store.results(Owned("my-request")) == LINES
        assert await store.admit("192.0.2.7") == 0
        keys = await client.keys("*")
        assert len(keys) == 2
        for key in keys:
            held = key + (await client.get(key))
            assert not any(said in held for said in (b"between us", b"my-request", b"192.0.2.7"))
            assert 0 < await client.ttl(key) <= max(declared.replay_seconds, declared.rate_seconds)


async def test_results_moved_to_another_id_do_not_open(redis_url: str) -> None:
    async with connected(redis_url) as client:
        store = HttpStore(client, ring(), Http())
        await store.finish(Owned("a"), LINES)
        [mine] = await client.keys("*")
        record = await client.get(mine)
        await store.finish(Owned("b"), b"")
        [other] = [key for key in await client.keys("*") if key != mine]
        await client.set(other, record)
        assert await store.results(Owned("a")) == LINES
        assert await store.results(Owned("b")) is Progress.UNKNOWN


async def test_a_request_whose_gateway_died_ends_too(redis_url: str) -> None:
    async with connected(redis_url) as client:
        assert await HttpStore(client, ring(), Http(total_seconds=5)).begin(Owned("a"))
        [key] = await client.keys(redis_keys.http_results("*").replace("{", "\\{").replace("}", "\\}"))
        assert 5 < await client.ttl(key) <= 15


async def test_gateways_count_together(redis_url: str) -> None:
    keys, declared = ring(), Http(requests=2)
    async with connected(redis_url) as one, connected(redis_url) as two:
        stores = [HttpStore(client, keys, declared) for client in (one, two)]
        assert [await store.admit("192.0.2.7") for store in stores] == [0, 0]
        assert 0 < await stores[0].admit("192.0.2.7") <= declared.rate_seconds
        assert await stores[1].admit("192.0.2.8") == 0


async def test_without_redis_it_says_so() -> None:
    async with connected("redis://127.0.0.1:1/0") as client:
        with pytest.raises(QueueUnavailable):
            await HttpStore(client, ring(), Http()).begin(Owned("a"))
