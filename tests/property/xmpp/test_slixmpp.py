"""T15: what slixmpp's own stanza classes read in a stanza is what its activity says, and theirs reads what we write."""

from __future__ import annotations

from typing import Any

from hypothesis import event, given
from slixmpp import Iq, Message, Presence
from slixmpp.plugins.xep_0030.stanza.info import DiscoInfo
from slixmpp.plugins.xep_0308 import stanza as correction
from slixmpp.stanza import roster as slixmpp_roster
from slixmpp.xmlstream import register_stanza_plugin

from sockethub_translators import xmpp
from sockethub_translators.testing import xmpp as some
from sockethub_translators.testing.xmpp_iq import iqs
from sockethub_translators.testing.xmpp_messages import message_activities, messages
from sockethub_translators.testing.xmpp_presence import presences
from sockethub_translators.xmpp.element import Element
from sockethub_translators.xmpp.env import Env

# Its classes are not typed.
THEIRS: dict[str, Any] = {"message": Message, "presence": Presence, "iq": Iq}

register_stanza_plugin(Message, correction.Replace)
register_stanza_plugin(Iq, slixmpp_roster.Roster)
register_stanza_plugin(Iq, DiscoInfo)

ENV = Env(some.ME, rooms={some.ROOM: some.NICK})


def read(stanza: Element) -> Any:
    return THEIRS[stanza.local](xml=xmpp.to_etree(stanza))


def addresses(theirs: Any, stanza: Element) -> None:
    """Where slixmpp takes the JIDs, it reads the same ones."""
    for key in ("from", "to"):
        assert str(theirs[key]) == stanza.attrs.get(key, "")


@given(messages("body"))
def test_messages(stanza: Element) -> None:
    (activity,) = xmpp.to_activity(stanza, ENV)
    if activity["type"] != "send" or "contentMap" in activity["object"]:
        return
    theirs = read(stanza)
    addresses(theirs, stanza)
    assert theirs["type"] == stanza.attrs.get("type", "normal")
    assert theirs["id"] == activity["object"].get("id", "")
    said = activity["object"]["content"]
    if activity["object"]["type"] == "me":
        said = "/me " + said
    if len(stanza.find_all("{jabber:client}body")) == 1 and "{http://www.w3.org/XML/1998/namespace}lang" not in str(
        stanza
    ):
        assert theirs["body"] == activity["object"].get("xmpp:fallback", "") + said
        event("body compared")
    if "xmpp:replace" in activity["object"]:
        assert theirs["replace"]["id"] == activity["object"]["xmpp:replace"]["id"]


@given(message_activities("message"))
def test_what_we_write(activity: dict[str, Any]) -> None:
    (stanza,) = xmpp.from_activity(activity, ENV)
    theirs = read(stanza)
    addresses(theirs, stanza)
    assert theirs["body"] == activity["object"]["content"]
    assert theirs["thread"] == activity.get("xmpp:thread", "")


@given(presences("plain"))
def test_presences(stanza: Element) -> None:
    (activity,) = xmpp.to_activity(stanza, ENV)
    if activity["type"] != "update" or activity["object"]["type"] != "presence":
        return
    theirs = read(stanza)
    addresses(theirs, stanza)
    shown = activity["object"]["presence"]
    if all(each.text == each.text.strip() for each in stanza.elements()):
        kinds = {"online": ("available", "away", "chat", "dnd", "xa"), "offline": ("unavailable",)}
        assert theirs["type"].strip() in kinds.get(shown, (shown,))
    if "xmpp:priority" in activity and len(stanza.find_all("{jabber:client}priority")) == 1:
        assert theirs["priority"] == activity["xmpp:priority"]


@given(presences("roster"))
def test_rosters(stanza: Element) -> None:
    (activity,) = xmpp.to_activity(stanza, ENV)
    rows = activity.get("object", {}).get("members", [])
    members = {each["id"]: each for each in rows}
    if len(members) != len(rows) or "" in members or not rows:
        return
    event("compared")
    theirs = read(stanza)["roster"]["items"]
    for jid, item in theirs.items():
        if str(jid) in members:
            assert item["name"] == members[str(jid)].get("name", "")
            assert [group for group in item["groups"] if group] == [
                group for group in members[str(jid)].get("groups", []) if group
            ]


@given(iqs("info"))
def test_discovery(stanza: Element) -> None:
    (activity,) = xmpp.to_activity(stanza, ENV)
    if "features" not in activity.get("object", {}):
        return
    theirs = read(stanza)["disco_info"]
    assert set(theirs["features"]) - {""} == set(activity["object"]["features"]) - {""}
    ours = {(each.get("category", ""), each.get("type", "")) for each in activity["object"]["identities"]}
    assert {tuple(part or "" for part in each[:2]) for each in theirs["identities"]} <= ours
