"""Supervisor, fork servers and workers as real processes, over a real Redis."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import anyio
import pytest

from sockethub import redis_keys
from sockethub.crypto import RootKey
from sockethub.worker.control import TELL_SECONDS
from tests.integration.workers.stage import Client, declaration, staged
from tests.support.deployment import descendants
from tests.support.processes import private_kib

pytestmark = pytest.mark.anyio

WITHIN_SECONDS = 8.0
"""A worker that hangs is noticed, by which the machine that runs this may be slow."""


def pid_of(activity: object) -> int:
    assert isinstance(activity, dict)
    pid = activity["object"]["pid"]
    assert isinstance(pid, int)
    return pid


async def test_two_logins_are_two_processes(redis_url: str) -> None:
    async with staged(redis_url) as (stage, _):
        ann, ben = Client(stage, "ann"), Client(stage, "ben")
        pids = {pid_of((await client.connect()).activity) for client in (ann, ben)}
        assert len(pids) == 2
        assert pid_of((await ann.do("send", "hello")).activity) in pids
        await stage.until(
            lambda: any(e.get("activity", {}).get("object", {}).get("content") == "heard hello" for e in stage.events)
        )


async def test_a_worker_that_dies_is_replaced_and_restored(redis_url: str) -> None:
    async with staged(redis_url) as (stage, _):
        client = Client(stage, "ann")
        first = pid_of((await client.connect()).activity)
        await client.do("send", "save")

        dying = await client.send("send", "die")
        behind = await client.send("send", "behind it")
        assert (await client.reply(dying)).outcome == "unknown"
        after = await client.reply(behind)
        assert after.outcome == "result"
        assert pid_of(after.activity) != first
        assert ("ann", "lost") in stage.notices
        connected = [e for e in stage.events if e.get("activity", {}).get("type") == "connect"]
        assert connected[-1]["activity"]["object"] == {"type": "connect", "status": "reconnected"}


async def test_many_deaths_at_once_are_as_one(redis_url: str) -> None:
    """Reports of deaths and the ends of sockets come in any order, many in one turn of the supervisor's loop."""
    async with staged(redis_url) as (stage, supervisor):
        clients = [Client(stage, f"login{number}") for number in range(16)]
        pids = [pid_of((await client.connect()).activity) for client in clients]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for client, pid in zip(clients, pids, strict=True):
            assert pid_of((await client.do("query", "back")).activity) != pid
        assert _runs(supervisor.pid)


async def test_a_retryable_command_is_done_again_but_not_for_ever(redis_url: str) -> None:
    """`query` may be repeated; one that ends its worker each time is set aside, and the login lives on."""
    async with staged(redis_url) as (stage, _):
        client = Client(stage, "ann")
        await client.connect()
        reply = await client.do("query", "die")
        assert (reply.outcome, reply.condition) == ("error", "poisoned")
        assert await stage.client.xlen(redis_keys.dead_letters(client.queue)) == 1
        assert (await client.do("send", "alive")).outcome == "result"


async def test_errors_and_bugs_are_answered_and_tell_nothing_else(redis_url: str) -> None:
    async with staged(redis_url) as (stage, _):
        client = Client(stage, "ann")
        await client.connect()
        refused = await client.do("send", "fail")
        assert (refused.outcome, refused.error, refused.condition) == ("error", "it refuses", "refused")
        bug = await client.do("send", "bug")
        assert (bug.outcome, bug.condition) == ("error", "internal")
        assert "secret-in-a-bug" not in (bug.error or "")
        timed_out = await client.do("send", "late")
        assert (timed_out.outcome, timed_out.condition) == ("error", "internal"), "no limit of ours"
        overdue = await client.do("send", "sleep")
        assert overdue.outcome == "unknown"
        assert (await client.do("send", "alive")).outcome == "result"


async def test_nothing_is_done_without_a_connection(redis_url: str) -> None:
    async with staged(redis_url) as (stage, _):
        client = Client(stage, "ann", password="wrong")
        assert (await client.connect()).error == "wrong password"
        reply = await client.do("send", "hello")
        assert (reply.outcome, reply.condition) == ("error", "not-connected")
        assert reply.error == "not connected; send `connect` first"


async def test_who_is_connecting_again_is_not_told_to_connect(redis_url: str) -> None:
    async with staged(redis_url) as (stage, _):
        client = Client(stage, "ann")
        await client.connect()
        await client.do("send", "falter")
        reply = await client.do("send", "hello")
        assert reply.error == "the connection was lost, and is being made again; nothing was sent"
        assert (reply.outcome, reply.condition) == ("error", "not-connected")
        assert (await client.connect()).outcome == "result"
        assert (await client.do("send", "hello")).outcome == "result"


