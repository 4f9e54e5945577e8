"""A page in the middle of an IRC conversation loses its connection: it misses nothing."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.integration.deployment.conversation import credentials, note, room, verb
from tests.support.deployment import Deployment
from tests.support.ircd import IrcServer
from tests.support.ircpeer import irc_peer

pytestmark = pytest.mark.anyio


async def _hear(socket: ClientConnection) -> dict[str, Any]:
    with anyio.fail_after(20):
        frame = json.loads(await socket.recv())
    assert isinstance(frame, dict)
    return frame


async def _ask(socket: ClientConnection, id_: int, event: str, data: Any = None) -> Any:
    """The acknowledgement, whatever else comes before it."""
    await socket.send(json.dumps({"id": id_, "event": event, "data": data}))
    while (frame := await _hear(socket)).get("id") != id_:
        pass
    return frame


def _said(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["data"]["object"]["content"] for frame in frames if frame.get("data", {}).get("type") == "send"]


async def test_cut_in_the_middle_of_a_conversation(house: Deployment, ngircd: IrcServer) -> None:
    lines = 60
    async with irc_peer("talker", ngircd.host, ngircd.port) as peer:
        await peer.join("#resume")
        async with connect(house.websocket) as socket:
            kept = (await _ask(socket, 1, "session"))["ack"]
            await _ask(socket, 2, "credentials", credentials("resumer", ngircd))
            await _ask(socket, 3, "message", verb("connect", "resumer"))
            offset = (await _ask(socket, 4, "message", verb("join", "resumer", room("#resume"))))["offset"]
            for number in range(lines // 2):
                await peer.send(f"PRIVMSG #resume :line {number}")
            before: list[dict[str, Any]] = []
            while len(_said(before)) < lines // 4:
                before.append(await _hear(socket))
            offset = before[-1]["offset"]
            socket.transport.abort()
        for number in range(lines // 2, lines):
            await peer.send(f"PRIVMSG #resume :line {number}")
        async with connect(house.websocket) as socket:
            asked = {"session": kept["session"], "token": kept["token"], "offset": offset}
            assert (await _ask(socket, 1, "resume", asked))["ack"]["recovered"] is True
            after: list[dict[str, Any]] = []
            while len(_said(before + after)) < lines:
                after.append(await _hear(socket))
            assert _said(before + after) == [f"line {number}" for number in range(lines)]
            await _ask(socket, 2, "message", note("resumer", room("#resume"), "I am back"))
            await peer.line(lambda line: line.endswith(":I am back"))
        assert sum(line.startswith(":resumer!") and " JOIN " in line for line in peer.lines) == 1
