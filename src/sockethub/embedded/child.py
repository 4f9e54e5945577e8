"""A child process that never outlives its parent, without threads and without SIGCHLD.

Linux only: the kernel ends the child when its parent dies (``PR_SET_PDEATHSIG``, prctl(2)), and a pidfd
(pidfd_open(2), Linux 5.3) becomes readable when the child ends.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import anyio

from sockethub.errors import ConfigError

PR_SET_PDEATHSIG = 1
"""``<linux/prctl.h>``."""

STOP_DEADLINE = 10.0
"""Seconds between SIGTERM and SIGKILL; Redis writes what it still holds in this time."""

LOG_TAIL = 2_000
"""Bytes of a child's own log that an error quotes."""


class EmbeddedServerFailed(ConfigError):
    """A server of our own cannot be had; the text says why and what to do."""


class Child:
    """A running child; made by :func:`child`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._pidfd = os.pidfd_open(process.pid)
        self.pid = process.pid

    def returncode(self) -> int | None:
        """How it ended (negative: by that signal), or ``None`` while it runs."""
        return self._process.poll()

    async def wait(self) -> int:
        """Wait until it ends."""
        if self._process.poll() is None:
            await anyio.wait_readable(self._pidfd)
        return self._process.wait()

    async def stop(self) -> None:
        """End it: SIGTERM, and SIGKILL after :data:`STOP_DEADLINE`. Not interrupted by cancellation."""
        with anyio.CancelScope(shield=True):
            self._process.terminate()
            with anyio.move_on_after(STOP_DEADLINE):
                await self.wait()
            self._process.kill()
            await self.wait()
        os.close(self._pidfd)


def _die_with(parent: int, on_death: signal.Signals) -> Callable[[], None]:
    """What the child does between fork and exec. libc is looked up before, for the child must not allocate much."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def bind() -> None:
        prctl(PR_SET_PDEATHSIG, int(on_death), 0, 0, 0)
        if os.getppid() != parent:  # It died before the call above.
            os._exit(1)

    return bind


def _spawn(
    argv: Sequence[str | Path],
    told: bytes,
    output: IO[bytes] | int,
    cwd: Path,
    pass_fds: Sequence[int],
    on_death: signal.Signals,
) -> Child:
    """Start it in a session of its own (a Ctrl-C at the terminal is for the parent), with an environment of nothing."""
    try:
        with os.fdopen(os.memfd_create("stdin"), "w+b") as given:
            given.write(told)
            given.seek(0)
            process = subprocess.Popen(
                argv,
                stdin=given,
                stdout=output,
                stderr=output,
                cwd=cwd,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                pass_fds=tuple(pass_fds),
                start_new_session=True,
                preexec_fn=_die_with(os.getpid(), on_death),
            )
    except OSError as problem:
        raise EmbeddedServerFailed(f"cannot start {argv[0]}: {problem.strerror}") from problem
    return Child(process)


@asynccontextmanager
async def child(
    argv: Sequence[str | Path],
    *,
    log: Path,
    stdin: bytes = b"",
    pass_fds: Sequence[int] = (),
    on_parent_death: signal.Signals = signal.SIGKILL,
) -> AsyncIterator[Child]:
    """Run ``argv`` until the block ends, in the directory of ``log``, which gets its output (emptied before).

    ``stdin`` is what it can read there: unlike arguments, nobody else can.

    ``on_parent_death`` is what the kernel sends it when the thread that started it ends: call this from the main
    thread. Raises :class:`EmbeddedServerFailed` when it cannot be started.
    """
    with log.open("wb") as output:
        running = _spawn(argv, stdin, output, log.parent, pass_fds, on_parent_death)
    try:
        yield running
    finally:
        await running.stop()


def log_tail(log: Path) -> str:
    """The end of a child's log, for the text of an error."""
    return log.read_bytes()[-LOG_TAIL:].decode(errors="replace").strip()
