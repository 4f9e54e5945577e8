"""Run a real server as a child for as long as a ``with`` block lasts."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE = float(os.environ.get("TESTS_PATIENCE", "1"))
"""How many times longer the tests wait, on a machine that is busy with other things: late is not wrong."""

READY_DEADLINE = 15.0
"""Seconds a server may take to listen; generous, because the machine may be busy with other tests."""

STOP_DEADLINE = 5.0
"""Seconds between SIGTERM and SIGKILL."""

POLL_INTERVAL = 0.01
"""Seconds between two looks at a condition."""


ORDINARY: Sequence[str] = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--") if os.geteuid() == 0 else ()
"""To the kernel a user is ordinary who has no capability, whatever the number. (Root's number is kept: Python may lie
where only root can enter.)"""


class ServerFailed(AssertionError):
    """A server the tests need is missing or does not start. Never a reason to skip."""


def find_server(name: str, package: str) -> str:
    """Path of the executable ``name``, also where Debian keeps daemons; fails with the package to install."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
    if path is None:
        raise ServerFailed(f"the tests need {name}: install the package {package} (as root, `make test` does it)")
    return path


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def accepts(address: tuple[str, int] | str) -> bool:
    """Whether something accepts a connection there: a host and port, or the path of a Unix socket."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(address) == 0


def eventually(condition: Callable[[], bool], what: str, deadline: float = READY_DEADLINE) -> None:
    """Wait until ``condition`` holds; fail with ``what`` when it does not within ``deadline`` seconds."""
    end = time.monotonic() + deadline * PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise ServerFailed(f"{what}: not within {deadline:g} s")
        time.sleep(POLL_INTERVAL)


@contextmanager
def running(
    argv: Sequence[str],
    *,
    ready: Callable[[], bool],
    log: Path,
    env: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``argv`` until the block ends; enter it once ``ready`` holds.

    Its output goes to ``log``; it runs in that directory, which thus also gets the core file of one that crashes.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, cwd=log.parent
        )
    try:
        eventually(lambda: process.poll() is not None or ready(), f"{argv[0]} listening")
        if process.poll() is not None:
            raise ServerFailed(f"{argv[0]} ended with {process.returncode}: {log.read_text(errors='replace')[-2000:]}")
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End ``process``, politely first, and reap it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def memory_kib(pid: int) -> dict[str, int]:
    """What a process takes, by the kernel's names (``Pss``, ``Private_Dirty``, …): smaps_rollup in proc(5)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}


def private_kib(pid: int) -> int:
    """Of that, what no other process has."""
    taken = memory_kib(pid)
    return taken["Private_Clean"] + taken["Private_Dirty"]


def processor_seconds(pid: int) -> float:
    """Of all its threads, to the nanosecond: ticks would be too coarse for what is idle."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