async def test_a_login_lingers_and_then_leaves(redis_url: str) -> None:
    async with staged(redis_url) as (stage, _):
        first, second = Client(stage, "ann"), Client(stage, "ann")
        pid = pid_of((await first.connect()).activity)
        await first.detach()
        assert pid_of((await second.connect()).activity) == pid, "it was still there"
        await second.detach()
        await stage.until(lambda: ("ann", "stopped") in stage.notices)
        assert not Path(f"/proc/{pid}").exists()
        for key in (redis_keys.state("ann"), redis_keys.queue(second.queue), redis_keys.lease("ann")):
            assert not await stage.client.exists(key), key


async def test_disconnect_ends_the_login_for_all_its_sessions(redis_url: str) -> None:
    async with staged(redis_url) as (stage, _):
        first, second = Client(stage, "ann"), Client(stage, "ann")
        await first.connect()
        await second.connect()
        assert (await first.do("disconnect")).outcome == "result"
        await stage.until(lambda: ("ann", "stopped") in stage.notices)
        told = [e for e in stage.events if e.get("activity", {}).get("type") == "disconnect"]
        assert told
        assert told[-1]["without"] == [first.session]


async def test_what_comes_behind_a_disconnect_is_for_another_process(redis_url: str) -> None:
    """It is at hand already when the login ends, and has not begun."""
    async with staged(redis_url) as (stage, _):
        client = Client(stage, "ann")
        first = pid_of((await client.connect()).activity)
        leaving, coming = await client.send("disconnect"), await client.send("connect")
        assert (await client.reply(leaving)).outcome == "result"
        again = await client.reply(coming)
        assert again.outcome == "result"
        assert pid_of(again.activity) != first
        assert (await client.do("send", "hello")).outcome == "result"


async def test_a_word_that_comes_as_a_login_ends_does_not_keep_it(redis_url: str) -> None:
    """Somebody goes as somebody else disconnects, who stays: another process takes that word, and ends too."""
    async with staged(redis_url) as (stage, _):
        first, second = Client(stage, "ann"), Client(stage, "ann")
        await first.connect()
        await second.connect()
        job = await first.send("disconnect")
        await second.detach()
        assert (await first.reply(job)).outcome == "result"
        await stage.until(lambda: ("ann", "stopped") in stage.notices)
        assert not await stage.client.exists(redis_keys.queue(first.queue))


async def test_a_connection_lost_for_good_is_told_and_ends_the_login(redis_url: str) -> None:
    async with staged(redis_url) as (stage, _):
        client = Client(stage, "ann")
        await client.connect()
        await client.do("send", "lose")
        await stage.until(lambda: ("ann", "stopped") in stage.notices)
        assert any(e.get("activity", {}).get("error") == "gone for good" for e in stage.events)


async def test_one_machine_runs_no_more_than_it_may(redis_url: str) -> None:
    async with staged(redis_url, declaration(max_logins=1)) as (stage, _):
        await Client(stage, "ann").connect()
        late = Client(stage, "ben")
        await late.attach()
        await late.request()
        await stage.until(lambda: ("ben", "failed") in stage.notices)


async def test_a_login_runs_once_with_two_supervisors(redis_url: str) -> None:
    key = RootKey.new(0)
    async with staged(redis_url, key=key) as (stage, one), staged(redis_url, key=key) as (_, other):
        client = Client(stage, "ann")
        pid = pid_of((await client.connect()).activity)
        for _ in range(6):  # whichever hears of it, the one that runs it keeps it
            await client.request()
        assert pid_of((await client.do("send", "hello")).activity) == pid
        below = [pid for supervisor in (one, other) for pid in descendants(supervisor.pid)]
        assert below.count(pid) == 1
        # each supervisor: two fork servers, two pool workers; and one login between them
        assert len(below) == 2 * 4 + 1


async def test_a_pool_heals_and_loses_nothing(redis_url: str) -> None:
    async with staged(redis_url) as (stage, _):
        client = Client(stage, "dummy", platform="dummy")
        jobs = [await client.send("sigkill" if number in (3, 17) else "echo", str(number)) for number in range(30)]
        replies = [await client.reply(job) for job in jobs]
        for number, reply in enumerate(replies):
            if number in (3, 17):
                assert reply.outcome == "unknown"
            else:
                assert reply.outcome in ("result", "unknown")
                if reply.activity is not None:
                    assert reply.activity["object"]["content"] == str(number)
        assert sum(reply.outcome == "result" for reply in replies) >= 20
        poisoned = await client.do("exit1")
        assert (poisoned.outcome, poisoned.condition) == ("error", "poisoned")
        assert (await client.do("hang")).outcome == "unknown"
        assert (await client.do("echo", "well")).outcome == "result"


