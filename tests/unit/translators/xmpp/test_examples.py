"""Stanzas as servers send them, and what they mean, one of each kind; and what clients say, and what is sent."""

from __future__ import annotations

from typing import Any

import pytest

from sockethub_translators import xmpp
from sockethub_translators.errors import TranslationError

ENV = xmpp.Env("me@own.example/home", nick="mine", rooms={"room@muc.example": "mine"})
ALICE = {"id": "alice@x.example", "type": "person", "xmpp:resource": "home"}
MINE = {"id": "me@own.example", "type": "person", "xmpp:resource": "home"}
ROOM = {"id": "room@muc.example", "type": "room"}
CID = {"id": "room@muc.example/cid", "type": "person", "name": "cid"}
OWN = {"id": "room@muc.example/mine", "type": "person", "name": "mine"}

TO_ME = "from='alice@x.example/home' to='me@own.example/home'"
IN_ROOM = "from='room@muc.example/cid' to='me@own.example/home'"
MUC = "xmlns='http://jabber.org/protocol/muc#user'"

HEARD: dict[str, tuple[str, dict[str, Any]]] = {
    "message": (
        f"<message {TO_ME} type='chat' id='1'><body>hi</body></message>",
        {"type": "send", "actor": ALICE, "target": MINE, "object": {"type": "message", "id": "1", "content": "hi"}},
    ),
    "me in a room": (
        f"<message {IN_ROOM} type='groupchat'><body>/me waves</body></message>",
        {"type": "send", "actor": CID, "target": ROOM, "object": {"type": "me", "content": "waves"}},
    ),
    "private message": (
        f"<message {IN_ROOM} type='chat'><body>psst</body><x {MUC}/></message>",
        {
            "type": "send",
            "actor": CID,
            "target": MINE,
            "xmpp:muc-pm": True,
            "object": {"type": "message", "content": "psst"},
        },
    ),
    "subject": (
        f"<message {IN_ROOM} type='groupchat'><subject>tea</subject></message>",
        {"type": "update", "actor": CID, "target": ROOM, "object": {"type": "topic", "content": "tea"}},
    ),
    "typing": (
        f"<message {TO_ME} type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
        {"type": "update", "actor": ALICE, "target": MINE, "object": {"type": "typing", "state": "active"}},
    ),
    "reaction": (
        (
            f"<message {TO_ME} type='chat'><reactions xmlns='urn:xmpp:reactions:0' id='7'>"
            "<reaction>+1</reaction></reactions></message>"
        ),
        {
            "type": "update",
            "actor": ALICE,
            "target": MINE,
            "object": {"type": "reaction", "reactions": ["+1"], "inReplyTo": {"type": "message", "id": "7"}},
        },
    ),
    "retraction": (
        f"<message {TO_ME} type='chat'><retract xmlns='urn:xmpp:message-retract:1' id='7'/></message>",
        {"type": "delete", "actor": ALICE, "target": MINE, "object": {"type": "message", "id": "7"}},
    ),
    "we are in": (
        (
            "<presence from='room@muc.example/mine' to='me@own.example/home'>"
            f"<x {MUC}><item affiliation='owner' role='moderator'/><status code='110'/></x></presence>"
        ),
        {
            "type": "join",
            "actor": OWN,
            "target": ROOM,
            "object": {"type": "presence", "presence": "online", "role": "owner"},
            "xmpp:status": [110],
            "xmpp:role": "moderator",
            "xmpp:affiliation": "owner",
        },
    ),
    "kick": (
        (
            f"<presence {IN_ROOM} type='unavailable'><x {MUC}><item affiliation='none' role='none'>"
            "<actor nick='mine'/><reason>enough</reason></item><status code='307'/></x></presence>"
        ),
        {
            "type": "leave",
            "actor": CID,
            "target": ROOM,
            "object": {"type": "message", "content": "enough"},
            "xmpp:by": OWN,
            "xmpp:status": [307],
            "xmpp:role": "none",
            "xmpp:affiliation": "none",
        },
    ),
    "destroyed": (
        (
            "<presence from='room@muc.example/mine' type='unavailable'>"
            f"<x {MUC}><destroy jid='new@muc.example'><reason>moved</reason></destroy></x></presence>"
        ),
        {
            "type": "leave",
            "actor": OWN,
            "target": ROOM,
            "object": {"type": "message", "content": "moved"},
            "xmpp:destroyed": True,
            "xmpp:alternate": {"id": "new@muc.example", "type": "room"},
        },
    ),
    "avatar": (
        (
            f"<message {TO_ME}><event xmlns='http://jabber.org/protocol/pubsub#event'>"
            "<items node='urn:xmpp:avatar:metadata'><item id='a1'><metadata xmlns='urn:xmpp:avatar:metadata'>"
            "<info id='a1' type='image/png' bytes='12'/></metadata></item></items></event></message>"
        ),
        {
            "type": "update",
            "actor": ALICE,
            "target": MINE,
            "object": {"type": "profile", "icon": {"id": "a1", "mediaType": "image/png", "size": 12}},
            "xmpp:event": "a1",
        },
    ),
    "new nickname": (
        f"<presence {IN_ROOM} type='unavailable'><x {MUC}><item nick='sid'/><status code='303'/></x></presence>",
        {
            "type": "update",
            "actor": CID,
            "target": {"id": "room@muc.example/sid", "type": "person", "name": "sid"},
            "object": {"type": "address"},
            "xmpp:status": [303],
        },
    ),
    "away": (
        f"<presence {TO_ME}><show>away</show><status>tea</status><priority>5</priority></presence>",
        {
            "type": "update",
            "actor": ALICE,
            "target": MINE,
            "object": {"type": "presence", "presence": "away", "content": "tea"},
            "xmpp:priority": 5,
        },
    ),
    "subscription": (
        f"<presence {TO_ME} type='subscribe'/>",
        {"type": "request-friend", "actor": ALICE, "target": MINE},
    ),
    "roster": (
        (
            "<iq type='result' id='2' to='me@own.example/home'><query xmlns='jabber:iq:roster'>"
            "<item jid='alice@x.example' name='Al' subscription='both'><group>Friends</group></item></query></iq>"
        ),
        {
            "type": "query",
            "id": "2",
            "actor": {"id": "me@own.example", "type": "person"},
            "target": MINE,
            "object": {
                "type": "roster",
                "members": [
                    {
                        "id": "alice@x.example",
                        "type": "person",
                        "name": "Al",
                        "subscription": "both",
                        "groups": ["Friends"],
                    }
                ],
            },
        },
    ),
    "error": (
        (
            "<iq type='error' id='3' from='own.example'><error type='cancel'>"
            "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        ),
        {
            "type": "error",
            "id": "3",
            "actor": {"id": "own.example", "type": "service"},
            "object": {"type": "message", "condition": "item-not-found"},
            "error": "item not found",
            "xmpp:error": {"condition": "item-not-found", "type": "cancel"},
            "xmpp:stanza": "iq",
        },
    ),
    "anything": (
        "<iq type='set' id='4' from='own.example'><query xmlns='urn:unknown'/></iq>",
        {
            "type": "xmpp:raw",
            "id": "4",
            "actor": {"id": "own.example", "type": "service"},
            "object": {
                "type": "stanza",
                "element": [
                    "{jabber:client}iq",
                    {"type": "set", "id": "4", "from": "own.example"},
                    ["{urn:unknown}query", {}],
                ],
            },
        },
    ),
}


@pytest.mark.parametrize("name", sorted(HEARD))
def test_what_is_heard(name: str) -> None:
    text, expected = HEARD[name]
    stanza = xmpp.decode(text)
    (activity,) = xmpp.to_activity(stanza, ENV)
    assert xmpp.strip(activity) == {"context": "xmpp", **expected}
    assert xmpp.from_activity(activity, ENV) == [stanza]


SAID: dict[str, tuple[dict[str, Any], str]] = {
    "join": (
        {"type": "join", "target": ROOM, "xmpp:password": "tea", "object": {"type": "history", "limit": 20}},
        (
            "<presence to='room@muc.example/mine'><x xmlns='http://jabber.org/protocol/muc'>"
            "<history maxstanzas='20'/><password>tea</password></x></presence>"
        ),
    ),
    "message": (
        {"type": "send", "target": ROOM, "object": {"type": "message", "id": "1", "content": "<b>&"}},
        "<message type='groupchat' to='room@muc.example' id='1'><body>&lt;b&gt;&amp;</body></message>",
    ),
    "reply": (
        {
            "type": "send",
            "target": {"id": "alice@x.example", "type": "person"},
            "object": {"type": "message", "content": "yes", "inReplyTo": {"type": "message", "id": "7"}},
        },
        "<message type='chat' to='alice@x.example'><body>yes</body><reply xmlns='urn:xmpp:reply:0' id='7'/></message>",
    ),
    "reaction": (
        {
            "type": "update",
            "target": ALICE,
            "object": {"type": "reaction", "reactions": ["+1"], "inReplyTo": {"type": "message", "id": "7"}},
        },
        (
            "<message type='chat' to='alice@x.example/home'><reactions xmlns='urn:xmpp:reactions:0' id='7'>"
            "<reaction>+1</reaction></reactions><store xmlns='urn:xmpp:hints'/></message>"
        ),
    ),
    "retraction": (
        {"type": "delete", "target": ROOM, "object": {"type": "message", "id": "7"}},
        (
            "<message type='groupchat' to='room@muc.example'><retract xmlns='urn:xmpp:message-retract:1' id='7'/>"
            "<store xmlns='urn:xmpp:hints'/></message>"
        ),
    ),
    "history": (
        {"type": "query", "id": "9", "target": ROOM, "object": {"type": "history", "limit": 5}},
        (
            "<iq type='set' to='room@muc.example' id='9'><query xmlns='urn:xmpp:mam:2' queryid='9'>"
            "<set xmlns='http://jabber.org/protocol/rsm'><max>5</max><before/></set></query></iq>"
        ),
    ),
    "kick": (
        {
            "type": "leave",
            "actor": CID,
            "target": ROOM,
            "xmpp:by": MINE,
            "object": {"type": "message", "content": "enough"},
        },
        (
            "<iq type='set' to='room@muc.example'><query xmlns='http://jabber.org/protocol/muc#admin'>"
            "<item nick='cid' role='none'><reason>enough</reason></item></query></iq>"
        ),
    ),
    "accept": ({"type": "make-friend", "target": ALICE}, "<presence type='subscribed' to='alice@x.example/home'/>"),
    "presence": (
        {"type": "update", "object": {"type": "presence", "presence": "dnd", "content": "busy"}},
        "<presence><show>dnd</show><status>busy</status></presence>",
    ),
}


@pytest.mark.parametrize("name", sorted(SAID))
def test_what_is_said(name: str) -> None:
    activity, expected = SAID[name]
    (stanza,) = xmpp.from_activity({"context": "xmpp", "actor": {"id": "me@own.example"}, **activity}, ENV)
    assert stanza == xmpp.decode(expected)


SEND = {"type": "send", "target": {"id": "alice@x.example"}, "object": {"type": "message", "content": "x"}}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no verb": ({}, "$.type"),
    "unknown verb": ({**SEND, "type": "shout"}, "$.type"),
    "no target": ({**SEND, "target": None}, "$.target"),
    "no JID": ({**SEND, "target": {"id": "a b@x"}}, "$.target.id"),
    "control character": ({**SEND, "object": {"type": "message", "content": "\x08"}}, "$.object.content"),
    "unknown presence": ({"type": "update", "object": {"type": "presence", "presence": "afk"}}, "$.object.presence"),
    "around": ({"type": "query", "object": {"type": "history", "around": "x"}}, "$.object.around"),
    "no nickname": ({"type": "join", "target": {"id": "other@muc.example", "type": "room"}}, "$.actor.name"),
    "a report": ({**SEND, "error": "no"}, "$.error"),
    "raw": ({"type": "xmpp:raw", "object": {"type": "stanza", "element": ["{jabber:client}iq", {}]}}, "$.type"),
    "foreign residue": ({**SEND, "xmpp:wire": {"delta": {"attrs": 1}}}, "$['xmpp:wire'].delta.attrs"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_cannot_be_said_names_the_place(name: str) -> None:
    activity, path = REFUSED[name]
    nameless = xmpp.Env("me@own.example/home")
    with pytest.raises(TranslationError) as caught:
        xmpp.from_activity(activity, nameless)
    assert caught.value.path == path


EVENT = (
    "<message from='{{}}' to='me@own.example/home'><event xmlns='http://jabber.org/protocol/pubsub#event'>"
    "<items node='{}'>{}</items></event></message>"
)
PUBLISHED_BOOKMARK = EVENT.format(
    "urn:xmpp:bookmarks:1",
    "<item id='trap@muc.example'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='true'/></item>",
)
RETRACTED_BOOKMARK = EVENT.format("urn:xmpp:bookmarks:1", "<retract id='room@muc.example'/>")
PUBLISHED_MARKER = EVENT.format(
    "urn:xmpp:mds:displayed:0",
    (
        "<item id='bob@x.example'><displayed xmlns='urn:xmpp:mds:displayed:0'>"
        "<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='me@own.example'/></displayed></item>"
    ),
)


@pytest.mark.parametrize(
    ("text", "verb", "kind"),
    [
        (PUBLISHED_BOOKMARK, "add", "bookmark"),
        (RETRACTED_BOOKMARK, "remove", "bookmark"),
        (PUBLISHED_MARKER, "update", "marker"),
    ],
    ids=["bookmark", "bookmark gone", "marker"],
)
def test_what_our_own_account_publishes_is_believed(text: str, verb: str, kind: str) -> None:
    stanza = xmpp.decode(text.format("me@own.example"))
    (activity,) = xmpp.to_activity(stanza, ENV)
    assert (activity["type"], activity["object"]["type"]) == (verb, kind)
    assert xmpp.from_activity(activity, ENV) == [stanza]


@pytest.mark.parametrize(
    "text",
    [
        (
            "<message from='evil.example' to='me@own.example/home'><received xmlns='urn:xmpp:carbons:2'><forwarded "
            "xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='alice@x.example'><body>x</body></message>"
            "</forwarded></received></message>"
        ),
        (
            "<message from='evil@x.example/a'><result xmlns='urn:xmpp:mam:2' id='1'>"
            "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='alice@x.example'>"
            "<body>x</body></message></forwarded></result></message>"
        ),
        (
            "<message from='evil@x.example/a' type='chat'><retract xmlns='urn:xmpp:message-retract:1' id='1'>"
            "<moderated xmlns='urn:xmpp:message-moderate:1'/></retract></message>"
        ),
        PUBLISHED_BOOKMARK.format("alice@x.example"),
        RETRACTED_BOOKMARK.format("alice@x.example"),
        PUBLISHED_MARKER.format("alice@x.example"),
    ],
    ids=["carbon", "archive", "moderation", "bookmark", "bookmark gone", "marker"],
)
def test_who_may_not_say_so_is_not_believed(text: str) -> None:
    """CVE-2017-5589, and the same for archives, moderators, and what is only ours to publish (XEP-0223)."""
    (activity,) = xmpp.to_activity(xmpp.decode(text), ENV)
    assert activity["type"] == "xmpp:raw"


def test_an_id_is_believed_from_whom_it_may_come() -> None:
    """XEP-0359 §6."""
    text = "<message from='room@muc.example/cid' type='groupchat'><body>x</body>{}</message>"
    id_ = "<stanza-id xmlns='urn:xmpp:sid:0' id='{}' by='{}'/>"
    forged = id_.format("f", "room@muc.example/cid")
    true = id_.format("t", "room@muc.example")
    (activity,) = xmpp.to_activity(xmpp.decode(text.format(forged + true)), ENV)
    assert activity["object"]["xmpp:stanza-id"] == "t"
    (activity,) = xmpp.to_activity(xmpp.decode(text.format(forged)), ENV)
    assert "xmpp:stanza-id" not in activity["object"]
