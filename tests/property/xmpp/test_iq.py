"""The laws of translation, for IQs but rosters and administration."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from sockethub_translators import xmpp
from sockethub_translators.testing import xmpp as some
from sockethub_translators.testing import xmpp_iq as iqs
from sockethub_translators.xmpp.element import Element
from sockethub_translators.xmpp.env import Env
from tests.property.xmpp import laws
from tests.support.search import occurs

ENV = Env(some.ME)


@pytest.mark.parametrize("kind", sorted(iqs.PAYLOADS))
def test_get_put(kind: str) -> None:
    """A stanza is what its activity gives back."""

    @laws.FEWER
    @given(iqs.iqs(kind), some.envs())
    def check(stanza: Element, env: Env) -> None:
        event(laws.get_put(stanza, env)["type"])

    check()


@pytest.mark.parametrize("kind", sorted(set(iqs.PAYLOADS) - {"unknown"}))
def test_each_kind_is_understood(kind: str) -> None:
    """Not kept raw, that is, wherever it makes sense."""
    occurs(iqs.iqs(kind), lambda stanza: xmpp.to_activity(stanza, ENV)[0]["type"] != "xmpp:raw")


@pytest.mark.parametrize("kind", sorted(iqs.ASKED))
def test_put_get(kind: str) -> None:
    """What a client asks comes back from its stanza."""

    @laws.FEWER
    @given(iqs.iq_activities(kind), some.envs())
    def check(activity: dict[str, Any], env: Env) -> None:
        stanza = laws.put_get(activity, env)
        assert stanza.attrs["type"] in ("get", "set")

    check()


EDITS: dict[str, tuple[str, laws.Path, Any]] = {
    "feature": ("info", ("object", "features", 0), "edited"),
    "identity": ("info", ("object", "identities", 0, "category"), "edited"),
    "field": ("info", ("object", "xmpp:forms", 0, "fields", 0, "values"), ["edited"]),
    "member": ("items", ("object", "members", 0, "id"), "room@muc.example/edited"),
    "room": ("items", ("object", "rooms", 0, "id"), "edited@muc.example"),
    "blocked": ("block", ("target", "id"), "edited@x.example"),
    "bookmark": ("bookmarks", ("target", "id"), "edited@muc.example"),
    "name": ("profile", ("object", "name"), "edited"),
    "old bookmark": ("storage", ("object", "rooms", 0, "id"), "edited@muc.example"),
    "version": ("version", ("object", "version"), "edited"),
    "url": ("slot", ("object", "url"), "https://edited.example/"),
    "limit": ("archive", ("object", "limit"), 77),
    "last": ("fin", ("object", "last"), "edited"),
    "note": ("command", ("object", "notes", 0, "content"), "edited"),
    "id": ("ping", ("id",), "edited"),
    "actor": ("ping", ("actor", "xmpp:resource"), "edited"),
}


@pytest.mark.parametrize("name", sorted(EDITS))
def test_the_view_wins(name: str) -> None:
    """Edit one member, keep the residue: the stanza reads as edited."""
    kind, path, value = EDITS[name]
    derived: list[laws.Path] = [("object", key) for key in ("roominfo", "roomconfig", "custom")]
    derived += [("object", "members", 0, "name"), ("object", "rooms", 0, "type"), ("target", "type")]

    @laws.FILTERED
    @given(iqs.iqs(kind).filter(lambda stanza: laws.editable(stanza, ENV, path)))
    def check(stanza: Element) -> None:
        laws.view_wins(stanza, ENV, path, value, derived)

    check()


TEXTS: tuple[tuple[str, laws.Path], ...] = (
    ("add bookmark", ("object", "name")),
    ("add bookmark", ("target", "id")),
    ("query command", ("object", "node")),
    ("query history", ("id",)),
    ("query room-info", ("object", "xmpp:node")),
    ("query upload-slot", ("object", "name")),
    ("query version", ("target", "id")),
    ("update profile", ("object", "name")),
)


@pytest.mark.parametrize(("kind", "path"), TEXTS)
def test_texts_do_not_interfere(kind: str, path: laws.Path) -> None:
    @laws.FEWER
    @given(iqs.iq_activities(kind), some.HOSTILE.filter(bool), some.envs())
    def check(activity: dict[str, Any], text: str, env: Env) -> None:
        laws.no_interference(activity, path, text, env)

    check()


@given(iqs.iq_activities(), some.json_values(), st.data(), some.envs())
def test_any_json_is_a_stanza_or_an_error(activity: dict[str, Any], value: Any, data: st.DataObject, env: Env) -> None:
    laws.total(value, env)
    laws.total([activity, value], env)
    laws.total_about(activity, value, data, env)
