"""A worker as the supervisor sees it: a control socket, reports of its end, deadlines."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import anyio
import pytest

from sockethub.config.models import Log
from sockethub.crypto import Secret
from sockethub.supervisor import processes
from sockethub.supervisor.processes import ForkServer, ForkServerGone, Worker
from sockethub.worker.control import Control, pair
from sockethub.worker.spec import WorkerSpec

pytestmark = pytest.mark.anyio

NOBODY = 2**22 + 1
"""Above the kernel's greatest pid: a signal sent there reaches nobody."""


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = pair()
    with ours, theirs:
        yield ours, theirs


async def test_the_end_of_socket_and_process_may_come_in_one_turn(ends: tuple[socket.socket, socket.socket]) -> None:
    """The report first, then the end of the socket: what reads that socket must find it open still."""
    ours, theirs = ends
    worker = Worker(NOBODY, Control(ours))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(worker.watch)
        await anyio.wait_all_tasks_blocked()
        theirs.close()  # the loop's next look at its descriptors finds this; what is called soon runs before
        asyncio.get_running_loop().call_soon(worker.exited, 7)
        with anyio.fail_after(5):
            assert await worker.wait() == 7
    assert ours.fileno() < 0, "whoever read it has closed it"


async def test_a_worker_that_is_gone_can_be_told_anything(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    worker = Worker(NOBODY, Control(ours))
    theirs.close()
    await worker.forget("gateway")
    await worker.watch()
    await worker.forget("gateway")
    worker.exited(0)
    with anyio.fail_after(5):
        await worker.stop(1)


async def test_a_worker_that_does_not_leave_is_ended(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:  # noqa: ASYNC220
        worker = Worker(process.pid, Control(ours))
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


async def test_a_fork_nobody_waits_for_any_more_leaves_nothing_behind(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    """A pid may come again: what is remembered of a late one must not meet the next that has it."""
    ours, theirs = ends
    server = ForkServer("late", "sockethub.platforms.dummy:DummyPlatform", 256, Log())
    future: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
    server._forks[1] = future, ours
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
    server._forks[1] = future, ours
    server._forked({"id": 1, "failed": "no room"})
    theirs.close()
    with pytest.raises(OSError, match="no room"):
        await future
    assert len(os.listdir("/proc/self/fd")) == before


async def test_silence_is_taken_for_hanging(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "HEARTBEAT_SECONDS", 0.05)
    ours, theirs = ends
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:  # noqa: ASYNC220
        worker = Worker(process.pid, Control(ours))
        other = Control(theirs)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.watch)
            for _ in range(10):
                await anyio.sleep(0.05)
                other.beat()
            assert process.poll() is None, "it was heard all the while"
            assert await anyio.to_thread.run_sync(process.wait) == -signal.SIGKILL


async def test_who_did_not_run_itself_blames_nobody(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped for a while, by a debugger or a busy machine: the heartbeats wait in the socket."""
    monkeypatch.setattr(processes, "HEARTBEAT_SECONDS", 0.05)
    ours, theirs = ends
    killed: list[int] = []
    monkeypatch.setattr(Worker, "kill", lambda worker: killed.append(worker.pid))
    worker, other = Worker(NOBODY, Control(ours)), Control(theirs)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(worker.watch)
        await anyio.wait_all_tasks_blocked()
        other.beat()
        time.sleep(0.5)  # noqa: ASYNC251 - the loop does not run: that is the point
        await anyio.sleep(0.02)
        assert not killed
        other.close()


async def test_a_log_record_is_no_heartbeat(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop that never ends may log something in each turn; its worker hangs all the same."""
    monkeypatch.setattr(processes, "HEARTBEAT_SECONDS", 0.05)
    ours, theirs = ends
    heard: list[bytes] = []
    async with await anyio.open_process([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        worker = Worker(process.pid, Control(ours))
        other = Control(theirs)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.watch, heard.append)
            for _ in range(10):
                other.tell(b'{"log":1}')
                other.beat()
                await anyio.sleep(0.05)
            assert process.returncode is None
            assert len(heard) == 10
            assert worker.standing.state == "disconnected"
            with anyio.fail_after(30):
                while process.returncode is None:
                    other.tell(b'{"log":2}')
                    await anyio.sleep(0.01)
            assert await process.wait() == -signal.SIGKILL
        assert worker.hung
        assert heard[-1] == b'{"log":2}'


@pytest.mark.parametrize("packet", [b"5", b"[]", b"\xff", b"[" * 100_000])
async def test_a_worker_that_says_what_none_of_ours_would_is_killed(
    ends: tuple[socket.socket, socket.socket], packet: bytes
) -> None:
    """It was taken over; its supervisor, and all other logins, go on."""
    ours, theirs = ends
    async with await anyio.open_process([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        worker = Worker(process.pid, Control(ours))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.watch)
            theirs.send(packet)
            with anyio.fail_after(30):
                status = await process.wait()
            theirs.close()
        assert status == -signal.SIGKILL


async def test_a_standing_is_of_the_shape_that_others_count_on(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    worker = Worker(NOBODY, Control(ours))
    theirs.send(b'{"alive":true,"connected":[],"sessions":"many"}')
    theirs.close()
    await worker.watch()
    assert (worker.standing.state, worker.standing.sessions) == ("disconnected", 0)
