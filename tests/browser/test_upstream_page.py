"""A page that was written for upstream's script tags, on another origin, in a real Chromium."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.support.deployment import Deployment
from tests.support.ircd import IrcServer
from tests.support.ircpeer import irc_peer
from tests.support.node import node
from tests.support.processes import find_server

HERE = Path(__file__).parent
ROOM = "#upstream"

pytestmark = pytest.mark.anyio


@pytest.mark.timeout(180)
async def test_it_runs_with_nothing_but_the_address_changed(house: Deployment, ngircd: IrcServer) -> None:
    find_server("chromium", "chromium")
    report: dict[str, Any] = {}
    login = {"nick": "oldpage", "server": ngircd.host, "port": ngircd.port, "room": ROOM}
    arguments = json.dumps({"gateway": house.url.rstrip("/"), **login})

    async def drive() -> None:
        report.update(json.loads(await anyio.to_thread.run_sync(node, str(HERE / "upstream_page.mjs"), arguments)))

    async with irc_peer("oldpeer", ngircd.host, ngircd.port) as peer:
        await peer.join(ROOM)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(drive)
            await peer.line(lambda line: line.endswith(f" PRIVMSG {ROOM} :hello from a page"), within=60)
            await peer.send(f"PRIVMSG {ROOM} :hello page")
        lines = list(peer.lines)

    begun = report["begun"]
    assert begun["credentials"] is None
    assert "error" not in begun["connect"]
    assert "error" not in begun["join"]
    assert begun["ready"]["state"] == "ready"
    assert "irc" in {platform["id"] for platform in begun["ready"]["platforms"]}
    assert begun["contexts"][2].endswith("/irc/v1.jsonld")
    assert report["first"]["object"]["content"] == "hello from a page"
    heard = [a for a in report["heard"] if a.get("object", {}).get("content") == "hello page"]
    assert [(a["context"], a["actor"]["name"], a["target"]["name"]) for a in heard] == [("irc", "oldpeer", ROOM)]
    assert report["lost"]["outcome"] == "unknown"
    assert "error" not in report["again"]
    assert report["events"] == ["connect", "disconnect", "connect"]
    assert report["complaints"] == []
    assert sum(line.startswith(":oldpage!") and " JOIN " in line for line in lines) == 1
    assert sum(line.endswith(" :perhaps") for line in lines) <= 1
