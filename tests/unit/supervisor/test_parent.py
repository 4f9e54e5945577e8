"""A supervisor and the process that has started it, at the two ends of their socket."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from sockethub.config import Declaration, load
from sockethub.errors import SockethubError
from sockethub.operations.recent import Recent
from sockethub.supervisor import parent as parents
from sockethub.supervisor.launch import READY, SupervisorProcess
from sockethub.supervisor.parent import Parent
from sockethub.supervisor.processes import ForkServerGone
from sockethub.supervisor.supervisor import Supervisor

pytestmark = pytest.mark.anyio

RECORD = {"event": "reloaded", "level": "info", "timestamp": "2026-11-25T22:38:09.551043Z"}


class Told:
    """A supervisor that is told declarations."""

    def __init__(self) -> None:
        self.declarations: list[Declaration] = []
        self.fails = ""

    async def redeclare(self, declaration: Declaration) -> None:
        if self.fails:
            raise ForkServerGone(self.fails)
        self.declarations.append(declaration)


class Ends:
    """Both processes; the one that runs beside them is no supervisor, but is there."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        self.ours = ours
        self.child = SupervisorProcess(process, ours)
        self.recent = Recent(100_000)
        self.parent = Parent(self.theirs, self.recent)
        self.supervisor = Told()
        self.stop = anyio.Event()
        self.orders: list[str] = []

    async def reload(self, order: str) -> dict[str, Any]:
        self.orders.append(order)
        await self.child.redeclare(load(None, {}))
        return {"changed": ["log.level"], "restart": []}


@asynccontextmanager
async def ends() -> AsyncIterator[Ends]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:  # noqa: ASYNC220
        both = Ends(process)
        try:
            async with anyio.create_task_group() as tasks:
                ready = anyio.Event()
                ready.set()
                tasks.start_soon(both.parent.hear, cast(Supervisor, both.supervisor), ready, both.stop)
                with anyio.fail_after(10):
                    await anyio.wait_readable(both.ours)
                assert both.ours.recv(100) == READY
                tasks.start_soon(both.child.hear, both.reload)
                yield both
                tasks.cancel_scope.cancel()
        finally:
            both.ours.close()
            both.theirs.close()
            process.kill()


async def test_it_reloads_by_order_of_the_supervisor_and_is_told_what_is_declared() -> None:
    async with ends() as both:
        with anyio.fail_after(10):
            assert await both.parent.reload("one") == {"changed": ["log.level"], "restart": []}
        assert both.orders == ["one"]
        assert len(both.supervisor.declarations) == 1
        assert Path(both.supervisor.declarations[0].state_dir).name == ".state"


async def test_why_it_is_not_so_is_told() -> None:
    async with ends() as both:
        both.supervisor.fails = "these platforms do not start"
        with anyio.fail_after(10), pytest.raises(SockethubError, match="do not start"):
            await both.child.redeclare(load(None, {}))


async def test_what_the_parent_logs_is_kept_and_nonsense_is_not() -> None:
    async with ends() as both:
        both.child.record({**RECORD, "level": "loud"})
        both.child.record(RECORD)
        with anyio.fail_after(10):
            await both.child.redeclare(load(None, {}))  # it comes after them
        [(of_worker, text)] = both.recent.answer({}, "")["records"]
        assert not of_worker
        assert '"reloaded"' in text


async def test_an_order_that_is_not_answered_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parents, "RELOAD_SECONDS", 0.05)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        assert "did not come to an end" in (await Parent(theirs, Recent(0)).reload("one"))["error"]


async def test_the_end_of_the_parent_is_the_end() -> None:
    async with ends() as both:
        other = both.child
        both.theirs.shutdown(socket.SHUT_RD)
        both.ours.shutdown(socket.SHUT_WR)
        with anyio.fail_after(10):
            await both.stop.wait()
        other.record(RECORD)  # nobody takes it, and nothing is raised
