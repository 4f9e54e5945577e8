"""The laws of translation, for messages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from sockethub_translators import xmpp
from sockethub_translators.testing import xmpp as some
from sockethub_translators.testing import xmpp_messages as said
from sockethub_translators.xmpp.element import Element
from sockethub_translators.xmpp.env import Env
from tests.property.xmpp import laws
from tests.support.search import occurs

INSIDE = Env(some.ME, rooms={some.ROOM: some.NICK})


@given(said.messages(), some.envs())
def test_get_put(stanza: Element, env: Env) -> None:
    """A stanza is what its activity gives back."""
    event(laws.get_put(stanza, env)["type"])


@pytest.mark.parametrize("kind", sorted(said.PARTS))
def test_get_put_of_each_kind(kind: str) -> None:
    @laws.FEWER
    @given(said.messages(kind), some.envs())
    def check(stanza: Element, env: Env) -> None:
        laws.get_put(stanza, env)

    check()


@given(said.forwarded(), some.envs())
def test_get_put_of_forwarded(stanza: Element, env: Env) -> None:
    activity = laws.get_put(stanza, env)
    if stanza.attrs.get("from") == "evil.example":
        assert activity["type"] == "xmpp:raw"


MEANINGS = {
    "chat state": ("update", "typing"),
    "direct invite": ("invite", "person"),
    "displayed": ("update", "marker"),
    "error": ("error", "message"),
    "event": ("update", "profile"),
    "reactions": ("update", "reaction"),
    "received": ("update", "receipt"),
    "retraction": ("delete", "message"),
    "room": ("invite", "person"),
    "subject": ("update", "topic"),
    "body": ("send", "me"),
}


@pytest.mark.parametrize("kind", sorted(MEANINGS))
def test_each_kind_is_understood(kind: str) -> None:
    def understood(stanza: Element) -> bool:
        (activity,) = xmpp.to_activity(stanza, INSIDE)
        return (activity["type"], activity.get("object", {}).get("type")) == MEANINGS[kind]

    occurs(said.messages(kind), understood)


@pytest.mark.parametrize("mark", ["xmpp:carbon", "xmpp:archive"])
def test_forwarded_is_understood(mark: str) -> None:
    occurs(said.forwarded(), lambda stanza: mark in xmpp.to_activity(stanza, INSIDE)[0])


@pytest.mark.parametrize("kind", sorted(said.SAID))
def test_put_get(kind: str) -> None:
    """What a client says comes back from its stanza."""

    @laws.FEWER
    @given(said.message_activities(kind), some.envs(rooms={some.ROOM: some.NICK}))
    def check(activity: dict[str, Any], env: Env) -> None:
        laws.put_get(activity, env)

    check()


EDITS: dict[str, tuple[tuple[str, ...], laws.Path, Any]] = {
    "content": (("body",), ("object", "content"), "edited"),
    "content of a reply": (("body", "reply"), ("object", "content"), "edited"),
    "id": (("body",), ("object", "id"), "edited"),
    "reply": (("body", "reply"), ("object", "inReplyTo", "id"), "edited"),
    "correction": (("body", "correction"), ("object", "xmpp:replace", "id"), "edited"),
    "file": (("body", "file"), ("object", "attachment", 0, "url"), "https://edited.example"),
    "thread": (("body", "thread"), ("xmpp:thread",), "edited"),
    "topic": (("subject",), ("object", "content"), "edited"),
    "receipt": (("received",), ("object", "inReplyTo", "id"), "edited"),
    "retraction": (("retraction",), ("object", "id"), "edited"),
    "reaction": (("reactions",), ("object", "reactions"), ["edited"]),
    "resource": (("body",), ("actor", "xmpp:resource"), "edited"),
    "published": (("body",), ("xmpp:delay",), {"text": "edited"}),
    "condition": (("error",), ("object", "condition"), "forbidden"),
    "avatar": (("event",), ("object", "icon", "mediaType"), "edited"),
    "nickname": (("event",), ("object", "name"), "edited"),
    "read elsewhere": (("event",), ("object", "inReplyTo", "id"), "edited"),
    "reason": (("direct invite",), ("xmpp:reason",), "edited"),
}


@pytest.mark.parametrize("name", sorted(EDITS))
def test_the_view_wins(name: str) -> None:
    """Edit one member, keep the residue: the stanza reads as edited."""
    kinds, path, value = EDITS[name]
    derived: list[laws.Path] = [("object", "contentMap"), ("error",), ("xmpp:error",)]

    def editable(stanza: Element) -> bool:
        # A quotation that is longer than the text it is in becomes one when the text grows.
        (activity,) = xmpp.to_activity(stanza, INSIDE)
        broken = b"<fallback" in xmpp.encode(stanza) and "xmpp:fallback" not in activity.get("object", {})
        return laws.editable(stanza, INSIDE, path) and not broken

    @laws.FILTERED
    @given(said.messages(*kinds).filter(editable))
    def check(stanza: Element) -> None:
        laws.view_wins(stanza, INSIDE, path, value, derived)

    check()


TEXTS: tuple[tuple[str, laws.Path], ...] = (
    ("message", ("object", "content")),
    ("me", ("object", "content")),
    ("topic", ("object", "content")),
    ("invite", ("xmpp:reason",)),
    ("message", ("target", "id")),
    ("delete", ("object", "id")),
    ("typing", ("id",)),
)


@pytest.mark.parametrize(("kind", "path"), TEXTS)
def test_texts_do_not_interfere(kind: str, path: laws.Path) -> None:
    @laws.FEWER
    @given(said.message_activities(kind), some.HOSTILE.filter(bool), some.envs())
    def check(activity: dict[str, Any], text: str, env: Env) -> None:
        if laws.has(activity, path):
            laws.no_interference(activity, path, text, env)

    check()


@given(said.message_activities(), some.json_values(), st.data(), some.envs())
def test_any_json_is_a_stanza_or_an_error(activity: dict[str, Any], value: Any, data: st.DataObject, env: Env) -> None:
    laws.total_about(activity, value, data, env)
