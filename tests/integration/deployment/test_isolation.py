"""What process isolation promises: two logins, two processes; one's death is the other's nothing; no orphans."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from tests.integration.deployment.conversation import log_in, note, room, said
from tests.support.deployment import Deployment, deployment, descendants, login_workers
from tests.support.ircd import IrcServer
from tests.support.ircpeer import irc_peer
from tests.support.processes import eventually
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio

GONE_WITHIN_SECONDS = 1.0
BACK_WITHIN_SECONDS = 5.0


@pytest.fixture
def own_house(tmp_path: Path) -> Iterator[Deployment]:
    """A deployment this test may break."""
    with deployment(tmp_path) as running:
        yield running


def irc_workers(house: Deployment) -> set[int]:
    return login_workers(house.processes(), "irc")


async def test_a_killed_worker_comes_back_and_disturbs_nobody(own_house: Deployment, ngircd: IrcServer) -> None:
    house = own_house
    async with (
        irc_peer("judge", ngircd.host, ngircd.port) as peer,
        ws_client(house.websocket) as ann,
        ws_client(house.websocket) as ben,
    ):
        await peer.join("#isle")
        await log_in(ann, "ann1", ngircd, "#isle")
        (first,) = irc_workers(house)
        await log_in(ben, "ben1", ngircd, "#isle")
        (second,) = irc_workers(house) - {first}

        os.kill(first, signal.SIGKILL)

        told = await ann.message(lambda a: a["type"] == "error", within=BACK_WITHIN_SECONDS)
        assert told["actor"]["id"] == "ann1"
        await ben.ok("message", note("ben1", room("#isle"), "undisturbed"))
        await peer.line(lambda line: line.endswith(":undisturbed"))

        await ann.message(
            lambda a: a["type"] == "connect" and a["object"].get("status") == "reconnected",
            within=BACK_WITHIN_SECONDS,
        )
        await peer.send("PRIVMSG #isle :welcome back")
        await ann.message(said("welcome back"))
        await ann.ok("message", note("ann1", room("#isle"), "thank you"))
        await peer.line(lambda line: line.endswith(":thank you"))

        assert second in irc_workers(house)
        assert first not in irc_workers(house)
        assert not [a for a in ben.events if a["type"] == "error"]


@pytest.mark.parametrize("victim", ["gateway", "supervisor"])
async def test_death_leaves_no_orphan(own_house: Deployment, ngircd: IrcServer, victim: str) -> None:
    house = own_house
    async with ws_client(house.websocket) as client:
        await log_in(client, f"orphan{victim[:3]}", ngircd)
        everyone = house.processes()
        pid = house.process.pid
        if victim == "supervisor":
            (pid,) = [
                p for p, command in everyone.items() if "sockethub.supervisor" in command and "zygote" not in command
            ]
        below = descendants(pid)
        assert len(below) >= 3
        os.kill(pid, signal.SIGKILL)
    if victim == "gateway":
        house.process.wait()
    eventually(lambda: not _alive(below), f"all of {below} gone", deadline=GONE_WITHIN_SECONDS + 1)


def _alive(pids: dict[int, str]) -> set[int]:
    alive = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            alive.add(pid)
    return alive


async def test_sigterm_leaves_politely(own_house: Deployment, ngircd: IrcServer) -> None:
    house = own_house
    async with irc_peer("porter", ngircd.host, ngircd.port) as peer:
        await peer.join("#bye")
        async with ws_client(house.websocket) as client:
            await log_in(client, "leaver", ngircd, "#bye")
            below = house.processes()
            status = await anyio.to_thread.run_sync(house.stop)
            await client.socket.wait_closed()
            assert client.socket.close_code in (1001, 1012)
        assert status == 0
        await peer.line(lambda line: line.startswith(":leaver!") and " QUIT " in line)
        assert not _alive(below)
