"""Children of our own: what they get, and that they go."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from sockethub.embedded import child as children
from sockethub.embedded.child import EmbeddedServerFailed, child
from tests.support.processes import eventually

pytestmark = pytest.mark.anyio


async def test_it_gets_an_environment_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCKETHUB__KEYS__MASTER", "canary")
    async with child(["/usr/bin/env"], log=tmp_path / "log") as running:
        assert await running.wait() == 0
    names = {line.partition("=")[0] for line in (tmp_path / "log").read_text().splitlines()}
    assert names == {"PATH", "LC_ALL"}


async def test_it_is_ended_with_the_block(tmp_path: Path) -> None:
    async with child(["/bin/sleep", "60"], log=tmp_path / "log") as running:
        assert running.returncode() is None
    assert running.returncode() == -signal.SIGTERM


async def test_one_that_ignores_the_request_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "STOP_DEADLINE", 0.05)
    stubborn = [
        sys.executable,
        "-c",
        "import signal; signal.signal(15, signal.SIG_IGN); print(flush=True); signal.pause()",
    ]
    async with child(stubborn, log=tmp_path / "log") as running:
        eventually(lambda: (tmp_path / "log").stat().st_size > 0, "the child listening to no signal")
    assert running.returncode() == -signal.SIGKILL


async def test_it_is_ended_when_the_block_is_cancelled(tmp_path: Path) -> None:
    with anyio.move_on_after(0.05):
        async with child(["/bin/sleep", "60"], log=tmp_path / "log") as running:
            await running.wait()
    assert running.returncode() == -signal.SIGTERM


async def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedServerFailed, match="cannot start /nonexistent/server: No such file or directory"):
        async with child(["/nonexistent/server"], log=tmp_path / "log"):
            pass


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    program = (
        "import anyio, pathlib, sys\n"
        "from sockethub.embedded.child import child\n"
        "async def main():\n"
        "    async with child(['/bin/sleep', '60'], log=pathlib.Path(sys.argv[1])) as running:\n"
        "        print(running.pid, flush=True)\n"
        "        await anyio.sleep(60)\n"
        "anyio.run(main)\n"
    )
    argv = [sys.executable, "-c", program, str(tmp_path / "log")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        command = Path(f"/proc/{pid}/cmdline")
        assert b"sleep" in command.read_bytes()
        parent.kill()
    eventually(lambda: not command.exists() or not command.read_bytes(), "the child gone", deadline=5)
