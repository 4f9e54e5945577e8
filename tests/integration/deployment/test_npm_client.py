"""The `@sockethub/client` that people install from npm, unmodified, on a real IRC server through the whole house."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.support.deployment import Deployment
from tests.support.ircd import IrcServer
from tests.support.ircpeer import irc_peer
from tests.support.processes import find_server

pytestmark = pytest.mark.anyio

SCRIPT = Path(__file__).parents[1] / "js" / "client.mjs"


async def test_a_conversation_and_a_reconnect(house: Deployment, ngircd: IrcServer) -> None:
    login = {"nick": "npmclient", "server": ngircd.host, "port": ngircd.port, "room": "#npm"}
    done: list[Any] = []

    async def drive() -> None:
        node = find_server("node", "nodejs")
        arguments = [node, str(SCRIPT), house.url, "irc", "websocket", json.dumps(login)]
        done.append(await anyio.run_process(arguments, check=False))

    async with irc_peer("npmpeer", ngircd.host, ngircd.port) as peer:
        await peer.join("#npm")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(drive)
            await peer.line(lambda line: line.endswith(" PRIVMSG #npm :hello irc"))
            await peer.send("PRIVMSG #npm :hello browser")
            await peer.line(lambda line: line.endswith(" PRIVMSG #npm :still here"))
        joins = [line for line in peer.lines if line.startswith(":npmclient!") and " JOIN " in line]

    assert done[0].returncode == 0, done[0].stderr.decode()
    report = json.loads(done[0].stdout.splitlines()[-1])  # the client may say things of its own before
    room = {"id": f"{ngircd.host}/#npm", "type": "room", "name": "#npm"}
    assert report["credentials"] == []
    assert report["connect"]["type"] == "connect"
    assert "error" not in report["join"]
    assert report["send"]["object"] == {"type": "message", "content": "hello irc"}
    assert report["answer"]["context"] == "irc"
    assert report["answer"]["target"] == room, "ids come as the client writes them"
    assert report["answer"]["actor"] == {"id": f"npmpeer@{ngircd.host}", "type": "person", "name": "npmpeer"}
    assert "error" not in report["again"]
    assert len(joins) == 1, "it came back to the login it had left"
