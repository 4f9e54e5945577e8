"""The laws of translation, for presence, rooms, rosters and roles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from sockethub_translators import xmpp
from sockethub_translators.testing import xmpp as some
from sockethub_translators.testing import xmpp_presence as seen
from sockethub_translators.xmpp.element import Element
from sockethub_translators.xmpp.env import Env
from tests.property.xmpp import laws
from tests.support.search import occurs

OUTSIDE = Env(some.ME, nick=some.NICK)
ENTERING = replace(OUTSIDE, rooms={some.ROOM: some.NICK})
INSIDE = replace(ENTERING, inside=frozenset({some.ROOM}))
MODERATED = replace(INSIDE, moderated=frozenset({some.ROOM}))
ENVS = st.sampled_from([OUTSIDE, ENTERING, INSIDE, MODERATED])


@pytest.mark.parametrize("kind", sorted(seen.STANZAS))
def test_get_put(kind: str) -> None:
    """A stanza is what its activity gives back."""

    @laws.FEWER
    @given(seen.presences(kind), ENVS)
    def check(stanza: Element, env: Env) -> None:
        event(laws.get_put(stanza, env)["type"])

    check()


MEANINGS: dict[str, tuple[str, str, str | None]] = {
    "joined": ("in a room", "join", "presence"),
    "occupant": ("in a room", "update", "presence"),
    "left": ("in a room", "leave", None),
    "kicked": ("in a room", "leave", "message"),
    "renamed": ("in a room", "update", "address"),
    "online": ("plain", "update", "presence"),
    "subscribe": ("plain", "request-friend", None),
    "subscribed": ("plain", "make-friend", None),
    "unsubscribe": ("plain", "remove-friend", None),
    "probe": ("plain", "query", "presence"),
    "joining": ("entering", "join", "history"),
    "conflict": ("refused", "error", "message"),
    "refused": ("refused iq", "error", "message"),
    "roster": ("roster", "query", "roster"),
    "push": ("roster", "update", "relationship"),
    "removed": ("roster", "remove", "relationship"),
    "granted": ("admin", "add", "relationship"),
    "kick": ("admin", "leave", None),
    "list": ("admin", "query", "relationship"),
    "form": ("owner", "query", "form"),
    "configured": ("owner", "update", "form"),
    "destroyed": ("owner", "delete", "room"),
    "moderated": ("moderation", "delete", "message"),
}


@pytest.mark.parametrize("name", sorted(MEANINGS))
def test_each_kind_is_understood(name: str) -> None:
    kind, *meaning = MEANINGS[name]

    def understood(stanza: Element) -> bool:
        (activity,) = xmpp.to_activity(stanza, ENTERING)
        return [activity["type"], activity.get("object", {}).get("type")] == meaning

    occurs(seen.presences(kind), understood)


@given(seen.presences("in a room"))
def test_our_own_presence_is_a_join_but_once(stanza: Element) -> None:
    """What comes after we are inside is a change."""
    (before,), (after,) = xmpp.to_activity(stanza, ENTERING), xmpp.to_activity(stanza, INSIDE)
    assert after["type"] != "join"
    if before["type"] == "join":
        assert 110 in before["xmpp:status"]
        assert after == {**before, "type": "update"}


@given(seen.presences())
def test_never_a_wrong_friend_request(stanza: Element) -> None:
    """Only a presence of that very type asks for friendship, or ends it; one that names nobody means nothing."""
    (activity,) = xmpp.to_activity(stanza, ENTERING)
    kinds = {"subscribe": "request-friend", "subscribed": "make-friend"}
    kinds |= dict.fromkeys(("unsubscribe", "unsubscribed"), "remove-friend")
    is_presence = stanza.name == "{jabber:client}presence" and not stanza.attrs.keys().isdisjoint({"from", "to"})
    wanted = kinds.get(stanza.attrs.get("type", "")) if is_presence else None
    assert (activity["type"] if "friend" in activity["type"] else None) == wanted


@pytest.mark.parametrize("kind", sorted(seen.DONE))
def test_put_get(kind: str) -> None:
    """What a client does comes back from its stanza."""

    @laws.FEWER
    @given(seen.presence_activities(kind), st.sampled_from([INSIDE, MODERATED]))
    def check(activity: dict[str, Any], env: Env) -> None:
        laws.put_get(activity, env)

    check()


EDITS: dict[str, tuple[str, laws.Path, Any]] = {
    "show": ("plain", ("object", "presence"), "dnd"),
    "hat": ("in a room", ("xmpp:hats",), [{"uri": "edited"}]),
    "nick": ("plain", ("xmpp:nick",), "edited"),
    "status": ("plain", ("object", "content"), "edited"),
    "priority": ("plain", ("xmpp:priority",), 7),
    "occupant": ("in a room", ("actor", "id"), f"{some.ROOM}/edited"),
    "real JID": ("in a room", ("xmpp:jid",), "edited@x.example"),
    "code": ("in a room", ("xmpp:status",), [110, 201]),
    "reason": ("in a room", ("object", "content"), "edited"),
    "contact": ("roster", ("object", "name"), "edited"),
    "member": ("roster", ("object", "members", 0, "name"), "edited"),
    "groups": ("roster", ("object", "groups"), ["edited"]),
    "granted": ("admin", ("object", "content"), "edited"),
    "error": ("refused", ("xmpp:error", "by"), "edited.example"),
    "password": ("entering", ("xmpp:password",), "edited"),
}


@pytest.mark.parametrize("name", sorted(EDITS))
def test_the_view_wins(name: str) -> None:
    """Edit one member, keep the residue: the stanza reads as edited."""
    kind, path, value = EDITS[name]
    derived: list[laws.Path] = []
    if name == "show":
        derived = [("type",), ("actor",), ("target",)]
    elif name == "occupant":
        derived = [("actor", "name")]
    elif name == "code":
        derived = [("type",), ("target",), ("object",), ("xmpp:by",)]

    def editable(stanza: Element) -> bool:
        return laws.editable(stanza, INSIDE, path) and (name != "code" or b"303" not in xmpp.encode(stanza))

    @laws.FILTERED
    @given(seen.presences(kind).filter(editable))
    def check(stanza: Element) -> None:
        laws.view_wins(stanza, INSIDE, path, value, derived)

    check()


TEXTS: tuple[tuple[str, laws.Path], ...] = (
    ("join", ("actor", "name")),
    ("join", ("target", "id")),
    ("contact", ("object", "name")),
    ("presence", ("object", "content")),
    ("request friend", ("target", "id")),
    ("role", ("object", "content")),
    ("destroy", ("object", "content")),
)


@pytest.mark.parametrize(("kind", "path"), TEXTS)
def test_texts_do_not_interfere(kind: str, path: laws.Path) -> None:
    @laws.FEWER
    @given(seen.presence_activities(kind), some.HOSTILE.filter(bool))
    def check(activity: dict[str, Any], text: str) -> None:
        if laws.has(activity, path):
            laws.no_interference(activity, path, text, INSIDE)

    check()


@given(seen.presence_activities(), some.json_values(), st.data(), ENVS)
def test_any_json_is_a_stanza_or_an_error(activity: dict[str, Any], value: Any, data: st.DataObject, env: Env) -> None:
    laws.total({**activity, "xmpp:wire": {"in": True, "iq": "result"}}, env)
    laws.total_about(activity, value, data, env)
