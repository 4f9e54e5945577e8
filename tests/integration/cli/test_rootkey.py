"""The root key is one, whoever starts when, and whatever Redis loses."""

from __future__ import annotations

import re
import threading
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import anyio
import pytest
import redis.asyncio

from sockethub import redis_keys
from sockethub.cli import rootkey
from sockethub.cli.rootkey import LOOK_SECONDS, OtherRootKey, root_kept, wrapped_root
from sockethub.cli.rotatekeys import rotate
from sockethub.crypto import MasterKey, MasterKeys, RootKey, Secret, WrappedRoot, new_key
from sockethub.errors import ConfigError
from sockethub.jobs import connected
from tests.support.halves import declare, half
from tests.support.processes import eventually
from tests.support.redis import run_mortal_redis
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio

MASTERS = MasterKeys(MasterKey.of(new_key()))
WITHIN_SECONDS = 20


def kept(url: str, *, shared: bool = False) -> AbstractAsyncContextManager[RootKey]:
    return root_kept(Secret(url), "test", MASTERS, lambda: MASTERS, shared=shared)


async def test_those_that_start_at_once_agree(redis_url: str) -> None:
    found: set[RootKey] = set()

    async def start() -> None:
        async with kept(redis_url) as root:
            found.add(root)

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(start)
    assert len(found) == 1


async def test_who_runs_writes_it_again_before_who_starts_makes_another() -> None:
    with run_mortal_redis() as server:
        async with kept(server.url) as root:
            server.kill()
            server.start()
            async with kept(server.url, shared=True) as found:
                assert found == root


async def test_of_two_the_older_stays(redis_url: str) -> None:
    async with connected(redis_url) as client, kept(redis_url) as root:
        younger = WrappedRoot.of(RootKey.new(9_000_000_000_000_000), MASTERS)
        await _replace(client, younger)
        with anyio.fail_after(WITHIN_SECONDS):
            while await client.hget(redis_keys.ROOT_KEY, "id") != root.id.encode():  # noqa: ASYNC110 - none tells
                await anyio.sleep(0.01)


async def test_who_has_the_younger_hears_of_it(redis_url: str) -> None:
    async def run() -> None:
        async with connected(redis_url) as client, kept(redis_url):
            await _replace(client, WrappedRoot.of(RootKey.new(0), MASTERS))
            await anyio.sleep(WITHIN_SECONDS)

    with pytest.raises(BaseExceptionGroup) as caught:
        await run()
    assert caught.group_contains(OtherRootKey, match="start this one again")


async def _replace(client: redis.asyncio.Redis, wrapped: WrappedRoot) -> None:
    async with client.pipeline(transaction=True) as pipeline:
        pipeline.delete(redis_keys.ROOT_KEY)
        pipeline.hset(redis_keys.ROOT_KEY, mapping=wrapped.to_hash())
        await pipeline.execute()


async def test_keys_are_read_again_one_at_a_time_however_often_one_asks(redis_url: str) -> None:
    """Who writes to Redis must not have us start program after program."""
    started = threading.Semaphore(0)
    go_on = threading.Event()

    def reread() -> MasterKeys:
        started.release()
        assert go_on.wait(WITHIN_SECONDS)
        return MASTERS

    async with connected(redis_url) as client, root_kept(Secret(redis_url), "test", MASTERS, reread, shared=False):
        await client.set(redis_keys.LOOK, "1")
        assert await anyio.to_thread.run_sync(started.acquire, True, WITHIN_SECONDS)
        await client.set(redis_keys.LOOK, "2")
        await anyio.sleep(3 * LOOK_SECONDS)
        assert not started.acquire(blocking=False)
        go_on.set()
        assert await anyio.to_thread.run_sync(started.acquire, True, WITHIN_SECONDS), "the second is not forgotten"


async def test_what_a_running_process_needs_is_withdrawn_by_force_alone(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rootkey, "LOOK_SECONDS", 0.02)
    new = MasterKey.of(new_key())
    both = MasterKeys(new, (MASTERS.in_use,))
    async with kept(redis_url):
        refused = await rotate(redis_url, both, "withdraw")
        assert ("does not have" in refused.refused[0], refused.despite) == (True, [])
        assert refused.wrapped_under == sorted(key.id for key in both)
        forced = await rotate(redis_url, both, "withdraw", force=True)
        assert (forced.refused, "does not have" in forced.despite[0]) == ([], True)
        assert forced.wrapped_under == [new.id]


async def test_a_hash_of_somebody_else_is_not_touched(redis_url: str) -> None:
    async with connected(redis_url) as client:
        await client.hset(redis_keys.ROOT_KEY, "theirs", "1")
        with pytest.raises(ConfigError, match="`keys:root` in this Redis is not ours"):
            async with kept(redis_url):
                pass
        assert await client.hgetall(redis_keys.ROOT_KEY) == {b"theirs": b"1"}


async def test_who_made_another_starts_again_by_itself(tmp_path: Path, redis_url: str) -> None:
    declare(tmp_path, redis_url)
    master = MasterKey.parse((tmp_path / "secret").read_text(), source="the test")
    older = WrappedRoot.of(RootKey.new(0), [master])
    async with connected(redis_url) as client:
        with half("gateway", tmp_path) as gateway:
            await _replace(client, older)
            await anyio.to_thread.run_sync(eventually, lambda: gateway.log.count("Ctrl-C") == 2, "its second start")
            assert "starting again" in gateway.log
            async with ws_client(re.findall(r"ws://\S+", gateway.log)[-1]):
                assert gateway.process.poll() is None
        assert wrapped_root(await client.hgetall(redis_keys.ROOT_KEY)) == older
