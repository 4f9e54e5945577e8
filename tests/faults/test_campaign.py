"""Faults in the middle of a conversation: whatever is hit, and whenever, the promises hold.

A seed decides how fast the client talks, when the fault comes and how long it lasts. One of each runs with every test
run; ``make chaos`` runs as many as ``CHAOS_SEEDS`` says, 20 by itself.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import anyio
import pytest

from tests.faults.history import History
from tests.faults.stack import Stack, running
from tests.integration.deployment.conversation import log_in, note, room
from tests.support.ircd import IrcServer
from tests.support.ircpeer import IrcPeer, irc_peer
from tests.support.wsclient import WsClient, ws_client

pytestmark = pytest.mark.anyio

SEEDS = int(os.environ.get("CHAOS_SEEDS", "1"))
MESSAGES = 60
ANSWER_SECONDS = 60.0
"""The gateway's own deadline of an IRC command, and some."""

FAULTS = {
    "nothing": None,
    "kill -9 worker": Stack.kill_worker,
    "kill -9 fork server": Stack.kill_fork_server,
    "kill -9 workers' machine": Stack.kill_workers,
    "restart workers": Stack.restart_workers,
    "kill -9 Redis": Stack.kill_redis,
    "freeze Redis": Stack.freeze_redis,
    "Redis out of memory": Stack.fill_redis,
    "Redis read-only": Stack.demote_redis,
    "Redis busy": Stack.busy_redis,
}


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("fault", FAULTS)
async def test_promises_hold(fault: str, seed: int, tmp_path: Path, ngircd: IrcServer) -> None:
    chance = Random(f"{fault}/{seed}")
    nick, channel = f"camp{chance.randrange(10**6)}", f"#camp{chance.randrange(10**6)}"
    history = History()
    hit = FAULTS[fault]
    async with (
        running(tmp_path, chance) as stack,
        irc_peer(f"eye{chance.randrange(10**5)}", ngircd.host, ngircd.port) as peer,
    ):
        await peer.join(channel)
        async with ws_client(stack.gateway.websocket) as client:
            await log_in(client, nick, ngircd, channel)
            moment = chance.randrange(MESSAGES)
            async with anyio.create_task_group() as tasks:
                for number in range(MESSAGES):
                    if number == moment and hit is not None:
                        tasks.start_soon(hit, stack)
                    tasks.start_soon(_ask, client, history, nick, channel, f"line {number}")
                    await anyio.sleep(chance.expovariate(1 / 0.01))
            await _settled(client, peer, nick, channel)
            history.seen = _said(peer, nick)
            history.astray = client.errors
    history.check()
    if hit is None:
        assert set(history.told.values()) == {"result"}, "the control: where nothing is hit everything works"


async def _ask(client: WsClient, history: History, nick: str, channel: str, content: str) -> None:
    history.asked.append(content)
    answer = await client.send("message", note(nick, room(channel), content))
    with anyio.fail_after(ANSWER_SECONDS):
        history.answered(content, await answer)


async def _settled(client: WsClient, peer: IrcPeer, nick: str, channel: str) -> None:
    """The login works again, and all that it may have said before has been read."""
    with anyio.fail_after(ANSWER_SECONDS):
        number = 0
        while "error" in await client.request("message", note(nick, room(channel), f"end {number}"), ANSWER_SECONDS):
            number += 1
            await anyio.sleep(0.5)
    await peer.line(lambda line: line.endswith(f":end {number}"))


def _said(peer: IrcPeer, nick: str) -> list[str]:
    lines = (line.partition(" :")[2] for line in peer.lines if line.startswith(f":{nick}!") and " PRIVMSG " in line)
    return [content for content in lines if content.startswith("line ")]
