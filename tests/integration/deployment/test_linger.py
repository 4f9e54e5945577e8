"""A page that is reloaded finds its connection as it was, and hears what was said meanwhile."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
import redis

from sockethub import redis_keys
from sockethub.crypto import login_queue
from sockethub.embedded.redis import url_in
from sockethub.jobs.names import Naming
from tests.integration.deployment.conversation import log_in
from tests.support.deployment import Deployment
from tests.support.ircd import IrcServer
from tests.support.ircpeer import IrcPeer, irc_peer
from tests.support.wsclient import WsClient, ws_client

pytestmark = pytest.mark.anyio

LINES = 20


@pytest.fixture
def ircd(ngircd_with_password: IrcServer) -> IrcServer:
    """With a password, a second page is the same person's; without, it would be somebody else's."""
    return ngircd_with_password


async def _talk(peer: IrcPeer, channel: str, numbers: range) -> None:
    for number in numbers:
        await peer.send(f"PRIVMSG {channel} :line {number}")
    await peer.send("PING :said")
    await peer.line(lambda line: "PONG" in line and line.endswith("said"))


def _said(client: WsClient) -> list[dict[str, Any]]:
    return [event for event in client.events if event.get("type") == "send"]


def _attached(house: Deployment) -> set[str]:
    """The logins to which anybody is attached."""
    before, after = redis_keys.attached("*").split("*")
    with redis.Redis.from_url(url_in(house.directory / "state").reveal()) as client:
        return {key.decode().removeprefix(before).removesuffix(after) for key in client.scan_iter(f"{before}*{after}")}


def _waits(house: Deployment, login: str) -> bool:
    """Whether its worker has still something to hear."""
    with redis.Redis.from_url(url_in(house.directory / "state").reveal()) as client:
        return bool(client.xlen(Naming().stream(login_queue("irc", login))))


async def test_a_reloaded_page_misses_nothing(house: Deployment, ircd: IrcServer) -> None:
    async with irc_peer("lingertalker", ircd.host, ircd.port, ircd.password) as peer:
        await peer.join("#linger")
        async with ws_client(house.websocket) as client:
            await log_in(client, "reloader", ircd, "#linger", password=ircd.password)
        await _talk(peer, "#linger", range(LINES))
        async with ws_client(house.websocket) as client:
            await log_in(client, "reloader", ircd, "#linger", password=ircd.password)
            await client.message(lambda event: f"line {LINES - 1}" in json.dumps(event))
            said = _said(client)
            assert [each["object"]["content"] for each in said] == [f"line {number}" for number in range(LINES)]
            assert all("published" in each for each in said)
            async with ws_client(house.websocket) as other:  # a second page was not away
                await log_in(other, "reloader", ircd, "#linger", password=ircd.password)
                await _talk(peer, "#linger", range(LINES, LINES + 1))
                await other.message(lambda event: f"line {LINES}" in json.dumps(event))
                assert len(_said(other)) == 1
        assert sum(line.startswith(":reloader!") and " JOIN " in line for line in peer.lines) == 1


async def test_while_a_page_is_away_another_hears_what_it_misses(house: Deployment, ircd: IrcServer) -> None:
    """The one that is away has it kept by its gateway, and hears it once it is back."""
    async with irc_peer("awaytalker", ircd.host, ircd.port, ircd.password) as peer:
        await peer.join("#away")
        async with ws_client(house.websocket) as client:
            kept = await client.ok("session")
            await log_in(client, "stroller", ircd, "#away", password=ircd.password)
            client.socket.transport.abort()
        await _talk(peer, "#away", range(LINES))
        async with ws_client(house.websocket) as other:
            await log_in(other, "stroller", ircd, "#away", password=ircd.password)
            await other.message(lambda event: f"line {LINES - 1}" in json.dumps(event))
            assert len(_said(other)) == LINES
            async with ws_client(house.websocket) as back:
                asked = {"session": kept["session"], "token": kept["token"], "offset": 0}
                assert (await back.ok("resume", asked))["recovered"] is True
                await back.message(lambda event: f"line {LINES - 1}" in json.dumps(event))
                assert len(_said(back)) == LINES
        assert sum(line.startswith(":stroller!") and " JOIN " in line for line in peer.lines) == 1


async def test_what_was_said_to_one_without_a_password_is_told_to_nobody_else(
    house: Deployment, ngircd: IrcServer
) -> None:
    """Its login is given to whoever says the same from the same address; what was missed is not."""
    async with irc_peer("confidant", ngircd.host, ngircd.port) as peer:
        await peer.join("#exposed")
        async with ws_client(house.websocket) as client:
            others = _attached(house)
            await log_in(client, "dave", ngircd, "#exposed")
            (login,) = _attached(house) - others
        with anyio.fail_after(5):
            while login in _attached(house) or _waits(house, login):  # noqa: ASYNC110 - of another process's doing
                await anyio.sleep(0.01)
        await peer.send("PRIVMSG dave :the secret is 42")
        await _talk(peer, "#exposed", range(1))
        await peer.send("PRIVMSG dave :\x01PING heard\x01")
        await peer.line(lambda line: "NOTICE" in line and "PING heard" in line)  # what came before was read, too
        async with ws_client(house.websocket) as neighbour:
            await log_in(neighbour, "dave", ngircd)
            await _talk(peer, "#exposed", range(1, 2))
            await neighbour.message(lambda event: "line 1" in json.dumps(event))
            assert [each["object"]["content"] for each in _said(neighbour)] == ["line 1"]