@pytest.mark.parametrize("how", ["stopped", "spin", "block"])
async def test_a_worker_that_hangs_is_replaced(redis_url: str, how: str) -> None:
    """Not dead: nobody but what it does not do any more tells. Stopped as it waits, it has nothing to do."""
    async with staged(redis_url) as (stage, _):
        client = Client(stage, "ann")
        pid = pid_of((await client.connect()).activity)
        if how == "stopped":
            os.kill(pid, signal.SIGSTOP)
        else:
            await client.send("send", how)
        with anyio.fail_after(WITHIN_SECONDS):
            await stage.until(lambda: ("ann", "lost") in stage.notices)
        assert pid_of((await client.do("send", "hello")).activity) != pid


async def test_a_worker_that_was_stopped_for_a_moment_goes_on(redis_url: str) -> None:
    async with staged(redis_url) as (stage, _):
        client = Client(stage, "ann")
        pid = pid_of((await client.connect()).activity)
        for stopping in range(3):  # together they are longer than one may be
            os.kill(pid, signal.SIGSTOP)
            await anyio.sleep(WITHIN_SECONDS / 3)
            os.kill(pid, signal.SIGCONT)
            assert pid_of((await client.do("send", f"hello {stopping}")).activity) == pid


async def test_a_pool_worker_that_is_stopped_is_replaced(redis_url: str) -> None:
    async with staged(redis_url) as (stage, supervisor):
        with anyio.fail_after(5):
            while not (pool := [pid for pid in descendants(supervisor.pid) if _parent(pid) != supervisor.pid]):  # noqa: ASYNC110 - as above
                await anyio.sleep(0.01)
        os.kill(pool[0], signal.SIGSTOP)
        await stage.until_gone(pool[0])
        assert (await Client(stage, "dummy", platform="dummy").do("echo", "well")).outcome == "result"


async def test_nobody_wakes_a_worker_that_has_nothing_to_do(redis_url: str) -> None:
    """Neither to hear that it is well, nor to say that its lease was renewed."""
    async with staged(redis_url, declaration(lease_seconds=0.6)) as (stage, _):
        client = Client(stage, "ann")
        pid = pid_of((await client.connect()).activity)
        await anyio.sleep(TELL_SECONDS + 0.5)  # until the last of how it stands is told
        before = _waits(pid)
        await anyio.sleep(3)
        assert _waits(pid) - before <= 2, "a link to Redis looks once whether it was answered"
        assert pid_of((await client.do("send", "hello")).activity) == pid


async def test_nothing_outlives_a_killed_supervisor(redis_url: str) -> None:
    async with staged(redis_url) as (stage, supervisor):
        await Client(stage, "ann").connect()
        below = descendants(supervisor.pid)
        assert len(below) == 5
        os.kill(supervisor.pid, signal.SIGKILL)
        with anyio.fail_after(1):
            while any(_runs(pid) for pid in below):  # noqa: ASYNC110 - the kernel tells nobody
                await anyio.sleep(0.01)


async def test_an_altered_job_is_set_aside_unopened(redis_url: str) -> None:
    async with staged(redis_url) as (stage, _):
        ann, ben = Client(stage, "ann"), Client(stage, "ben")
        await ann.connect()
        await ben.connect()
        await ann.send("send", "for ann alone")
        entry = await stage.client.xrange(redis_keys.queue(ann.queue))
        fields = entry[0][1] if entry else None
        if fields is not None:  # it may have been taken already: then there is nothing to move
            await stage.client.xadd(redis_keys.queue(ben.queue), fields)
        moved = Client(stage, "ann")
        moved.queue = ben.queue
        await moved.send("send", "sealed with ann's key, on ben's queue")
        with anyio.fail_after(5):
            while not await stage.client.xlen(redis_keys.dead_letters(ben.queue)):  # noqa: ASYNC110 - as above
                await anyio.sleep(0.01)
        assert (await ben.do("send", "alive")).outcome == "result"


async def test_a_worker_is_confined(redis_url: str) -> None:
    async with staged(redis_url) as (stage, supervisor):
        pid = pid_of((await Client(stage, "ann", password="canary-7d1").connect()).activity)
        status = dict(
            line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
        )
        assert status["NoNewPrivs"] == "1"
        assert status["Threads"].strip() == "1"
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert "Max core file size        0                    0" in limits
        for child in (supervisor.pid, *descendants(supervisor.pid)):
            seen = Path(f"/proc/{child}/environ").read_bytes() + Path(f"/proc/{child}/cmdline").read_bytes()
            assert b"canary-7d1" not in seen
            assert redis_url.encode() not in seen


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _waits(pid: int) -> int:
    """How often it has gone to sleep."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_a_login_has_little_memory_of_its_own(redis_url: str) -> None:
    """What was imported is shared. Where the interpreter counts references in shared pages, twice as much is copied."""
    most_kib = 4_000 if sys.version_info >= (3, 12) else 8_000
    async with staged(redis_url) as (stage, _):
        # The second one: the first is there while its fork server still tidies up.
        pids = [pid_of((await Client(stage, name).connect()).activity) for name in ("ann", "ben")]
        assert private_kib(pids[1]) < most_kib
