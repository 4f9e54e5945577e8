"""What one supervisor leaves behind, another takes up: a machine that dies keeps nobody offline."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from sockethub import redis_keys
from sockethub.crypto import RootKey
from sockethub.supervisor import sweep
from tests.integration.workers.stage import Client, careful, declaration, empty_stage, staged, supervise
from tests.integration.workers.test_supervisor import pid_of
from tests.support.deployment import descendants

pytestmark = pytest.mark.anyio

LEASE_SECONDS = 0.5


async def test_a_login_whose_supervisor_was_killed_goes_on_at_another(redis_url: str) -> None:
    key, declared = RootKey.new(0), declaration(lease_seconds=LEASE_SECONDS)
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


async def test_a_login_outlives_a_supervisor_that_is_stopped(redis_url: str) -> None:
    """Its worker renews the lease itself: nobody takes over what runs."""
    key, declared = RootKey.new(0), declaration(lease_seconds=LEASE_SECONDS)
    async with staged(redis_url, declared, key) as (stage, first), staged(redis_url, declared, key) as (_, second):
        client = Client(stage, "ann")
        await client.connect()
        pid = pid_of((await client.do("query", "who")).activity)
        stopped = first.pid if pid in descendants(first.pid) else second.pid
        os.kill(stopped, signal.SIGSTOP)
        try:
            await anyio.sleep(4 * LEASE_SECONDS)
            assert pid_of((await client.do("query", "who")).activity) == pid
        finally:
            os.kill(stopped, signal.SIGCONT)
        await anyio.sleep(LEASE_SECONDS)
        assert pid_of((await client.do("query", "who")).activity) == pid
        assert ("ann", "lost") not in stage.notices


async def test_a_machine_that_wakes_up_finds_its_login_taken_and_leaves_it(redis_url: str, tmp_path: Path) -> None:
    key, declared = RootKey.new(0), careful(lease_seconds=LEASE_SECONDS)
    async with staged(redis_url, declared, key) as (stage, one), staged(redis_url, declared, key) as (_, other):
        client = Client(stage, "ann", platform="careful", begun=str(tmp_path / "begun"))
        await client.connect()
        pid = pid_of((await client.do("query", "who")).activity)
        asleep = one if pid in descendants(one.pid) else other
        processes = [asleep.pid, *descendants(asleep.pid)]
        for each in processes:
            os.kill(each, signal.SIGSTOP)
        try:
            # The first goes to the one that sleeps, for it waits at Redis; nothing is lost with it.
            jobs = [await client.send("send", f"number {number}") for number in range(3)]
            replies = [await client.reply(job) for job in jobs]
        finally:
            for each in processes:
                os.kill(each, signal.SIGCONT)
        assert [reply.outcome for reply in replies] == ["result"] * 3
        new = pid_of(replies[0].activity)
        assert new != pid
        await stage.until_gone(pid)
        assert pid_of((await client.do("query", "who")).activity) == new
        begun = [f"number {number}" for number in range(3)]
        done = [each for number in begun for each in (number, f"did {number}")]
        assert (tmp_path / "begun").read_text().splitlines() == done, "in their order, and by one alone"


async def test_a_login_goes_on_where_its_supervisor_left_it_politely(redis_url: str) -> None:
    """A rolling restart: no lease to wait for."""
    key, declared = RootKey.new(0), declaration(lease_seconds=60)
    async with staged(redis_url, declared, key) as (stage, _):
        client = Client(stage, "ann")
        async with staged(redis_url, declared, key) as (_, other):
            pids = {pid_of((await client.connect()).activity)}
            os.kill(other.pid, signal.SIGTERM)
            await other.wait()
            pids.add(pid_of((await client.do("query", "still here")).activity))
        assert pid_of((await client.do("query", "still here")).activity) in pids


@pytest.mark.parametrize("another", ["is there", "comes later"])
async def test_what_is_left_politely_is_taken_up_at_once(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, another: str
) -> None:
    """Not at somebody's next sweep, nor after a lease: neither comes in this test."""
    monkeypatch.setattr(sweep, "SWEEP_SECONDS", 600.0)
    key, declared = RootKey.new(0), declaration(lease_seconds=600)
    supervisor_here = partial(supervise, redis_url, declared, key)
    async with empty_stage(redis_url, key) as stage, anyio.create_task_group() as supervisors:
        client = Client(stage, "ann")
        leave = await supervisors.start(supervisor_here)
        pid = pid_of((await client.connect()).activity)
        if another == "is there":
            leave_too = await supervisors.start(supervisor_here)
        leave()
        await stage.until_gone(pid)
        if another == "comes later":
            waiting = await client.send("send", "for whoever comes")
            leave_too = await supervisors.start(supervisor_here)
            assert (await client.reply(waiting)).outcome == "result"
        assert pid_of((await client.do("query", "still here")).activity) != pid
        told = [e["activity"] for e in stage.events if e.get("activity", {}).get("type") == "connect"]
        assert told[-1]["object"]["status"] == "reconnected"
        requests: Any = await stage.client.xinfo_stream(redis_keys.SUPERVISOR_REQUESTS)
        assert requests["length"] == 0, "and nobody is asked again"
        leave_too()


async def test_what_nobody_listens_to_is_not_taken_over_but_cleared_away(redis_url: str) -> None:
    key, declared = RootKey.new(0), declaration(lease_seconds=LEASE_SECONDS)
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
    """A root key that was replaced: the login starts anew instead of failing for ever."""
    async with staged(redis_url) as (stage, _):
        await stage.client.set(redis_keys.state("ann"), b"\1" + b"sealed with a key that is gone" * 3)
        assert (await Client(stage, "ann").connect()).outcome == "result"
