"""The schemas of the XMPP platform: what they let through, what they refuse, and that they agree with the code."""

from __future__ import annotations

import dataclasses
from typing import Any

import jsonschema
import pytest

from sockethub.platforms.xmpp.commands import command_of
from sockethub.platforms.xmpp.features import Found
from sockethub.platforms.xmpp.login import Login
from sockethub.platforms.xmpp.options import Options
from sockethub_translators import xmpp
from tests.support.schemas import loaded, shipped

ME = {"id": "me@own.example", "type": "person", "name": "me"}
BOB = {"id": "bob@x.example", "type": "person"}
ROOM = {"id": "owls@muc.example", "type": "room"}
HOOT = {"id": "owls@muc.example/hoot", "type": "person"}
ABOUT = {"type": "message", "id": "m1"}
ROLE = {"type": "presence", "role": "admin"}
ENV = xmpp.Env("me@own.example/home", nick="me", rooms={ROOM["id"]: "me"}, inside=frozenset({ROOM["id"]}))
FOUND = Found(rooms="muc.example", upload="upload.example")

MESSAGES = shipped("xmpp/messages.json")
CREDENTIALS = shipped("xmpp/credentials.json")

ACCEPTED: list[dict[str, Any]] = [
    {"type": "join", "target": ROOM},
    {"type": "join", "target": ROOM, "xmpp:password": "sesame", "object": {"type": "history", "limit": 0}},
    {"type": "leave", "target": ROOM, "object": {"type": "note", "content": "bye"}},
    {"type": "leave", "target": ROOM, "actor": HOOT, "xmpp:by": {**ME, "id": "owls@muc.example/me"}},
    {"type": "send", "target": ROOM, "object": {"type": "message", "content": "hi\nand again", "id": "m1"}},
    {"type": "send", "target": ROOM, "object": {"type": "note", "content": "hi", "inReplyTo": ABOUT}},
    {"type": "send", "target": BOB, "object": {"type": "me", "content": "waves"}},
    {"type": "send", "target": BOB, "object": {"type": "message", "content": "new", "xmpp:replace": ABOUT}},
    {"type": "send", "target": BOB, "object": {"type": "message", "content": "", "attachment": [{"url": "https://x"}]}},
    {"type": "update", "target": ROOM, "object": {"type": "topic", "content": "tea"}},
    {"type": "update", "target": HOOT, "object": {"type": "address"}},
    {"type": "update", "object": {"type": "presence", "presence": "dnd", "content": "busy"}},
    {"type": "update", "target": ROOM, "object": {"type": "message", "id": "m1", "content": "corrected"}},
    {"type": "update", "target": BOB, "object": {"type": "typing", "state": "active"}},
    {"type": "update", "target": BOB, "object": {"type": "receipt", "inReplyTo": ABOUT}},
    {"type": "update", "target": ROOM, "object": {"type": "marker", "inReplyTo": ABOUT}},
    {"type": "update", "target": ROOM, "object": {"type": "reaction", "inReplyTo": ABOUT, "reactions": ["+1"]}},
    {"type": "update", "object": {"type": "profile", "name": "Me"}},
    {"type": "update", "target": ROOM, "object": {"type": "form", "form": {"type": "submit", "fields": []}}},
    {"type": "update", "target": BOB, "object": {"type": "relationship", "relationship": "contact", "name": "Bob"}},
    {"type": "query", "target": ROOM, "object": {"type": "attendance"}},
    {"type": "query", "target": ROOM, "object": {"type": "history", "limit": 50}},
    {"type": "query", "target": BOB, "object": {"type": "history", "before": "2026-11-23T12:00:00Z"}},
    {"type": "query", "target": ROOM, "object": {"type": "history", "after": ABOUT}},
    {"type": "query", "target": ROOM, "object": {"type": "room-info"}},
    {"type": "query", "object": {"type": "room-list"}},
    {"type": "query", "object": {"type": "roster"}},
    {"type": "query", "target": BOB, "object": {"type": "presence"}},
    {"type": "query", "target": BOB, "object": {"type": "profile"}},
    {"type": "query", "object": {"type": "bookmark"}},
    {"type": "query", "object": {"type": "blocklist"}},
    {
        "type": "query",
        "target": ROOM,
        "object": {"type": "relationship", "relationship": "role", "subject": ROLE},
    },
    {"type": "query", "target": ROOM, "object": {"type": "form"}},
    {"type": "query", "target": BOB, "object": {"type": "command", "node": "list"}},
    {"type": "query", "object": {"type": "upload-slot", "name": "owl.png", "size": 5}},
    {"type": "query", "target": BOB, "object": {"type": "ping"}},
    {"type": "add", "target": ROOM, "object": {"type": "reaction", "inReplyTo": ABOUT, "content": "+1"}},
    {
        "type": "add",
        "target": HOOT,
        "object": {"type": "relationship", "relationship": "role", "subject": ROLE, "object": ROOM},
    },
    {"type": "add", "target": ROOM, "object": {"type": "bookmark", "autojoin": True}},
    {"type": "remove", "target": ROOM, "object": {"type": "bookmark"}},
    {"type": "remove", "target": BOB, "object": {"type": "relationship", "relationship": "contact"}},
    {"type": "invite", "target": ROOM, "object": BOB},
    {"type": "delete", "target": ROOM, "object": ABOUT},
    {"type": "delete", "target": ROOM, "object": {"type": "room", "content": "moved"}},
    {"type": "request-friend", "target": BOB},
    {"type": "make-friend", "target": BOB},
    {"type": "remove-friend", "target": BOB},
    {"type": "block", "target": BOB},
    {"type": "undo", "object": {"type": "blocklist", "members": []}},
]

