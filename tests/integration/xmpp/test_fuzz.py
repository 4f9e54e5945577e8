"""Whatever a server says: the login goes on, or ends with a reason; nothing breaks, and what is told is valid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from html import escape

import anyio
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sockethub.errors import OutcomeUnknown, PlatformError
from sockethub.platforms.xmpp.rehearsal import Host, hosting
from tests.integration.xmpp.driver import driver, room
from tests.support.prosody import XmppServer

WITHIN_SECONDS = 10.0
PATIENCE_SECONDS = 0.05
"""For what need not come."""
FUZZ = settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
PLACE = "owls@conference.localhost"

NAMESPACES = st.sampled_from(
    ["", "jabber:client", "jabber:x:data", "jabber:x:oob", "jabber:iq:roster", "urn:xmpp:delay",
     "urn:xmpp:mam:2", "urn:xmpp:forward:0", "urn:xmpp:carbons:2", "urn:xmpp:sid:0", "urn:xmpp:reply:0",
     "urn:xmpp:reactions:0", "urn:xmpp:message-correct:0", "urn:xmpp:message-retract:1",
     "urn:xmpp:message-moderate:1", "urn:xmpp:chat-markers:0", "urn:xmpp:receipts", "urn:xmpp:bookmarks:1",
     "urn:xmpp:mds:displayed:0", "urn:xmpp:occupant-id:0", "urn:xmpp:sm:3",
     "http://jabber.org/protocol/muc#user", "http://jabber.org/protocol/muc",
     "http://jabber.org/protocol/pubsub#event", "http://jabber.org/protocol/chatstates",
     "http://jabber.org/protocol/nick", "http://jabber.org/protocol/disco#info",
     "urn:ietf:params:xml:ns:xmpp-stanzas", "http://etherx.jabber.org/streams",
     "urn:ietf:params:xml:ns:xmpp-streams", "urn:ietf:params:xml:ns:xmpp-sasl",
     "urn:ietf:params:xml:ns:xmpp-tls", "nonsense"]
)  # fmt: skip
NAMES = st.sampled_from(
    ["message", "presence", "iq", "body", "subject", "thread", "x", "event", "items", "item", "retract",
     "query", "error", "text", "forwarded", "sent", "received", "result", "fin", "delay", "displayed",
     "composing", "reactions", "reaction", "replace", "reply", "moderate", "stanza-id", "origin-id", "status",
     "invite", "decline", "destroy", "reason", "nick", "conference", "url", "features", "proceed", "success",
     "failure", "r", "a", "enabled", "resumed", "failed", "show", "priority", "c", "identity", "feature",
     "group", "set", "item-not-found", "conflict", "see-other-host"]
)  # fmt: skip
VALUES = st.sampled_from(
    ["", "alice@localhost/fake", "alice@localhost", "localhost", PLACE, f"{PLACE}/bob", f"{PLACE}/alice", "@",
     "a@b@c", "/", "chat", "groupchat", "error", "headline", "result", "get", "set", "subscribe",
     "unavailable", "1", "-1", "110", "201", "99999999999999999999", "2026-01-01T00:00:00Z", "yesterday",
     "none", "admin", "true", "x" * 2_000, "urn:xmpp:mds"]
) | st.text(max_size=8)  # fmt: skip
MEMBERS = st.sampled_from(
    ["from", "to", "type", "id", "stamp", "by", "jid", "nick", "code", "affiliation", "role", "node", "h"]
)
ATTRIBUTES = st.dictionaries(MEMBERS, VALUES, max_size=5)


def _xml(name: str, namespace: str, attributes: dict[str, str], inside: str) -> str:
    said = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    xmlns = f' xmlns="{namespace}"' if namespace else ""
    return f"<{name}{xmlns}{said}>{inside}</{name}>"


TEXT = VALUES.map(escape)
TREES = st.recursive(
    TEXT,
    lambda inner: st.builds(_xml, NAMES, NAMESPACES, ATTRIBUTES, st.lists(inner, max_size=4).map("".join)),
    max_leaves=10,
)
STANZAS = st.builds(
    _xml,
    st.sampled_from(["message", "presence", "iq"]),
    st.just(""),
    ATTRIBUTES,
    st.lists(TREES, max_size=4).map("".join),
)  # fmt: skip
WELL_FORMED = st.lists(STANZAS, max_size=12).map("".join)
SAID = WELL_FORMED | st.lists(TREES | st.text(max_size=20), max_size=6).map("".join)


@pytest.fixture(autouse=True)
def no_tracebacks(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """What is logged as an exception is a bug, also where it was caught."""
    yield
    assert "Traceback" not in capsys.readouterr().out


@FUZZ
@given(said=SAID)
@example(said="<message from='owls@conference.localhost' type='groupchat'><subject/></message>")
def test_while_connected(prosody: XmppServer, said: str) -> None:
    anyio.run(_told, prosody, said)


@FUZZ
@given(said=WELL_FORMED)
def test_in_the_place_of_an_answer(prosody: XmppServer, said: str) -> None:
    """The room that is entered says something else."""

    async def scenario() -> None:
        async def then(server: Host) -> None:
            await server.hear("<presence[^>]*owls")
            server.say(_sayable(said))
            await server.stay()

        async with (
            hosting(then, "alice@localhost/fake", prosody.password("alice")) as port,
            driver("alice", prosody, require_tls=False, reconnect_seconds=0) as alice,
        ):
            await alice.connect(port=port)
            with anyio.move_on_after(PATIENCE_SECONDS):
                with suppress(PlatformError, OutcomeUnknown):
                    await alice.do("join", room(PLACE))

    anyio.run(scenario)


async def _told(prosody: XmppServer, said: str) -> None:
    answered = anyio.Event()

    async def then(server: Host) -> None:
        server.say(_sayable(said))
        server.say("<iq type='get' id='after-it-all' from='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
        await server.hear("after-it-all")
        answered.set()
        await server.stay()

    async with (
        hosting(then, "alice@localhost/fake", prosody.password("alice")) as port,
        driver("alice", prosody, require_tls=False, reconnect_seconds=0) as alice,
    ):
        try:
            await alice.connect(port=port)
        except (PlatformError, OutcomeUnknown):
            return
        with anyio.fail_after(WITHIN_SECONDS):
            while not (answered.is_set() or alice.losses or not alice.platform.connected):  # noqa: ASYNC110
                await anyio.sleep(0.002)


def _sayable(said: str) -> str:
    """As UTF-8 has it."""
    return said.encode("utf-8", "replace").decode()
