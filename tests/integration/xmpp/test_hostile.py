"""Servers and people that mean ill: outcomes stay clear, and memory bounded."""

from __future__ import annotations

import resource
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest

from sockethub.errors import PlatformError
from sockethub.platforms.xmpp.rehearsal import Host, hosting
from tests.integration.xmpp.driver import Driver, driver, person, room
from tests.support.prosody import XmppServer

pytestmark = pytest.mark.anyio

PLACE = "owls@conference.localhost"
X = "http://jabber.org/protocol/muc#user"
MIB = 1024 * 1024


@asynccontextmanager
async def _logged_in(prosody: XmppServer, then: Callable[[Host], Awaitable[None]]) -> AsyncIterator[Driver]:
    async with (
        hosting(then, "alice@localhost/fake", prosody.password("alice")) as port,
        driver("alice", prosody, require_tls=False, reconnect_seconds=0) as alice,
    ):
        await alice.connect(port=port)
        yield alice


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def test_a_stanza_without_an_end_ends_the_connection(prosody: XmppServer) -> None:
    before = _peak()

    async def endless(server: Host) -> None:
        server.say("<message><body>")
        for _ in range(100):
            server.say("x" * MIB)
            await server.flush()

    async with _logged_in(prosody, endless) as alice:
        await alice.until(lambda: bool(alice.losses))
        assert "no XMPP" in alice.losses[0]
    assert _peak() - before < 64 * MIB


@pytest.mark.parametrize(
    "said",
    [
        "<message><body>&unknown;</body></message>",
        "<message></iq>",
        "<!-- x -->",
        "<message>\x00</message>",
        "<message a='1' a='2'/>",
    ],
)
async def test_what_is_no_xml_ends_the_connection(prosody: XmppServer, said: str) -> None:
    async def speak(server: Host) -> None:
        server.say(said)
        await server.stay()

    async with _logged_in(prosody, speak) as alice:
        await alice.until(lambda: bool(alice.losses))
        assert "no XMPP" in alice.losses[0]


async def test_a_room_of_five_thousand(prosody: XmppServer) -> None:
    """Everybody is told of, in one piece once we are in, and remembered; entering takes no more than seconds."""
    people = 5_000

    async def crowd(server: Host) -> None:
        await server.hear(r"to=[\"']owls@conference.localhost/alice[\"']")
        item = "<item affiliation='none' role='participant'/>"
        for number in range(people):
            server.say(f"<presence from='{PLACE}/owl{number}'><x xmlns='{X}'>{item}</x></presence>")
        server.say(f"<presence from='{PLACE}/alice'><x xmlns='{X}'>{item}<status code='110'/></x></presence>")
        await server.stay()

    before = _peak()
    async with _logged_in(prosody, crowd) as alice:
        with anyio.fail_after(20):
            await alice.join(PLACE)
        answer = await alice.do("query", room(PLACE), {"type": "attendance"})
        assert answer is not None
        assert len(answer["object"]["members"]) == people + 1
    # The test keeps every activity too.
    assert _peak() - before < 128 * MIB


async def test_answers_of_others_are_not_taken(prosody: XmppServer) -> None:
    """Whoever could guess an id, or has seen it, still is not the one who was asked."""

    async def answer(server: Host) -> None:
        id_ = (await server.hear(r"<iq[^>]*id=[\"']([^\"']+)[\"'][^>]*><query xmlns=[\"']jabber:iq:version"))[1]
        named = "<query xmlns='jabber:iq:version'><name>{}</name></query>"
        server.say(f"<iq type='result' id='{id_}' from='mallory@localhost/x'>{named.format('mallory')}</iq>")
        server.say(f"<iq type='error' id='{id_}' from='bob@localhost/y'><error type='cancel'/></iq>")
        server.say(f"<iq type='result' id='{id_}' from='bob@localhost/x'>{named.format('bob')}</iq>")
        await server.stay()

    async with _logged_in(prosody, answer) as alice:
        version = await alice.do("query", person("bob@localhost/x"), {"type": "version"})
        assert version is not None
        assert version["object"]["name"] == "bob"


