"""What a worker knows of its own lease: it goes on while it has it, and stops where another may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from sockethub import leases, redis_keys
from sockethub.crypto import Secret, new_key
from sockethub.jobs import connected, linked
from sockethub.supervisor.leases import Leases
from sockethub.worker.lease import Lease
from sockethub.worker.shared import Shared
from sockethub.worker.spec import WorkerSpec

pytestmark = pytest.mark.anyio

SECONDS = 0.3
NOBODY = "unix:///nonexistent/redis.sock"


@pytest.fixture
def shared() -> Iterator[Shared]:
    with Shared.new() as found:
        yield found


def spec(url: str, lease: str, **fields: Any) -> WorkerSpec:
    return WorkerSpec(
        platform="parrot",
        mode="persistent",
        driver="a.b:C",
        login="ann",
        queue="q",
        consumer="c",
        redis_url=Secret(url),
        login_key=Secret(new_key()),
        lease=lease,
        **{"lease_seconds": SECONDS, **fields},
    )


async def test_what_the_supervisor_says_is_enough(shared: Shared) -> None:
    async with linked(NOBODY) as link:
        lease = Lease(spec(NOBODY, "one:1"), link, shared)
        shared.page.held = leases.now() + 60
        await lease.permit()
        assert not lease.lost.is_set()


async def test_without_the_supervisor_the_worker_renews_it_itself(redis_url: str, shared: Shared) -> None:
    async with connected(redis_url) as client, linked(redis_url) as link:
        acquired = await Leases(client, "one", SECONDS).acquire("ann")
        assert acquired is not None
        lease = Lease(spec(redis_url, acquired.value, lease_until=acquired.until), link, shared)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lease.watch)
            await anyio.sleep(3 * SECONDS)
            assert (await client.get(redis_keys.lease("ann"))).decode() == acquired.value
            await lease.permit()
            tasks.cancel_scope.cancel()


async def test_the_supervisor_puts_off_what_the_worker_does_itself(redis_url: str, shared: Shared) -> None:
    """It is not woken meanwhile, and renews where that comes to an end."""
    async with connected(redis_url) as client, linked(redis_url) as link:
        acquired = await Leases(client, "one", SECONDS).acquire("ann")
        assert acquired is not None
        lease = Lease(spec(redis_url, acquired.value, lease_until=acquired.until), link, shared)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lease.watch)
            await anyio.wait_all_tasks_blocked()
            until = leases.now() + 4 * SECONDS
            shared.page.held = until
            shared.alarm.set(leases.alone_from(until, SECONDS))
            await anyio.sleep(2 * SECONDS)
            assert not link.connections, "it has asked nobody"
            with anyio.fail_after(10 * SECONDS):
                while not link.connections:  # noqa: ASYNC110 - it tells nobody
                    await anyio.sleep(0.01)
            assert leases.now() < until
            tasks.cancel_scope.cancel()


async def test_where_another_has_it_nothing_goes_on(redis_url: str, shared: Shared) -> None:
    async with connected(redis_url) as client, linked(redis_url) as link:
        await Leases(client, "other", 60).acquire("ann")
        lease = Lease(spec(redis_url, "one:0"), link, shared)
        with anyio.move_on_after(SECONDS) as waited:
            await lease.permit()
        assert waited.cancelled_caught
        assert lease.lost.is_set()


async def test_who_has_slept_asks_before_it_tells_anything(redis_url: str, shared: Shared) -> None:
    async with connected(redis_url) as client, linked(redis_url) as link:
        acquired = await Leases(client, "one", SECONDS).acquire("ann")
        assert acquired is not None
        lease = Lease(spec(redis_url, acquired.value, lease_until=acquired.until), link, shared)
        await lease.certain()
        await anyio.sleep(2 * SECONDS)  # as long as nobody renews it, as in a machine that is stopped
        await Leases(client, "other", 60).acquire("ann")
        with anyio.move_on_after(SECONDS) as waited:
            await lease.certain()
        assert waited.cancelled_caught
        assert lease.lost.is_set()


async def test_an_outage_does_not_make_it_silent(shared: Shared) -> None:
    """Only whoever has not asked at all cannot know."""
    async with linked(NOBODY) as link:
        lease = Lease(spec(NOBODY, "one:1", lease_until=leases.now(), isolated_seconds=60.0), link, shared)
        await anyio.sleep(2 * SECONDS)
        with anyio.fail_after(5):
            for _ in range(3):
                await lease.certain()
        assert not lease.lost.is_set()


async def test_redis_may_be_away_for_a_while_but_not_for_ever(shared: Shared) -> None:
    async with linked(NOBODY) as link:
        lease = Lease(
            spec(NOBODY, "one:1", lease_until=leases.now() + SECONDS, isolated_seconds=SECONDS),
            link,
            shared,
        )
        began = leases.now()
        with anyio.fail_after(10 * SECONDS):
            await lease.watch()
        assert lease.lost.is_set()
        assert leases.now() - began >= 2 * SECONDS
