"""A machine that has no room for another process: what runs goes on, what is new waits, and all is well afterwards."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import anyio
import pytest

from tests.integration.workers.stage import Client, staged
from tests.integration.workers.test_supervisor import pid_of

pytestmark = pytest.mark.anyio

NO_FORK = """
import errno, os
fork = os.fork
def fork_if_there_is_room():
    if os.path.exists({full!r}):
        raise OSError(errno.ENOMEM, "no room")
    return fork()
os.fork = fork_if_there_is_room
"""
"""Root may always fork: no limit makes the kernel refuse it."""


async def test_no_room_for_another_process(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = tmp_path / "full"
    (tmp_path / "sitecustomize.py").write_text(NO_FORK.format(full=str(full)))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))  # which fork servers are given
    async with staged(redis_url) as (stage, _):
        old, dying, new = (Client(stage, name) for name in ("old", "dying", "new"))
        pids = [pid_of((await client.connect()).activity) for client in (old, dying)]
        full.touch()
        os.kill(pids[1], signal.SIGKILL)
        await new.attach()
        connecting = await new.send("connect")
        await new.request()
        waiting = await dying.send("query", "still here")
        await anyio.sleep(1)  # some attempts
        assert pid_of((await old.do("query", "who")).activity) == pids[0], "the old is kept"
        assert not stage.replies.keys() & {connecting, waiting}
        full.unlink()
        assert (await new.reply(connecting)).outcome == "result"
        assert (await dying.reply(waiting)).outcome == "result"
        assert pid_of((await old.do("query", "who")).activity) == pids[0]
