"""What is lost comes back: the connection, the rooms, the nickname; and what cannot come back is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sockethub.errors import NotConnected, OutcomeUnknown
from tests.integration.irc.driver import connected, driver
from tests.integration.irc.fake import FakeServer, fake_server, welcome
from tests.support.ircd import IrcServer
from tests.support.ircpeer import irc_peer
from tests.support.processes import accepts, find_server, free_port, running

pytestmark = pytest.mark.anyio


@contextmanager
def ngircd_at(port: int, directory: Path) -> Iterator[None]:
    """An ngIRCd that can be ended, and started again at the same port."""
    config = directory / "ngircd.conf"
    config.write_text(
        f"[Global]\nName=irc.test.example\nInfo=x\nListen=127.0.0.1\nPorts={port}\n"
        "[Limits]\nMaxPenaltyTime=0\nMaxConnectionsIP=0\nMaxNickLength=31\n[Options]\nDNS=no\nIdent=no\nPAM=no\n"
    )
    argv = [find_server("ngircd", "ngircd"), "--nodaemon", "--config", str(config)]
    with running(argv, ready=lambda: accepts(("127.0.0.1", port)), log=directory / "log"):
        yield


async def test_server_restarted(tmp_path: Path) -> None:
    port = free_port()
    async with driver("ann", ("127.0.0.1", port)) as ann:
        with ngircd_at(port, tmp_path):
            await ann.connect()
            await ann.join("#one")
            await ann.join("#two", **{"irc:key": "sesame"})
            await ann.do("update", ann.person("anna"), {"type": "address"})
        lost = await ann.saw("error", condition="reconnecting")
        assert "reconnecting" in lost["error"]
        assert not ann.platform.connected
        with pytest.raises(NotConnected, match="reconnecting"):
            await ann.say(ann.room("#one"), "anyone?")
        ann.emitted.clear()
        with ngircd_at(port, tmp_path):
            back = await ann.saw("connect", status="reconnected")
            assert back["actor"]["name"] == "anna"
            async with irc_peer("raw", "127.0.0.1", port) as raw:
                await raw.join("#one")
                await ann.say(ann.room("#one"), "here again")
                await raw.line(lambda line: line.startswith(":anna!") and line.endswith(":here again"))
            assert {each["actor"]["name"] for each in ann.emitted if each["type"] == "query"} == {"#one", "#two"}
        assert ann.losses == []


async def test_given_up(tmp_path: Path) -> None:
    port = free_port()
    async with driver("ann", ("127.0.0.1", port), reconnect_seconds=0.5) as ann:
        with ngircd_at(port, tmp_path):
            await ann.connect()
        await ann.until(lambda: len(ann.losses) == 1)
        assert "gave up" in ann.losses[0]
        with ngircd_at(port, tmp_path):
            await ann.connect()
            assert ann.platform.connected


async def test_connect_while_reconnecting_tries_at_once(tmp_path: Path) -> None:
    port = free_port()
    options = {"reconnect_delay_seconds": 60, "reconnect_delay_max_seconds": 60}
    async with driver("ann", ("127.0.0.1", port), **options) as ann:
        with ngircd_at(port, tmp_path):
            await ann.connect()
        await ann.saw("error", condition="reconnecting")
        with ngircd_at(port, tmp_path):
            await ann.connect()
            assert ann.platform.connected


async def test_disconnect_while_reconnecting(tmp_path: Path) -> None:
    port = free_port()
    async with driver("ann", ("127.0.0.1", port)) as ann:
        with ngircd_at(port, tmp_path):
            await ann.connect()
        await ann.saw("error", condition="reconnecting")
        await ann.platform.disconnect("enough")
        with pytest.raises(NotConnected, match="connect first"):
            await ann.say(ann.room("#one"), "anyone?")


@pytest.mark.parametrize(
    "said",
    [
        [":oper!o@h KILL ann :irc.fake (begone)", "ERROR :Closing Link: ann (Killed (oper (begone)))"],
        ["ERROR :Closing Link: ann (Ping timeout)"],
        [],
    ],
    ids=["kill", "error", "eof"],
)
async def test_thrown_out(said: list[str]) -> None:
    async with fake_server() as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        await ann.join("#room")
        fake.say(*said)
        fake.hang_up()
        await ann.saw("connect", status="reconnected")
        assert fake.connections == 2
        assert fake.lines.count("JOIN #room") == 2
        if said and "KILL" in said[0]:
            assert (await ann.saw("leave"))["irc:by"]["name"] == "oper"


async def test_banned_is_final() -> None:
    async def once(server: FakeServer, line: str) -> None:
        if server.connections > 1 and line.startswith("USER"):
            server.say(":irc.fake 465 ann :You are banned from this server")
            server.hang_up()
        else:
            await welcome(server, line)

    async with fake_server(once) as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        fake.hang_up()
        await ann.until(lambda: len(ann.losses) == 1)
        assert "banned" in ann.losses[0]
        assert fake.connections == 2


async def test_server_that_throws_out_again_and_again_is_given_up() -> None:
    async def brief(server: FakeServer, line: str) -> None:
        await welcome(server, line)
        if line.startswith("USER") and server.connections > 1:
            server.hang_up()

    async with fake_server(brief) as fake, driver("ann", (fake.host, fake.port), reconnect_seconds=1) as ann:
        await ann.connect()
        fake.hang_up()
        await ann.until(lambda: len(ann.losses) == 1)
        assert 2 <= fake.connections < 60


async def test_room_that_does_not_let_us_in_again() -> None:
    async def shut(server: FakeServer, line: str) -> None:
        if server.connections > 1 and line == "JOIN #room":
            server.say(":irc.fake 473 ann #room :Cannot join channel (+i)")
        else:
            await welcome(server, line)

    async with fake_server(shut) as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        await ann.join("#room")
        await ann.join("#open")
        fake.hang_up()
        told = await ann.saw("error", condition="not-rejoined")
        assert told["actor"]["name"] == "#room"
        await ann.until(lambda: ann.saves[-1]["joins"] == [{"room": "#open"}])


@pytest.mark.parametrize("verb", ["send", "join"])
async def test_connection_lost_before_confirmation(verb: str) -> None:
    async def vanish(server: FakeServer, line: str) -> None:
        if line.startswith(("PRIVMSG", "JOIN")):
            server.hang_up()
        else:
            await welcome(server, line)

    async with fake_server(vanish) as fake, driver("ann", (fake.host, fake.port), reconnect_seconds=0) as ann:
        await ann.connect()
        with pytest.raises(OutcomeUnknown if verb == "send" else NotConnected):
            await ann.do(verb, ann.room("#room"), {"type": "message", "content": "hello?"})


async def test_no_confirmation_in_time() -> None:
    async def mute(server: FakeServer, line: str) -> None:
        if not line.startswith("PING"):
            await welcome(server, line)

    async with fake_server(mute) as fake, driver("ann", (fake.host, fake.port), reply_seconds=0.3) as ann:
        await ann.connect()
        with pytest.raises(OutcomeUnknown, match="did not answer in time"):
            await ann.say(ann.room("#room"), "hello?")
        assert ann.platform.connected


async def test_server_that_falls_silent() -> None:
    async def deaf(server: FakeServer, line: str) -> None:
        if server.connections > 1 or not line.startswith("PING"):
            await welcome(server, line)

    options = {"keepalive_seconds": 0.2, "keepalive_timeout_seconds": 0.2}
    async with fake_server(deaf) as fake, driver("ann", (fake.host, fake.port), **options) as ann:
        await ann.connect()
        assert "silent" in (await ann.saw("error", condition="reconnecting"))["error"]
        await ann.saw("connect", status="reconnected")
        assert [line for line in fake.lines if line.startswith("PING")]


async def test_live_server_is_left_alone() -> None:
    options = {"keepalive_seconds": 0.05, "keepalive_timeout_seconds": 5}
    async with fake_server() as fake, driver("ann", (fake.host, fake.port), **options) as ann:
        await ann.connect()
        for _ in range(3):
            await fake.got("PING alive")
        assert ann.platform.connected
        assert fake.connections == 1


async def test_ping_is_answered() -> None:
    async with fake_server() as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        fake.say("PING :are you there")
        await fake.got("PONG :are you there")


async def test_restore_joins_again(ngircd: IrcServer) -> None:
    async with connected("ann", ngircd) as ann:
        await ann.join("#mine", **{"irc:key": "sesame"})
        await ann.do("update", ann.person("anna"), {"type": "address"})
        saved = ann.saves[-1]
    async with driver("ann", ngircd) as again:
        await again.connect(restore=saved)
        assert again.identities == [f"anna@{ngircd.host}"]
        assert await again.saw("query", "attendance")
        assert again.saves[-1] == saved


async def test_restore_waits_for_the_predecessor_to_be_gone() -> None:
    async def ghost(server: FakeServer, line: str) -> None:
        if server.connections < 3 and line.startswith("USER"):
            server.say(":irc.fake 433 * ann :Nickname is already in use")
        else:
            await welcome(server, line)

    async with fake_server(ghost) as fake, driver("ann", (fake.host, fake.port)) as successor:
        await successor.connect(restore={"joins": [], "nick": "ann"})
        assert successor.platform.connected
        assert fake.connections == 3


async def test_nick_change_by_the_server() -> None:
    async with fake_server() as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        fake.say(":ann!a@h NICK :Guest42")
        told = await ann.saw("update", "address")
        assert told["target"]["name"] == "Guest42"
        assert ann.identities[-1] == f"Guest42@{fake.host}"
        await ann.until(lambda: ann.saves[-1]["nick"] == "Guest42")


async def test_forced_part_and_join_are_told() -> None:
    async with fake_server() as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        fake.say(":ann!a@h JOIN #lobby")
        await ann.saw("join")
        await ann.until(lambda: ann.saves[-1]["joins"] == [{"room": "#lobby"}])
        fake.say(":ann!a@h PART #lobby :moved")
        await ann.saw("leave")
        await ann.until(lambda: ann.saves[-1]["joins"] == [])
