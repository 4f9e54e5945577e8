"""What one supervisor leaves behind, another takes up: a machine that dies keeps nobody offline."""

from __future__ import annotations

import os
import signal

import anyio
import pytest

from sockethub import redis_keys
from sockethub.crypto import MasterKey, new_key
from tests.integration.workers.stage import Client, declaration, staged
from tests.integration.workers.test_supervisor import pid_of

pytestmark = pytest.mark.anyio

LEASE_SECONDS = 0.5


async def test_a_login_whose_supervisor_was_killed_goes_on_at_another(redis_url: str) -> None:
    key, declared = MasterKey.of(new_key()), declaration(lease_seconds=LEASE_SECONDS)
    async with staged(redis_url, declared, key) as (stage, first):
        client = Client(stage, "ann")
        pid = pid_of((await client.connect()).activity)
        await client.do("send", "save")
        under_way = await client.send("send", "sleep")
        await stage.until(lambda: any("heard" in str(event) for event in stage.events))
        async with staged(redis_url, declared, key):
            os.kill(first.pid, signal.SIGKILL)
            reply = await client.reply(under_way)
            assert reply.outcome == "unknown", "it may have been done: it is not done again"
            await stage.until(lambda: ("ann", "lost") in stage.notices)
            assert pid_of((await client.do("query", "still here")).activity) != pid
            told = [e["activity"] for e in stage.events if e.get("activity", {}).get("type") == "connect"]
            assert told[-1]["object"]["status"] == "reconnected"


async def test_a_login_goes_on_where_its_supervisor_left_it_politely(redis_url: str) -> None:
    """A rolling restart: no lease to wait for."""
    key, declared = MasterKey.of(new_key()), declaration(lease_seconds=60)
    async with staged(redis_url, declared, key) as (stage, _):
        client = Client(stage, "ann")
        async with staged(redis_url, declared, key) as (_, other):
            pids = {pid_of((await client.connect()).activity)}
            os.kill(other.pid, signal.SIGTERM)
            await other.wait()
            pids.add(pid_of((await client.do("query", "still here")).activity))
        assert pid_of((await client.do("query", "still here")).activity) in pids


async def test_what_nobody_listens_to_is_not_taken_over_but_cleared_away(redis_url: str) -> None:
    key, declared = MasterKey.of(new_key()), declaration(lease_seconds=LEASE_SECONDS)
    async with staged(redis_url, declared, key) as (stage, first):
        await Client(stage, "ann").connect()
        os.kill(first.pid, signal.SIGKILL)
        await stage.client.delete(redis_keys.gateway_alive(stage.id))
        async with staged(redis_url, declared, key) as (other, _):
            with anyio.fail_after(5):
                while await other.client.hexists("supervisors:logins", "ann"):  # noqa: ASYNC110 - Redis tells nobody
                    await anyio.sleep(0.02)
            assert not await other.client.exists(redis_keys.state("ann"), redis_keys.attached("ann"))
            assert not other.notices


async def test_what_another_key_has_sealed_is_not_restored(redis_url: str) -> None:
    """A master key that was replaced: the login starts anew instead of failing for ever."""
    async with staged(redis_url) as (stage, _):
        await stage.client.set(redis_keys.state("ann"), b"\1" + b"sealed with a key that is gone" * 3)
        assert (await Client(stage, "ann").connect()).outcome == "result"