REFUSED: list[dict[str, Any]] = [
    {"type": "dance"},
    {"type": "join"},
    {"type": "send", "target": ROOM},
    {"type": "send", "target": ROOM, "object": {"type": "notice", "content": "hi"}},
    {"type": "send", "object": {"type": "message", "content": "to whom?"}},
    {"type": "update", "target": ROOM, "object": {"type": "message", "content": "which?"}},
    {"type": "update", "target": BOB, "object": {"type": "typing"}},
    {"type": "update", "object": {"type": "presence", "presence": "asleep"}},
    {"type": "update", "target": ROOM, "object": {"type": "reaction", "reactions": ["+1"]}},
    {"type": "query", "target": ROOM},
    {"type": "query", "object": {"type": "upload-slot", "name": "x"}},
    {"type": "delete", "target": ROOM, "object": {"type": "message"}},
    {"type": "request-friend"},
    {"type": "xmpp:raw", "target": ROOM},
    {"type": "join", "target": ROOM, "irc:key": "sesame"},
]


def _name(activity: dict[str, Any]) -> str:
    return f"{activity['type']} {activity.get('object', {}).get('type', '')}"


def _full(activity: dict[str, Any]) -> dict[str, Any]:
    return {"context": "xmpp", "actor": ME, **activity}


@pytest.mark.parametrize("activity", ACCEPTED, ids=_name)
def test_what_is_accepted_can_be_said(activity: dict[str, Any]) -> None:
    """No example of the schema fails in translation, and every stanza has an id to know its answer by."""
    MESSAGES.validate(_full(activity))
    stanza = command_of(_full(activity), ENV, "fresh", FOUND).stanza
    assert stanza.attrs["id"]


@pytest.mark.parametrize("activity", REFUSED, ids=_name)
def test_what_is_refused(activity: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        MESSAGES.validate(_full(activity))


ACCOUNT = {"type": "credentials", "userAddress": "me@own.example", "password": "hush"}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"resource": "desk"},
        {"server": "xmpp.own.example"},
        {"server": "xmpp://127.0.0.1:5222"},
        {"server": "xmpps://[::1]:5223"},
        {"server": "own.example", "port": 5222},
    ],
    ids=str,
)
def test_credentials_that_are_accepted_are_understood(more: dict[str, Any]) -> None:
    activity = {"context": "xmpp", "type": "credentials", "actor": ME, "object": {**ACCOUNT, **more}}
    CREDENTIALS.validate(activity)
    login = Login.of(activity)
    assert login.jid.bare == "me@own.example"
    assert "hush" not in repr(login)


@pytest.mark.parametrize(
    "changes",
    [
        {"userAddress": "own.example"},
        {"userAddress": "a b@own.example"},
        {"password": ""},
        {"token": "both"},
        {"server": "http://own.example"},
        {"server": "own.example/path"},
        {"port": 0},
        {"secure": False},
    ],
    ids=str,
)
def test_credentials_that_are_refused(changes: dict[str, Any]) -> None:
    activity = {"context": "xmpp", "type": "credentials", "actor": ME, "object": {**ACCOUNT, **changes}}
    with pytest.raises(jsonschema.ValidationError):
        CREDENTIALS.validate(activity)


def test_defaults_of_options_stand_in_the_schema_too() -> None:
    schema = loaded("xmpp/options.json")
    declared = {name: about["default"] for name, about in schema["properties"].items()}
    assert declared == {field.name: field.default for field in dataclasses.fields(Options)}


def test_a_client_cannot_bring_residue() -> None:
    """The residue is a whole stanza's worth of anything."""
    delta = {"children": [["<iq xmlns='jabber:client' type='set'/>"]]}
    sent = _full({"type": "send", "target": BOB, "object": {"type": "message", "content": "hi"}})
    clean = command_of(sent, ENV, "fresh", FOUND).stanza
    assert command_of({**sent, "xmpp:wire": {"in": True, "delta": delta}}, ENV, "fresh", FOUND).stanza == clean
