"""What strangers send changes nothing, and never reaches the client: the real session, told by its stream."""

from __future__ import annotations

import ssl
from typing import Any

import anyio
import pytest

from sockethub.platforms.xmpp.commands import Command
from sockethub.platforms.xmpp.dial import Dialler
from sockethub.platforms.xmpp.login import Login
from sockethub.platforms.xmpp.options import Options
from sockethub.platforms.xmpp.session import Hooks, Session
from sockethub.worker.interface import Reach
from sockethub_translators import xmpp

pytestmark = pytest.mark.anyio

BARE, ROOM = "me@own.example", "owls@muc.example"
FULL = f"{BARE}/home"
OWN = ["", BARE, FULL]
STRANGERS = ["mallory@evil.example/x", "evil.example", f"{BARE}/other", "mallory@own.example", f"{ROOM}/mallory", ROOM]

PUSHES = {
    "roster": "<query xmlns='jabber:iq:roster'><item jid='bob@x.example' subscription='both'/></query>",
    "gone": "<query xmlns='jabber:iq:roster'><item jid='bob@x.example' subscription='remove'/></query>",
    "block": "<block xmlns='urn:xmpp:blocking'><item jid='bob@x.example'/></block>",
    "unblock": "<unblock xmlns='urn:xmpp:blocking'/>",
}
OTHER_SETS = {
    "bookmark": "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:bookmarks:1'>"
    "<item id='trap@evil.example'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='true'/></item></publish></pubsub>",
    "old bookmarks": "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'>"
    "<conference jid='trap@evil.example' autojoin='true'/></storage></query>",
    "unheard of": "<thing xmlns='urn:x'/>",
}
RESULTS = {
    "roster": PUSHES["roster"],
    "bookmarks": "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'>"
    "<item id='trap@evil.example'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='true'/></item></items></pubsub>",
    "blocked": "<blocklist xmlns='urn:xmpp:blocking'><item jid='bob@x.example'/></blocklist>",
    "end of a page": "<fin xmlns='urn:xmpp:mam:2' complete='true'/>",
    "what a room is": "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='muc_moderated'/></query>",
}
ERROR = "<error type='cancel'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
QUESTION = "<iq type='set' id='p1' {to}><query xmlns='urn:xmpp:mam:2' queryid='p1'/></iq>"


class Told(Session):
    """A session whose stream the test is; ``sent`` is what it writes, ``given`` what its client is given."""

    def __init__(self) -> None:
        self.given: list[dict[str, Any]] = []
        self.sent: list[xmpp.Element] = []
        login = Login.of({"object": {"userAddress": BARE, "password": "x", "resource": "home"}})
        options = Options(raw_events=True)
        dialler = Dialler(options, Reach(), ssl.create_default_context())
        super().__init__(login, options, dialler, Hooks(self.given.append, lambda room: None, lambda *_, **__: None))
        self.env = xmpp.Env(FULL, rooms={ROOM: "me"}, inside=frozenset({ROOM}))

    alive = True  # type: ignore[assignment]

    def _write(self, stanza: xmpp.Element) -> None:
        self.sent.append(stanza)

    def hear(self, text: str, sender: str = "", **attrs: str) -> list[dict[str, Any]]:
        """What the client is given for a stanza."""
        self.given.clear()
        stanza = xmpp.decode(text)
        self._on_stanza(stanza._replace(attrs={**stanza.attrs, **attrs, **({"from": sender} if sender else {})}))
        return list(self.given)


def iq(kind: str, payload: str) -> str:
    return f"<iq type='{kind}' id='i1' to='{FULL}'>{payload}</iq>"


def archived(keeper: str, queryid: str | None = "p1", content: str = "hi") -> str:
    asked = "" if queryid is None else f"queryid='{queryid}'"
    said = f"<message xmlns='jabber:client' from='{keeper}/bob' type='groupchat'><body>{content}</body></message>"
    return (
        f"<message from='{keeper}' to='{FULL}'><result xmlns='urn:xmpp:mam:2' id='1' {asked}>"
        f"<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/>{said}"
        "</forwarded></result></message>"
    )


