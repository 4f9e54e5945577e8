"""`sockethub gateway` and `sockethub workers` as services of their own, on one Redis and one master key."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.integration.deployment.conversation import log_in, person
from tests.support.halves import READY_SECONDS, declare, half
from tests.support.ircd import IrcServer
from tests.support.ircpeer import irc_peer
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio


@pytest.fixture
def folder(tmp_path: Path, redis_url: str) -> Path:
    return declare(tmp_path, redis_url)


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
