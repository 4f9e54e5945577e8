"""Answers that take many stanzas: pages of an archive (XEP-0313), and who is in a room when we enter (XEP-0045 §7.2).

::

    state = Aggregator()
    state = ask(state, stanza, env)                 # for every stanza of our own
    state, activities = feed(state, stanza, env)    # for every stanza that comes, instead of to_activity
    state, activities = flush(state, env)           # when the connection ends

Messages of an archive come as one ``collection`` when the page ends. Only those belong to a page that have the id it
was asked for by, and come from whom it was asked (XEP-0313 §4.2: anybody can send such a message); all others are
given as they come, and change no page. The presences before our own, which ends the list (status 110), come as they
are, and once more together as ``attendance``. Pure: a state is a value. Bounded: so many open answers, so many entries
in each; what is beyond is dropped and the result says ``xmpp:truncated``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from ..entries import Entries, added, dropped, empty
from . import archive, ns
from .element import Element
from .entities import room, split
from .env import Activity, Env
from .translate import strip, to_activity

__all__ = ["Aggregator", "Page", "ask", "feed", "flush"]

SELF: Final = 110
"""Status code of our own presence (XEP-0045 §15.6.2)."""

Result: TypeAlias = "tuple[Aggregator, list[Activity]]"


@dataclass(frozen=True, slots=True)
class Page:
    """One that was asked for: whose archive it is of, as a bare JID, and what has come of it."""

    keeper: str
    items: Entries[Activity] = field(default_factory=Entries)


@dataclass(frozen=True, slots=True)
class Aggregator:
    """What has been collected so far: pages by the id of their question, members by room; and where we are in."""

    pages: Mapping[str, Page] = field(default_factory=empty)
    members: Mapping[str, Entries[Activity]] = field(default_factory=empty)
    inside: frozenset[str] = frozenset()


def ask(state: Aggregator, stanza: Element, env: Env) -> Aggregator:
    """Take in what we send: a question to an archive opens a page.

    Its IQ and its results have one id, as those of :func:`.translate.from_activity` have; others open none.
    """
    query = stanza.find(archive.QUERY) if stanza.name == ns.IQ and stanza.attrs.get("type") == "set" else None
    key = None if query is None else query.attrs.get("queryid")
    if key is None or key != stanza.attrs.get("id"):
        return state
    return replace(state, pages=added(state.pages, key, Page(stanza.attrs.get("to", env.bare))))


def feed(state: Aggregator, stanza: Element, env: Env) -> Result:
    """Take one stanza in; return what is complete, and what needs no completing, as activities."""
    activities = to_activity(stanza, env)
    (activity,) = activities
    archived = activity.get("xmpp:archive")
    key = activity.get("id", "") if archived is None else archived.get("queryid", "")
    page = state.pages.get(key)
    if page is not None and page.keeper == _sender(stanza, env):
        if archived is not None:
            page = replace(page, items=page.items.add([strip(activity)]))
            return replace(state, pages=added(state.pages, key, page)), []
        if stanza.attrs.get("type") == "result" and activity.get("object", {}).get("type") == "history":
            ended = _collection(key, page, activity["object"], activity["actor"], env)
            return replace(state, pages=dropped(state.pages, key)), [ended]
        if "error" in activity:
            return replace(state, pages=dropped(state.pages, key)), activities
    if activity.get("target", {}).get("type") == "room":
        return _in_room(state, activity, env)
    return state, activities


def flush(state: Aggregator, env: Env) -> Result:
    """Give out what was waiting for an end that will not come: pages, as far as they came."""
    begun = ((key, page) for key, page in state.pages.items() if len(page.items))
    return Aggregator(), [_collection(key, page, {"complete": False}, None, env) for key, page in begun]


# --- The archive ------------------------------------------------------------------------------------------------------


def _sender(stanza: Element, env: Env) -> str:
    """Who says this; our server speaks for our account (RFC 6120 §8.1.2.1)."""
    sender = stanza.attrs.get("from", env.bare)
    return env.bare if sender in (env.jid, env.bare.partition("@")[2]) else sender


def _collection(key: str, page: Page, end: Mapping[str, Any], about: Any, env: Env) -> Activity:
    """The same shape as a page of IRC's history; ``xmpp:first`` and ``xmpp:last`` are where to go on from."""
    about = about or {"id": env.bare, "type": "person"}
    collection: Activity = {
        "context": "xmpp",
        "type": "collection",
        **({"id": key} if key else {}),
        "actor": about,
        "target": {"id": env.bare, "type": "person"},
        "summary": about["id"],
        "totalItems": len(page.items),
        "items": list(page.items),
        "xmpp:complete": end.get("complete") is True,
    }
    named = (("first", "first"), ("last", "last"), ("totalItems", "count"))
    collection.update({f"xmpp:{name}": end[member] for member, name in named if member in end})
    if page.items.truncated:
        collection["xmpp:truncated"] = True
    return collection


# --- Entering a room --------------------------------------------------------------------------------------------------


def _in_room(state: Aggregator, activity: Activity, env: Env) -> Result:
    key, verb = activity["target"]["id"], activity["type"]
    if verb == "leave" and env.is_own(activity["actor"]["id"]):
        return replace(state, inside=state.inside - {key}, members=dropped(state.members, key)), [activity]
    if key in state.inside:
        return state, [activity]
    arrived = verb == "join" and SELF in activity.get("xmpp:status", [])
    present = verb == "update" and activity.get("object", {}).get("type") == "presence" and key in env.rooms
    if not arrived and not present:
        return state, [activity]
    members: Entries[Activity] = state.members.get(key, Entries())
    members = members.add([_member(activity)])
    if not arrived:
        return replace(state, members=added(state.members, key, members)), [activity]
    state = replace(state, members=dropped(state.members, key), inside=_bounded(state.inside, env) | {key})
    return state, [activity, _attendance(key, members, env)]


def _bounded(inside: frozenset[str], env: Env) -> frozenset[str]:
    """Without rooms that the connection has left in another way."""
    return frozenset(name for name in inside if name in env.rooms)


def _member(activity: Activity) -> dict[str, Any]:
    about = {key: value for key, value in activity.get("object", {}).items() if key != "type"}
    extensions = {key: activity[key] for key in _ABOUT if key in activity}
    return {**activity["actor"], **about, **extensions}


_ABOUT: Final = ("xmpp:affiliation", "xmpp:role", "xmpp:jid", "xmpp:occupant-id")


def _attendance(key: str, members: Entries[Activity], env: Env) -> Activity:
    activity: Activity = {
        "context": "xmpp",
        "type": "query",
        "actor": room(key),
        "target": {"id": split(env.jid)[0], "type": "person"},
        "object": {"type": "attendance", "members": list(members)},
    }
    if members.truncated:
        activity["xmpp:truncated"] = True
    return activity
