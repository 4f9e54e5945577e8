"""Several real supervisors on one Redis: who runs which login."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import pytest

from sockethub import redis_keys
from sockethub.crypto import RootKey
from sockethub.placement import Wishes
from sockethub.supervisor.launch import SupervisorProcess
from tests.integration.workers.stage import PLATFORM, WITHIN_SECONDS, Client, Stage, declaration, empty_stage, staged
from tests.integration.workers.test_supervisor import pid_of
from tests.support.deployment import descendants

pytestmark = pytest.mark.anyio

EU, US = {"region": "eu"}, {"region": "us"}


@asynccontextmanager
async def _machines(url: str, *workers: dict[str, Any]) -> AsyncIterator[tuple[Stage, list[SupervisorProcess]]]:
    """A supervisor for each, which know of each other."""
    key = RootKey.new(0)
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(empty_stage(url, key))
        started = [
            (await stack.enter_async_context(staged(url, declaration(lease_seconds=1.0, **each), key)))[1]
            for each in workers
        ]
        assert await stage.client.hlen(redis_keys.SUPERVISOR_MACHINES) == len(workers)
        yield stage, started


async def _runs_at(client: Client, machines: list[SupervisorProcess]) -> int:
    """The machine that runs the login, by its number."""
    pid = pid_of((await client.do("query", "who")).activity)
    (number,) = [number for number, each in enumerate(machines) if pid in descendants(each.pid)]
    return number


async def test_near_first_then_elsewhere_and_never_where_it_must_not(redis_url: str) -> None:
    async with _machines(
        redis_url, {"labels": EU, "max_logins": 2}, {"labels": US | {"network": "libera"}, "max_logins": 3}
    ) as (stage, machines):
        for number, (wishes, where) in enumerate(
            [
                (Wishes(needs=EU), 0),
                (Wishes(prefers=US), 1),
                (Wishes(needs=EU, prefers={"network": "libera"}), 0),
                (Wishes(prefers=EU), 1),  # there is no room where it would be nearer
            ]
        ):
            client = Client(stage, f"login-{number}", wishes=wishes.encode())
            await client.connect()
            assert await _runs_at(client, machines) == where, wishes
        for name, wishes in (("full", Wishes(needs=EU)), ("nowhere", Wishes(needs={"region": "moon"}))):
            client = Client(stage, name, wishes=wishes.encode())
            await client.attach()
            await client.request()
            await stage.until(lambda name=name: (name, "failed") in stage.notices)
            assert not await stage.client.hexists(redis_keys.SUPERVISOR_LOGINS, name), "nobody is to look for it"


async def test_logins_of_a_machine_that_leaves_are_shared_among_the_others(redis_url: str) -> None:
    """Each is run once, all the time; what is near is taken up by who is near."""
    async with _machines(redis_url, {"labels": EU}, {"labels": EU}) as (stage, machines):
        clients: list[Client] = []
        before: list[int] = []
        # Where one runs depends on what the machines are called, by chance: as many as it takes for both to have some.
        while set(before) != {0, 1} or len(before) < 8:
            assert len(before) < 40, "one machine has all of them"
            clients.append(client := Client(stage, f"login-{len(before)}", wishes=Wishes(prefers=EU).encode()))
            await client.connect()
            before.append(await _runs_at(client, machines))
        os.kill(machines[0].pid, signal.SIGTERM)
        with anyio.fail_after(WITHIN_SECONDS):
            while descendants(machines[0].pid):  # noqa: ASYNC110 - the kernel tells its parent alone
                await anyio.sleep(0.02)
        for client, where in zip(clients, before, strict=True):
            assert pid_of((await client.do("query", "who")).activity) in descendants(machines[1].pid)
            connected = [name for name, state in stage.notices if name == client.login and state == "lost"]
            assert len(connected) == (1 if where == 0 else 0), "the others were not disturbed"


async def test_what_a_machine_that_is_gone_was_given_is_taken_by_another(redis_url: str) -> None:
    """It counts as alive for a while, and reads nothing any more."""
    async with _machines(redis_url, {}) as (stage, machines):
        gone = f'[["{PLATFORM}"],{{"region":"eu"}},1,5]'
        await stage.client.hset(redis_keys.SUPERVISOR_MACHINES, "gone", gone)
        await stage.client.set(redis_keys.supervisor_alive("gone"), 1)
        client = Client(stage, "ann", wishes=Wishes(prefers=EU).encode())
        await client.connect()
        assert await _runs_at(client, machines) == 0