async def test_nobody_but_the_room_refuses_what_was_said_there(prosody: XmppServer) -> None:
    async def refuse(server: Host) -> None:
        await server.hear(r"to=[\"']owls@conference.localhost/alice[\"']")
        item = "<item affiliation='none' role='participant'/>"
        server.say(f"<presence from='{PLACE}/alice'><x xmlns='{X}'>{item}<status code='110'/></x></presence>")
        await server.hear(r"<body>hello</body>")
        error = "<error type='cancel'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
        server.say(f"<message type='error' id='m1' from='{PLACE}/mallory'>{error}</message>")
        server.say(f"<message type='groupchat' id='m1' from='{PLACE}/mallory'><body>hello</body></message>")
        server.say(f"<message type='groupchat' id='m1' from='{PLACE}/alice'><body>hello</body></message>")
        await server.hear(r"<body>again</body>")
        server.say(f"<message type='error' id='m2' from='{PLACE}'>{error}</message>")
        await server.stay()

    async with _logged_in(prosody, refuse) as alice:
        await alice.join(PLACE)
        await alice.say(room(PLACE), "hello", id="m1")
        with pytest.raises(PlatformError) as caught:
            await alice.say(room(PLACE), "again", id="m2")
        assert caught.value.condition == "forbidden"


async def test_subscriptions_are_never_answered_by_themselves(prosody: XmppServer) -> None:
    """slixmpp would accept them, and subscribe back."""

    async def subscribe(server: Host) -> None:
        await server.hear(r"<presence")
        server.say("<presence type='subscribe' from='mallory@localhost'/>")
        server.say("<iq type='get' id='p1' from='mallory@localhost/x'><ping xmlns='urn:xmpp:ping'/></iq>")
        answered = await server.hear(r"(.*)<iq[^>]*id=[\"']p1[\"'][^>]*/?>")
        said.append(answered[1])
        server.say("<message from='localhost'><body>heard</body></message>")
        await server.stay()

    said: list[str] = []
    async with _logged_in(prosody, subscribe) as alice:
        await alice.saw("request-friend")
        await alice.saw("send", "message", content="heard")
    assert "subscribe" not in said[0]


async def test_a_server_that_knows_little_is_asked_for_little(prosody: XmppServer) -> None:
    """What was not offered would end the stream (RFC 6120 §4.9.3.24); refused carbons are no news."""

    async def refuse(server: Host) -> None:
        error = "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
        carbons = await server.hear(r"<iq[^>]*id=[\"']([^\"']+)[\"'][^>]*><enable")
        server.say(f"<iq type='error' id='{carbons[1]}'>{error}</iq>")
        server.say("<message from='localhost'><body>ready</body></message>")
        said.append((await server.hear(r"(.*)<body>told</body>"))[1])
        await server.stay()

    said: list[str] = []
    async with _logged_in(prosody, refuse) as alice:
        await alice.saw("send", "message", content="ready")
        alice.platform.attended(False)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(alice.say, person("bob@localhost"), "told")
            await alice.until(lambda: True)
            with anyio.fail_after(10):
                while not said:
                    await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        assert "inactive" not in said[0]
        assert not [each for each in alice.emitted if each["type"] == "error"]


async def test_pushes_of_strangers_are_refused(prosody: XmppServer) -> None:
    async def push(server: Host) -> None:
        item = "<query xmlns='jabber:iq:roster'><item jid='mallory@localhost' subscription='both'/></query>"
        server.say(f"<iq type='set' id='r1' from='mallory@localhost'>{item}</iq>")
        said.append((await server.hear(r"<iq[^>]* id=[\"']r1[\"'][^>]*>"))[0])
        server.say(f"<iq type='set' id='r2'>{item}</iq>")
        said.append((await server.hear(r"<iq[^>]* id=[\"']r2[\"'][^>]*>"))[0])
        server.say("<message from='localhost'><body>heard</body></message>")
        await server.stay()

    said: list[str] = []
    async with _logged_in(prosody, push) as alice:
        await alice.saw("send", "message", content="heard")
        pushed = [each for each in alice.emitted if each.get("target", {}).get("id") == "mallory@localhost"]
    assert "error" in said[0]
    assert "result" in said[1]
    assert len(pushed) == 1
    # The one that was believed is our own server's.
    assert pushed[0]["actor"]["id"] == "alice@localhost"


async def test_a_server_that_does_not_read_is_cut_off(prosody: XmppServer) -> None:
    async def ask(server: Host) -> None:
        ping = "<iq type='get' id='{}' from='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
        while True:
            # Long ids make long answers, so that what the kernel takes of them is soon full.
            server.say("".join(ping.format(f"{number:04000}") for number in range(100)))
            await server.flush()

    async with _logged_in(prosody, ask) as alice:
        await alice.until(lambda: bool(alice.losses))
        assert "does not read" in alice.losses[0]


async def test_the_server_closes(prosody: XmppServer) -> None:
    async def close(server: Host) -> None:
        await server.hear("<presence")
        error = "<system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
        server.say(f"<stream:error>{error}</stream:error></stream:stream>")
        await server.stay()

    async with _logged_in(prosody, close) as alice:
        await alice.until(lambda: bool(alice.losses))
        assert "going down" in alice.losses[0]
