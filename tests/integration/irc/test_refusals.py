"""Every refusal of a server reaches the one who asked, and the connection survives it."""

from __future__ import annotations

import pytest

from sockethub.errors import NotConnected, PlatformError
from tests.integration.irc.driver import Driver, connected, driver
from tests.support.ircd import IrcServer
from tests.support.ircpeer import irc_peer

pytestmark = pytest.mark.anyio

NOT_JOINED = "cannot send message to a channel of which you've not first joined."


async def survives(it: Driver) -> None:
    """The connection is as good as before."""
    assert it.platform.connected
    await it.say(it.person(it.nick), "still here")
    await it.saw("send", "message", content="still here")


@pytest.mark.parametrize(
    ("modes", "condition"),
    [("+i", "invite-only"), ("+k sesame", "wrong-channel-key"), ("+l 1", "channel-full"), ("+b *!*@*", "banned")],
)
async def test_join_refused(server: IrcServer, modes: str, condition: str) -> None:
    async with irc_peer("op", server.host, server.port) as op, connected("ann", server) as ann:
        await op.join("#shut")
        await op.send(f"MODE #shut {modes}")
        await op.line(lambda line: " MODE #shut " in line)
        with pytest.raises(PlatformError, match="#shut") as caught:
            await ann.join("#shut")
        assert caught.value.condition == ("banned-from-channel" if condition == "banned" else condition)
        assert not [each for each in ann.emitted if each.get("error")]
        await survives(ann)


async def test_join_with_key(server: IrcServer) -> None:
    async with irc_peer("op", server.host, server.port) as op, connected("ann", server) as ann:
        await op.join("#keyed")
        await op.send("MODE #keyed +k sesame")
        await op.line(lambda line: " MODE #keyed " in line)
        await ann.join("#keyed", **{"irc:key": "sesame"})
        assert ann.saves[-1]["joins"] == [{"room": "#keyed", "key": "sesame"}]


async def test_join_of_no_channel_is_refused_before_the_wire(server: IrcServer) -> None:
    async with connected("ann", server) as ann:
        with pytest.raises(PlatformError, match="'nochan' is no channel: names of channels begin with"):
            await ann.join("nochan")
        await survives(ann)


async def test_send_to_room_not_joined(server: IrcServer) -> None:
    async with irc_peer("op", server.host, server.port) as op, connected("ann", server) as ann:
        await op.join("#closed")
        await op.send("MODE #closed +n")
        await op.send("PING :done")
        await op.line(lambda line: "PONG" in line)
        for room in ("#closed", "#not-there"):
            with pytest.raises(PlatformError) as caught:
                await ann.say(ann.room(room), "hello?")
            assert str(caught.value) == NOT_JOINED
            assert caught.value.condition == "not-joined"
        await survives(ann)


async def test_send_to_moderated_room(server: IrcServer) -> None:
    async with irc_peer("op", server.host, server.port) as op, connected("ann", server) as ann:
        await op.join("#mod")
        await op.send("MODE #mod +m")
        await op.line(lambda line: " MODE #mod " in line)
        await ann.join("#mod")
        with pytest.raises(PlatformError, match="#mod") as caught:
            await ann.say(ann.room("#mod"), "may I?")
        assert caught.value.condition == "cannot-send"
        await survives(ann)


async def test_send_to_missing_nick(server: IrcServer) -> None:
    async with connected("ann", server) as ann:
        with pytest.raises(PlatformError, match="nobody") as caught:
            await ann.say(ann.person("nobody"), "psst")
        assert caught.value.condition == "no-such-nick"
        await survives(ann)


async def test_topic_without_privilege(server: IrcServer) -> None:
    async with irc_peer("op", server.host, server.port) as op, connected("ann", server) as ann:
        await op.join("#prot")
        await op.send("MODE #prot +t")
        await op.send("PING :done")
        await op.line(lambda line: "PONG" in line)
        await ann.join("#prot")
        with pytest.raises(PlatformError, match="#prot") as caught:
            await ann.do("update", ann.room("#prot"), {"type": "topic", "content": "mine"})
        assert caught.value.condition == "not-operator"
        await survives(ann)


async def test_leave_of_room_not_joined(server: IrcServer) -> None:
    async with connected("ann", server) as ann:
        with pytest.raises(PlatformError) as caught:
            await ann.do("leave", ann.room("#never"))
        assert caught.value.condition == "not-joined"
        await survives(ann)


async def test_nick_taken(server: IrcServer) -> None:
    async with connected("bob", server), connected("ann", server) as ann:
        with pytest.raises(PlatformError, match="bob") as caught:
            await ann.do("update", ann.person("bob"), {"type": "address"})
        assert caught.value.condition == "nickname-in-use"
        assert ann.identities == [f"ann@{server.host}"]
        await survives(ann)


async def test_nick_erroneous(server: IrcServer) -> None:
    async with connected("ann", server) as ann:
        with pytest.raises(PlatformError) as caught:
            await ann.do("update", ann.person("9lives"), {"type": "address"})
        assert caught.value.condition == "erroneous-nickname"
        await survives(ann)


async def test_kick_is_told_and_the_room_is_forgotten(server: IrcServer) -> None:
    async with irc_peer("op", server.host, server.port) as op:
        await op.join("#kick")
        async with connected("ann", server, "#kick") as ann:
            await op.send("KICK #kick ann :out with you")
            told = await ann.saw("leave")
            assert told["actor"]["name"] == "ann"
            assert told["irc:by"]["name"] == "op"
            assert told["object"]["content"] == "out with you"
            await ann.until(lambda: ann.saves[-1]["joins"] == [])
            await ann.join("#kick")


async def test_not_connected(server: IrcServer) -> None:
    async with driver("ann", server) as ann:
        with pytest.raises(NotConnected, match="connect first"):
            await ann.say(ann.room("#a"), "hello?")


async def test_what_cannot_be_said(server: IrcServer) -> None:
    async with connected("ann", server, "#say") as ann:
        for content in ("", "\x01VERSION\x01", "a\0b", "\ud800"):
            with pytest.raises(PlatformError) as caught:
                await ann.say(ann.room("#say"), content)
            assert caught.value.condition == "invalid"
        with pytest.raises(PlatformError, match="at most 64"):
            await ann.say(ann.room("#say"), "x\n" * 65)
        for target in ("bob,eve", "$*", "a b"):
            with pytest.raises(PlatformError):
                await ann.say(ann.person(target), "hello")
        await survives(ann)


async def test_residue_of_a_client_is_not_written(server: IrcServer) -> None:
    """``irc:wire`` can hold any line; from a client it counts for nothing."""
    async with connected("ann", server, "#wire") as ann, connected("bob", server, "#wire") as bob:
        wire = {"bytes": "UVVJVCA6Z29uZQ==", "command": "QUIT", "source": "eve"}
        await ann.do("send", ann.room("#wire"), {"type": "message", "content": "fine"}, **{"irc:wire": wire})
        assert (await bob.saw("send", "message", content="fine"))["actor"]["name"] == "ann"
        await survives(ann)
