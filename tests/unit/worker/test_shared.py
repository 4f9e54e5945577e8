"""A page and an alarm that two processes have."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator

import anyio
import pytest

from sockethub import leases
from sockethub.worker.page import PAGE_BYTES
from sockethub.worker.shared import Shared

pytestmark = pytest.mark.anyio

SECONDS = 0.2


@pytest.fixture
def sides() -> Iterator[tuple[Shared, Shared]]:
    """The supervisor's and the worker's."""
    with Shared.offered() as (one, descriptors):
        other = Shared.received(*(os.dup(each) for each in descriptors))
    with one, other:
        yield one, other


def test_each_reads_what_the_other_has_written(sides: tuple[Shared, Shared]) -> None:
    one, other = sides
    assert (one.page.due, one.page.held) == (0.0, 0.0)
    one.page.held = 12.5
    other.page.due = 7.25
    assert (other.page.held, one.page.due) == (12.5, 7.25)


@pytest.mark.parametrize("size", [0, 2 * PAGE_BYTES])
def test_neither_can_cut_it_off_under_the_other(size: int) -> None:
    with Shared.offered() as (shared, (page, _)):
        with pytest.raises(PermissionError):
            os.ftruncate(page, size)
        with mmap.mmap(page, PAGE_BYTES) as other:
            assert len(other) == PAGE_BYTES
    shared.close()


def test_nothing_is_left_open() -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    Shared.new().close()

    def handed_to_nobody() -> None:
        with Shared.offered():
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        handed_to_nobody()
    assert sorted(os.listdir("/proc/self/fd")) == before


async def test_an_alarm_goes_off_when_it_is_time(sides: tuple[Shared, Shared]) -> None:
    _, worker = sides
    when = leases.now() + SECONDS
    worker.alarm.set(when)
    with anyio.fail_after(5):
        await worker.alarm.wait()
    assert leases.now() >= when


async def test_the_supervisor_puts_it_off_while_the_worker_waits(sides: tuple[Shared, Shared]) -> None:
    supervisor, worker = sides
    worker.alarm.set(leases.now() + SECONDS)
    async with anyio.create_task_group() as tasks:
        gone_off = anyio.Event()

        async def wait() -> None:
            await worker.alarm.wait()
            gone_off.set()

        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        when = leases.now() + 3 * SECONDS
        supervisor.alarm.set(when)
        await anyio.sleep(2 * SECONDS)
        assert not gone_off.is_set()
        with anyio.fail_after(5):
            await gone_off.wait()
        assert leases.now() >= when


@pytest.mark.parametrize("when", [-1.0, 0.0, 1.0])
async def test_what_is_past_goes_off_at_once(sides: tuple[Shared, Shared], when: float) -> None:
    sides[0].alarm.set(when)
    with anyio.fail_after(5):
        await sides[1].alarm.wait()


async def test_it_goes_off_once(sides: tuple[Shared, Shared]) -> None:
    _, worker = sides
    worker.alarm.set(leases.now())
    with anyio.fail_after(5):
        await worker.alarm.wait()
    with anyio.move_on_after(SECONDS) as waited:
        await worker.alarm.wait()
    assert waited.cancelled_caught