@pytest.mark.parametrize("sender", STRANGERS)
async def test_a_strangers_iqs_never_reach_the_client(sender: str) -> None:
    session = Told()
    before = session.env
    for payload in (*PUSHES.values(), *OTHER_SETS.values(), ""):
        assert session.hear(iq("set", payload), sender) == []
        assert session.sent.pop().attrs == {"type": "error", "id": "i1", "to": sender}
    for payload in RESULTS.values():
        assert session.hear(iq("result", payload), sender) == []
    assert session.hear(iq("error", ERROR), sender) == []
    assert session.env == before  # nor say what a room is
    assert not session.sent


@pytest.mark.parametrize("sender", OWN)
@pytest.mark.parametrize("kind", PUSHES)
async def test_our_own_account_tells_of_changes(sender: str, kind: str) -> None:
    session = Told()
    verb = {"roster": "update", "gone": "remove", "block": "block", "unblock": "undo"}[kind]
    assert [each["type"] for each in session.hear(iq("set", PUSHES[kind]), sender)] == [verb]
    assert [each.attrs["type"] for each in session.sent] == ["result"]


@pytest.mark.parametrize("sender", [*OWN, "own.example"])
@pytest.mark.parametrize("kind", ["roster", "bookmarks", "blocked"])
async def test_our_own_account_answers_late(sender: str, kind: str) -> None:
    assert [each["type"] for each in Told().hear(iq("result", RESULTS[kind]), sender)] == ["query"]


@pytest.mark.parametrize(("sender", "told"), [(ROOM, 1), (f"{ROOM}/mallory", 0), ("mallory@evil.example", 0)])
async def test_who_was_asked_answers(sender: str, told: int) -> None:
    session = Told()
    async with anyio.create_task_group() as tasks:
        question = xmpp.decode(f"<iq type='get' id='q' to='{ROOM}'><ping xmlns='urn:xmpp:ping'/></iq>")
        tasks.start_soon(session.perform, Command(question))
        await anyio.wait_all_tasks_blocked()
        answer = iq("result", RESULTS["what a room is"])
        assert len(session.hear(answer, sender, id="q")) == told
        assert (ROOM in session.env.moderated) == bool(told)
        session.hear(answer, ROOM, id="q")


@pytest.mark.parametrize("queryid", [None, "p1", "mine"])
async def test_what_nobody_asked_an_archive_for_is_no_history(queryid: str | None) -> None:
    session = Told()
    assert session.hear(archived("mallory@evil.example", queryid)) == []
    assert session.hear(archived(ROOM, queryid)) == []


@pytest.mark.parametrize(("asked", "keeper"), [(f"to='{ROOM}'", ROOM), ("", BARE)])
async def test_a_page_is_of_the_archive_that_was_asked(asked: str, keeper: str) -> None:
    """Others neither add to it, nor end it, nor push it out, whatever ids they know."""
    session, page = Told(), []

    async def ask() -> None:
        page.extend(await session.perform(Command(xmpp.decode(QUESTION.format(to=asked)), asked_as="mine")))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        assert session.hear(archived(keeper, content="first")) == []
        assert session.hear(archived("mallory@evil.example", content="forged")) == []
        for number in range(100):
            assert session.hear(archived("mallory@evil.example", f"junk{number}")) == []
        assert session.hear(iq("result", RESULTS["end of a page"]), "mallory@evil.example/x", id="p1") == []
        assert session.hear(iq("error", ERROR), "mallory@evil.example/x", id="p1") == []
        assert session.hear(archived(keeper, content="second")) == []
        session.hear(iq("result", RESULTS["end of a page"]), keeper, id="p1")
    (collection,) = page
    assert (collection["id"], collection["xmpp:complete"]) == ("mine", True)
    assert [each["object"]["content"] for each in collection["items"]] == ["first", "second"]
