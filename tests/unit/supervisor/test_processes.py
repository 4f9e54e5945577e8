"""A worker as the supervisor sees it: a control socket, reports of its end, deadlines."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import anyio
import pytest

from sockethub.config.models import Log
from sockethub.crypto import Secret
from sockethub.supervisor.processes import ForkServer, ForkServerGone, Worker
from sockethub.worker.control import Control, pair
from sockethub.worker.shared import Shared
from sockethub.worker.spec import WorkerSpec

pytestmark = pytest.mark.anyio

Ends = tuple[socket.socket, socket.socket]

NOBODY = 2**22 + 1
"""Above the kernel's greatest pid: a signal sent there reaches nobody."""


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = pair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def shared() -> Iterator[Shared]:
    with Shared.new() as found:
        yield found


async def test_the_end_of_socket_and_process_may_come_in_one_turn(ends: Ends, shared: Shared) -> None:
    """The report first, then the end of the socket: what reads that socket must find it open still."""
    ours, theirs = ends
    worker = Worker(NOBODY, Control(ours), shared)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(worker.watch)
        await anyio.wait_all_tasks_blocked()
        theirs.close()  # the loop's next look at its descriptors finds this; what is called soon runs before
        asyncio.get_running_loop().call_soon(worker.exited, 7)
        with anyio.fail_after(5):
            assert await worker.wait() == 7
    assert ours.fileno() < 0, "whoever read it has closed it"


async def test_a_worker_that_is_gone_can_be_told_anything(ends: Ends, shared: Shared) -> None:
    ours, theirs = ends
    worker = Worker(NOBODY, Control(ours), shared)
    theirs.close()
    await worker.forget("gateway")
    await worker.watch()
    await worker.forget("gateway")
    worker.exited(0)
    with anyio.fail_after(5):
        await worker.stop(1)


async def test_a_worker_that_does_not_leave_is_ended(ends: Ends, shared: Shared) -> None:
    ours, theirs = ends
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:  # noqa: ASYNC220
        worker = Worker(process.pid, Control(ours), shared)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.stop, 0.05)
            status = await anyio.to_thread.run_sync(process.wait)
            worker.exited(status)
        assert status == -signal.SIGKILL
    assert theirs.recv(100) == b'{"do": "stop"}'


async def test_a_platform_that_cannot_be_imported_says_so_at_the_start() -> None:
    server = ForkServer("missing", "sockethub.platforms.dummy:NoSuchPlatform", 256, Log(level="error"))
    with pytest.raises(ForkServerGone, match="missing"):
        await server.start()
    server.close()


async def test_the_successor_of_a_fork_server_is_waited_for() -> None:
    """A login that asks while there is none has not failed: it does not pause before it asks again."""
    server = ForkServer("dummy", "sockethub.platforms.dummy:DummyPlatform", 256, Log(level="error"))
    spec = WorkerSpec("dummy", "stateless", "", "a", "a", "a", Secret("unix:///nowhere"), Secret(b""))
    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            waiting = asyncio.ensure_future(server.fork(spec))
            await anyio.wait_all_tasks_blocked()
            assert not waiting.done()
            await server.start()
            tasks.start_soon(server.serve)
            worker = await waiting
            tasks.start_soon(worker.watch)
            assert server._process is not None
            server._process.kill()
            await worker.wait()


async def test_a_fork_nobody_waits_for_any_more_leaves_nothing_behind(ends: Ends, shared: Shared) -> None:
    """A pid may come again: what is remembered of a late one must not meet the next that has it."""
    ours, theirs = ends
    server = ForkServer("late", "sockethub.platforms.dummy:DummyPlatform", 256, Log())
    future: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
    server._forks[1] = future, ours, shared
    future.cancel()
    server._forked({"id": 1, "pid": NOBODY})
    server._reaped(NOBODY, 0)
    assert theirs.recv(1) == b"", "it reads the end before any order, and ends"
    assert not server._forks
    assert not server._workers


async def test_no_descriptor_is_lost_when_forks_fail() -> None:
    server = ForkServer("broken", "sockethub.platforms.dummy:DummyPlatform", 256, Log())
    before = len(os.listdir("/proc/self/fd"))
    ours, theirs = pair()
    future: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
    server._forks[1] = future, ours, Shared.new()
    server._forked({"id": 1, "failed": "no room"})
    theirs.close()
    with pytest.raises(OSError, match="no room"):
        await future
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("packet", [b"5", b"[]", b"\xff", b"[" * 100_000])
async def test_a_worker_that_says_what_none_of_ours_would_is_killed(ends: Ends, packet: bytes, shared: Shared) -> None:
    """It was taken over; its supervisor, and all other logins, go on."""
    ours, theirs = ends
    async with await anyio.open_process([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        worker = Worker(process.pid, Control(ours), shared)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.watch)
            theirs.send(packet)
            with anyio.fail_after(30):
                status = await process.wait()
            theirs.close()
        assert status == -signal.SIGKILL


async def test_a_standing_is_of_the_shape_that_others_count_on(ends: Ends, shared: Shared) -> None:
    ours, theirs = ends
    worker = Worker(NOBODY, Control(ours), shared)
    theirs.send(b'{"alive":true,"connected":[],"sessions":"many"}')
    theirs.close()
    await worker.watch()
    assert (worker.standing.state, worker.standing.sessions) == ("disconnected", 0)
