"""Signals that reach more than the supervisor: a service manager, a terminal, an operator."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import anyio
import pytest

from tests.integration.workers.stage import Client, staged
from tests.integration.workers.test_supervisor import pid_of
from tests.support.deployment import descendants

pytestmark = pytest.mark.anyio


def told(stage: object, text: str) -> bool:
    return any(text in str(event) for event in stage.events)  # type: ignore[attr-defined]


async def test_sigterm_to_every_process_still_leaves_politely(redis_url: str) -> None:
    """As systemd does by default (KillMode=control-group)."""
    async with staged(redis_url) as (stage, supervisor):
        client = Client(stage, "ann")
        await client.connect()
        for pid in (*descendants(supervisor.pid), supervisor.pid):
            os.kill(pid, signal.SIGTERM)
        with anyio.fail_after(5):
            assert await supervisor.wait() == 0
        await stage.until(lambda: told(stage, "squawk, the service is going down"))


async def test_a_terminated_worker_leaves_politely_and_is_replaced(redis_url: str) -> None:
    async with staged(redis_url) as (stage, _):
        client = Client(stage, "ann")
        pid = pid_of((await client.connect()).activity)
        os.kill(pid, signal.SIGTERM)
        await stage.until(lambda: told(stage, "squawk, the service is going down"))
        assert pid_of((await client.do("query", "back")).activity) != pid


async def test_what_is_under_way_is_finished_before_the_worker_leaves(redis_url: str) -> None:
    async with staged(redis_url) as (stage, supervisor):
        client = Client(stage, "ann")
        await client.connect()
        slow = await client.send("send", "slow")
        await stage.until(lambda: told(stage, "thinking"))
        os.kill(supervisor.pid, signal.SIGTERM)
        assert (await client.reply(slow)).outcome == "result"
        await stage.until(lambda: told(stage, "squawk"))
        said = [str(event) for event in stage.events]
        assert "heard slow" in said[-2], "first the command, then the farewell"


async def test_what_had_not_begun_when_a_worker_left_is_done_by_the_next(redis_url: str) -> None:
    """It is not unknown: nothing of it had happened."""
    async with staged(redis_url) as (stage, _):
        client = Client(stage, "ann")
        pid = pid_of((await client.connect()).activity)
        slow = await client.send("send", "slow")
        await stage.until(lambda: told(stage, "thinking"))
        waiting = await client.send("send", "waiting")
        os.kill(pid, signal.SIGTERM)
        assert (await client.reply(slow)).outcome == "result"
        assert (await client.reply(waiting)).outcome == "result"


async def test_a_terminal_reaches_no_worker(redis_url: str) -> None:
    """Sessions of their own: no Ctrl-C, no hang-up, no input pushed into somebody's terminal."""
    async with staged(redis_url) as (stage, supervisor):
        pid = pid_of((await Client(stage, "ann").connect()).activity)
        assert os.getsid(pid) == pid
        for child in descendants(supervisor.pid):
            ignored = int(_status(child)["SigIgn"], 16)
            assert ignored >> (signal.SIGINT - 1) & 1
        assert os.getpgid(supervisor.pid) == os.getpgid(0), "the supervisor stays with its parent"


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)
