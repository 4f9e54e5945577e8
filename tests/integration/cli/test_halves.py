"""`sockethub gateway` and `sockethub workers` as services of their own, on one Redis and one master key."""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.integration.deployment.conversation import log_in, person
from tests.support.deployment import declaration
from tests.support.ircd import IrcServer
from tests.support.ircpeer import irc_peer
from tests.support.processes import eventually, stop
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio

READY_SECONDS = 30.0


class Half:
    """One running command and what it printed."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def websocket(self) -> str:
        found = re.search(r"ws://\S+", self.log)
        assert found is not None
        return found[0]


@pytest.fixture
def folder(tmp_path: Path, redis_url: str) -> Path:
    """A declaration for both halves; Redis by a variable, the key by a file that is filled in."""
    key = tmp_path / "secret"
    key.write_text(base64.b64encode(os.urandom(32)).decode() + "\n")
    key.chmod(0o600)
    declared = declaration({"redis": {"url": "${env:REDIS}"}, "keys": {"master": "${file:secret}"}})
    (tmp_path / "sockethub.yaml").write_text(yaml.safe_dump(declared))
    (tmp_path / "redis").write_text(redis_url)
    return tmp_path


@contextmanager
def half(command: str, folder: Path) -> Iterator[Half]:
    """Run one half until the block ends; yielded when it is ready."""
    log = folder / f"{command}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "sockethub", command],
            cwd=folder,
            env=os.environ | {"REDIS": (folder / "redis").read_text(), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    running = Half(process, log)
    try:
        eventually(lambda: "Ctrl-C" in running.log or process.poll() is not None, command, deadline=READY_SECONDS)
        assert process.poll() is None, running.log
        yield running
    finally:
        stop(process)


async def test_they_find_each_other(folder: Path) -> None:
    with half("workers", folder), half("gateway", folder) as gateway:
        async with ws_client(gateway.websocket) as client:
            sent = {
                "type": "echo",
                "context": "dummy",
                "actor": person("ann"),
                "object": {"type": "note", "content": "hi"},
            }
            answer = await client.ok("message", sent)
            assert answer["object"]["content"] == "hi"


async def test_restarting_the_gateway_keeps_the_logins(folder: Path, ngircd: IrcServer) -> None:
    with half("workers", folder):
        async with irc_peer("witness", ngircd.host, ngircd.port) as peer:
            await peer.join("#halves")
            with half("gateway", folder) as gateway:
                async with ws_client(gateway.websocket) as client:
                    await log_in(client, "stays", ngircd, "#halves")
                    gateway.process.send_signal(signal.SIGTERM)
                    await client.socket.wait_closed()
                assert gateway.process.wait(READY_SECONDS) == 0
            with half("gateway", folder) as gateway:
                async with ws_client(gateway.websocket) as client:
                    await log_in(client, "stays", ngircd, "#halves")
                    await peer.send("PRIVMSG #halves :still there?")
                    await client.message(lambda a: a["type"] == "send" and a["object"]["content"] == "still there?")
            assert sum(" JOIN " in line and line.startswith(":stays!") for line in peer.lines) == 1
