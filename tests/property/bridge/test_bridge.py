"""T14: what IRC and XMPP have in common crosses from one to the other and back, unchanged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from sockethub_translators import bridge, irc, xmpp
from sockethub_translators.errors import TranslationError
from sockethub_translators.testing import irc as lines
from sockethub_translators.testing import xmpp as stanzas

GATEWAY = bridge.Gateway(lines.SERVER, "gateway.example")
ENV = irc.Env(server=lines.SERVER, nick="me", isupport=lines.ISUPPORT, caps=lines.CAPS)
XENV = xmpp.Env("component@gateway.example")

NICKS = st.sampled_from(["alice", "Bob", "a[b]c\\d", "x^y`z", "o'neil", "_|{}"])
ROOMS = st.sampled_from(["#room", "#Room", "#a'b", "&local", "#50%", "##", "#\\20x"])
TEXTS = st.text(min_size=1, max_size=12).filter(
    lambda text: text.isprintable() and not text.startswith(("/", "\x01")) and text == text.strip()
)


def _person(nick: str) -> dict[str, str]:
    return {"id": f"{nick}@{lines.SERVER}", "type": "person", "name": nick}


def _room(name: str) -> dict[str, str]:
    return {"id": f"{name}@{lines.SERVER}", "type": "room", "name": name}


IDS = st.text("abc123", min_size=1, max_size=6)
ABOUT = IDS.map(lambda id_: {"type": "message", "id": id_})
OBJECTS: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "message": ("send", st.builds(lambda text: {"type": "message", "content": text}, TEXTS)),
    "me": ("send", st.builds(lambda text: {"type": "me", "content": text}, TEXTS)),
    "reply": ("send", st.builds(lambda text, to: {"type": "message", "content": text, "inReplyTo": to}, TEXTS, ABOUT)),
    "topic": ("update", st.builds(lambda text: {"type": "topic", "content": text}, TEXTS)),
    "typing": (
        "update",
        st.sampled_from(["active", "paused", "done"]).map(lambda state: {"type": "typing", "state": state}),
    ),
    "reaction": (
        "add",
        st.builds(lambda text, to: {"type": "reaction", "content": text, "inReplyTo": to}, TEXTS, ABOUT),
    ),
    "delete": ("delete", ABOUT),
}


@pytest.mark.parametrize("kind", sorted(OBJECTS))
def test_what_both_have_crosses_and_comes_back(kind: str) -> None:
    """Line, activity, stanza, activity, line: text, kind, nickname, room, and the ids of other messages."""
    verb, objects = OBJECTS[kind]

    @given(NICKS, ROOMS, objects)
    def check(nick: str, name: str, obj: dict[str, Any]) -> None:
        said = {"context": "irc", "type": verb, "actor": _person(nick), "target": _room(name), "object": obj}
        try:
            sent = irc.from_activity(said, ENV)
        except TranslationError:
            assume(False)
        assume(len(sent) == 1)
        line = replace(sent[0], source=f"{nick}!user@host")
        (heard,) = irc.to_activity(line, ENV)
        across = bridge.to_xmpp(heard, GATEWAY)
        (stanza,) = xmpp.from_activity({**across, "xmpp:wire": {"in": True}}, XENV)
        (seen,) = xmpp.to_activity(xmpp.decode(xmpp.encode(stanza)), XENV)
        back = bridge.to_irc(seen, GATEWAY)
        assert {key: back[key] for key in said} == said
        assert irc.from_activity(back, ENV) == sent
        event(kind)

    check()


@given(st.one_of(lines.client_activities(), stanzas.json_values()))
def test_any_json_crosses_or_is_an_error(value: Any) -> None:
    if not isinstance(value, dict):
        return
    places = []
    for cross in (bridge.to_xmpp, bridge.to_irc):
        try:
            cross(value, GATEWAY)
        except TranslationError as error:
            places.append(error.path)
    assert all(place.startswith("$") for place in places)


@given(NICKS, ROOMS)
def test_names_cross_and_come_back(nick: str, name: str) -> None:
    joined = {"context": "irc", "type": "join", "actor": _person(nick), "target": _room(name)}
    across = bridge.to_xmpp(joined, GATEWAY)
    assert str(xmpp.parse_jid(across["target"]["id"])).lower() == across["target"]["id"].lower()
    assert bridge.to_irc(across, GATEWAY) == joined
    alone = {"context": "irc", "type": "send", "actor": _person(nick), "target": _person("me")}
    assert bridge.to_irc(bridge.to_xmpp(alone, GATEWAY), GATEWAY) == alone


def test_what_is_of_another_network_does_not_cross() -> None:
    foreign = {"context": "irc", "type": "join", "actor": {"id": "a@other.example"}, "target": _room("#c")}
    with pytest.raises(TranslationError, match=r"\$\.actor\.id: not a name on"):
        bridge.to_xmpp(foreign, GATEWAY)
    with pytest.raises(TranslationError, match="not a name of the gateway"):
        bridge.to_irc({**foreign, "target": None}, GATEWAY)
