"""Processes that are told secrets are crashed, where the system keeps core files: none of them leaves one.

The limit alone would not do: where core files go to a program (``|`` in core(5)), the kernel does not ask it. So the
memory must not be to be had by others of the same user either, which the kernel decides by the same mark.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from tests.integration.deployment.conversation import log_in
from tests.support.deployment import declaration, deployment, fork_servers, login_workers
from tests.support.ircd import IrcServer
from tests.support.processes import ORDINARY, eventually
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
NONE = ["0", "0"]
CRASH = """
import contextlib, os, resource, signal, sys
with contextlib.suppress(PermissionError):
    resource.prlimit(os.getppid(), resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
os.kill(os.getppid(), signal.SIGSEGV)
"""
"""Stands where a key management service's client would: it crashes the process that waits for the key."""

VICTIMS: list[Callable[[dict[int, str]], int]] = [
    lambda running: min(login_workers(running, "irc")),
    lambda running: min(login_workers(running, "dummy")),
    lambda running: min(fork_servers(running, "feeds")),
]
"""From the leaves towards the root; each may have been replaced meanwhile."""


def crash(pid: int) -> None:
    """Also where root lifts the limit, so that nothing but the process's own refusal is left."""
    with suppress(PermissionError):
        resource.prlimit(pid, resource.RLIMIT_CORE, UNLIMITED)
    os.kill(pid, signal.SIGSEGV)


def cores(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith("core")]


def core_limit(pid: int) -> list[str]:
    """Soft and hard."""
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line for line in limits if line.startswith("Max core file size")).split()[4:6]


def test_here_others_do_leave_a_core(tmp_path: Path) -> None:
    """Else the tests below would show nothing."""
    here = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(here, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        crash(process.pid)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert os.WCOREDUMP(status), core_limit(os.getpid())
    pattern = Path("/proc/sys/kernel/core_pattern").read_text()
    assert cores(tmp_path) or pattern.startswith(("|", "/")), "it is somewhere else on this machine"


def readable(pids: Iterable[int]) -> set[int]:
    """Those whose environment another process of the same user can read, which has no capability either."""
    script = 'for pid; do cat "/proc/$pid/environ" >/dev/null 2>&1 && echo "$pid"; done; true'
    argv = [*ORDINARY, "sh", "-c", script, "sh", *map(str, pids)]
    return set(map(int, subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout.split()))


def test_here_others_can_be_read() -> None:
    with subprocess.Popen([*ORDINARY, sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        eventually(lambda: b"input()" in Path(f"/proc/{process.pid}/cmdline").read_bytes(), "python")
        eventually(lambda: readable([process.pid]) == {process.pid}, "another's memory")


async def test_no_process_of_a_deployment_shows_its_memory_or_leaves_a_core(tmp_path: Path, ngircd: IrcServer) -> None:
    with deployment(tmp_path, prefix=ORDINARY) as house:
        async with ws_client(house.websocket) as client:
            await log_in(client, "crasher", ngircd)
            running = house.processes()
            assert {pid: limit for pid in (house.process.pid, *running) if (limit := core_limit(pid)) != NONE} == {}
            ours = {pid for pid, command in running.items() if "-m sockethub" in command}
            assert len(ours) > 10
            assert readable({house.process.pid, *ours}) == set()
            [supervisor] = [pid for pid, command in running.items() if "-m sockethub.supervisor " in command]
            for find in VICTIMS:
                crash(pid := find(house.processes()))
                eventually(lambda pid=pid: pid not in house.processes(), "its end")  # type: ignore[misc]
            crash(supervisor)
            assert house.process.wait(20) == 1, "without its supervisor it ends"
    assert cores(tmp_path) == []


@pytest.mark.parametrize("command", ["serve", "gateway", "workers", "deadletters", "rotate-keys"])
def test_no_command_that_is_given_keys_leaves_a_core(tmp_path: Path, redis_url: str, command: str) -> None:
    keys = {"command": [sys.executable, "-c", CRASH]}
    config = declaration({"redis": {"url": redis_url}, "keys": keys})
    (tmp_path / "sockethub.yaml").write_text(yaml.safe_dump(config))
    with subprocess.Popen([sys.executable, "-m", "sockethub", command], cwd=tmp_path) as process:
        _, status = os.waitpid(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == -signal.SIGSEGV
    assert not os.WCOREDUMP(status)
    assert cores(tmp_path) == []
