"""Connections that are lost, and made again: resumed where the server lets them, entered anew where not."""

from __future__ import annotations

import anyio
import pytest

from sockethub.errors import NotConnected, OutcomeUnknown
from tests.integration.xmpp.driver import Driver, connected, driver, fresh_room, person, room
from tests.support.prosody import XmppServer, prosody_folder, serving
from tests.support.tcpproxy import TcpProxy, tcp_proxy
from tests.support.tls import Certificates

pytestmark = pytest.mark.anyio


async def _through(it: Driver, proxy: TcpProxy, *rooms: str) -> None:
    await it.connect(server=proxy.host, port=proxy.port)
    for each in rooms:
        await it.join(each)


async def test_a_cut_connection_is_resumed_and_nothing_is_missed(prosody: XmppServer) -> None:
    """XEP-0198: what is said meanwhile arrives; the room has not seen anybody go."""
    place = fresh_room(prosody)
    async with (
        tcp_proxy(prosody.host, prosody.port) as proxy,
        connected("bob", prosody, place) as bob,
        driver("alice", prosody, reconnect_delay_seconds=0.5) as alice,
    ):
        await _through(alice, proxy, place)
        proxy.cut()
        await alice.saw("error", condition="reconnecting")
        await bob.say(room(place), "said meanwhile")
        assert (await alice.saw("connect"))["object"]["status"] == "resumed"
        await alice.saw("send", "message", content="said meanwhile")
        await alice.say(room(place), "back")
        await bob.saw("send", "message", content="back")
        assert not [each for each in bob.emitted if each["type"] == "leave"]


async def test_what_is_under_way_when_the_connection_is_cut_is_done_once(prosody: XmppServer) -> None:
    """The server never had it, and gets it when the stream is resumed."""
    async with (
        tcp_proxy(prosody.host, prosody.port) as proxy,
        connected("bob", prosody) as bob,
        driver("alice", prosody) as alice,
    ):
        await _through(alice, proxy)
        await alice.saw("update", "capabilities")
        proxy.hold()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(alice.say, person(bob.jid), "just once")
            await anyio.wait_all_tasks_blocked()
            proxy.cut()
            proxy.release()
        await bob.saw("send", "message", content="just once")
        await alice.say(person(bob.jid), "and then this")
        await bob.saw("send", "message", content="and then this")
        heard = [each["object"].get("content") for each in bob.emitted if each["type"] == "send"]
        assert heard.count("just once") == 1


async def test_a_server_that_restarts_is_entered_anew(certificates: Certificates) -> None:
    with prosody_folder(certificates) as (folder, server):
        place = fresh_room(server)
        async with driver("alice", server) as alice:
            with serving(folder, server):
                await alice.connect()
                await alice.join(place)
                await alice.do("update", None, {"type": "presence", "presence": "away", "content": "out"})
            await alice.saw("error", condition="reconnecting")
            with pytest.raises(NotConnected):
                await alice.say(room(place), "anybody?")
            alice.emitted.clear()
            with serving(folder, server):
                assert (await alice.saw("connect"))["object"]["status"] == "reconnected"
                assert (await alice.saw("join"))["target"]["id"] == place
                own = await alice.saw("update", "presence", presence="away")
                assert own["object"]["content"] == "out"
                await alice.say(room(place), "again")
                await alice.saw("send", "message", content="again")


async def test_a_silent_network_is_noticed(prosody: XmppServer) -> None:
    fast = {"keepalive_seconds": 0.3, "keepalive_timeout_seconds": 0.3}
    async with tcp_proxy(prosody.host, prosody.port) as proxy, driver("alice", prosody, **fast) as alice:
        await _through(alice, proxy)
        proxy.hold()
        lost = await alice.saw("error", condition="reconnecting")
        assert "silent" in lost["error"]
        proxy.release()
        await alice.saw("connect")


async def test_a_living_but_quiet_server_is_kept(prosody: XmppServer) -> None:
    fast = {"keepalive_seconds": 0.2, "keepalive_timeout_seconds": 2}
    async with driver("alice", prosody, **fast) as alice:
        await alice.connect()
        await anyio.sleep(1)  # five times what makes it ask: that nothing happens is what is to be seen
        assert alice.platform.connected
        assert not [each for each in alice.emitted if each["type"] == "error"]


async def test_without_an_answer_the_outcome_is_unknown(prosody: XmppServer) -> None:
    async with tcp_proxy(prosody.host, prosody.port) as proxy, driver("alice", prosody, reply_seconds=0.3) as alice:
        await _through(alice, proxy)
        await alice.saw("update", "capabilities")
        proxy.hold()
        with pytest.raises(OutcomeUnknown):
            await alice.say(person(alice.jid), "hello?")


async def test_it_is_given_up_in_the_end(prosody: XmppServer) -> None:
    async with tcp_proxy(prosody.host, prosody.port) as proxy, driver("alice", prosody, reconnect_seconds=0.3) as alice:
        await _through(alice, proxy)
        proxy.refuse(True)
        proxy.cut()
        await alice.until(lambda: bool(alice.losses))
        assert "gave up reconnecting" in alice.losses[0]
        with pytest.raises(NotConnected):
            await alice.say(person(alice.jid), "hello?")


async def test_connect_while_reconnecting_hurries(prosody: XmppServer) -> None:
    slow = {"reconnect_delay_seconds": 60, "reconnect_delay_max_seconds": 60}
    async with tcp_proxy(prosody.host, prosody.port) as proxy, driver("alice", prosody, **slow) as alice:
        await _through(alice, proxy)
        proxy.cut()
        await alice.saw("error", condition="reconnecting")
        with anyio.fail_after(5):
            await alice.connect(server=proxy.host, port=proxy.port)
        assert alice.platform.connected


async def test_a_crashed_worker_takes_up_where_it_was(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as before:
        state = before.saves[-1]
    async with driver("alice", prosody) as after:
        await after.connect(restore=state)
        assert (await after.saw("join"))["target"]["id"] == place


async def test_a_room_that_does_not_let_us_in_again_is_told(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice, driver("bob", prosody) as bob:
        outcast = {"type": "presence", "affiliation": "outcast"}
        ban = {"type": "relationship", "relationship": "affiliation", "subject": outcast, "object": room(place)}
        await alice.do("add", person(bob.jid), ban)
        await bob.connect(restore={"joins": [{"room": place, "nick": "bob"}], "presence": None})
        told = await bob.saw("error", condition="not-rejoined")
        assert told["actor"]["id"] == place


async def test_nobody_listens_and_somebody_listens_again(prosody: XmppServer) -> None:
    """XEP-0352; the server may hold back what can wait, and gives it out.

    To accounts of their own: the others' have sessions that tests above left half dead, and that messages may go to.
    What Prosody 0.12 is about to write when it hears that nobody listens stays there until it has more to say.
    """
    async with connected("ivan", prosody) as ivan, connected("judy", prosody) as judy:
        ivan.platform.attended(False)
        await judy.say(person(ivan.jid), "perhaps at the same moment")
        await judy.say(person(ivan.jid), "still heard")
        await ivan.saw("send", "message", content="perhaps at the same moment")
        await ivan.saw("send", "message", content="still heard")
        ivan.platform.attended(True)
        await ivan.say(person(judy.jid), "still there")
        await judy.saw("send", "message", content="still there")
