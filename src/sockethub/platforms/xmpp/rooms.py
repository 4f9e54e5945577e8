"""Which rooms we are in, what we are called there, and which we want to be in again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sockethub_translators import xmpp
from sockethub_translators.xmpp import disco, ns
from sockethub_translators.xmpp.element import whole

__all__ = ["CREATED", "MAX_ROOMS", "Room", "codes_of", "entering", "follow", "restored", "saved"]

MAX_ROOMS: Final = 1_000
"""Rooms remembered: memory must not grow with what a client asks for."""

CREATED: Final = 201
"""Status code: the room is new, and locked until its owner says how it shall be (XEP-0045 §10.1)."""
SELF: Final = 110
NICK_CHANGED: Final = 303

_X: Final = ns.tag(ns.MUC_USER, "x")
_STATUS: Final = ns.tag(ns.MUC_USER, "status")
_ITEM: Final = ns.tag(ns.MUC_USER, "item")
_FEATURE: Final = ns.tag(ns.DISCO_INFO, "feature")


@dataclass(frozen=True, slots=True)
class Room:
    """A room we want to be in, our nickname there, and the password that let us in."""

    jid: str
    nick: str
    password: str | None = field(default=None, repr=False)


def saved(rooms: Mapping[str, Room]) -> list[dict[str, str]]:
    """Rooms as small JSON."""
    found = []
    for room in rooms.values():
        entry = {"room": room.jid, "nick": room.nick}
        found.append(entry if room.password is None else {**entry, "password": room.password})
    return found


def restored(state: Mapping[str, Any]) -> dict[str, Room]:
    """What :func:`saved` gave, under ``joins``."""
    entries = state.get("joins", ())[:MAX_ROOMS]
    return {each["room"]: Room(each["room"], each["nick"], each.get("password")) for each in entries}


def entering(env: xmpp.Env, room: str, nick: str) -> xmpp.Env:
    """On our way into a room: our own presence there will say that we have arrived."""
    return replace(env, rooms={**env.rooms, room: nick}, inside=env.inside - {room})


def outside(env: xmpp.Env, room: str) -> xmpp.Env:
    rooms = {name: nick for name, nick in env.rooms.items() if name != room}
    return replace(env, rooms=rooms, inside=env.inside - {room}, moderated=env.moderated - {room})


def codes_of(stanza: xmpp.Element) -> frozenset[int]:
    """The status codes of a room's presence or message (XEP-0045 §15.6)."""
    x = stanza.find(_X)
    found = () if x is None else x.find_all(_STATUS)
    codes = (whole(each.attrs.get("code")) for each in found)
    return frozenset(code for code in codes if code is not None)


def follow(env: xmpp.Env, stanza: xmpp.Element) -> xmpp.Env:
    """The connection after this stanza from the server."""
    room, _, nick = stanza.attrs.get("from", "").partition("/")
    if room not in env.rooms:
        return env
    if stanza.name == ns.IQ:
        return _told(env, room, stanza)
    if stanza.name != ns.PRESENCE:
        return env
    kind = stanza.attrs.get("type")
    if kind == "error":
        return env if room in env.inside else outside(env, room)
    codes = codes_of(stanza)
    if SELF not in codes and nick != env.rooms[room]:
        return env
    if kind is None and nick:
        return replace(env, rooms={**env.rooms, room: nick}, inside=env.inside | {room})
    if kind != "unavailable":
        return env
    x = stanza.find(_X)
    item = None if x is None else x.find(_ITEM)
    new = None if item is None else item.attrs.get("nick")
    if NICK_CHANGED in codes and new:
        return replace(env, rooms={**env.rooms, room: new})
    return outside(env, room)


def _told(env: xmpp.Env, room: str, stanza: xmpp.Element) -> xmpp.Env:
    """Whether only participants may speak in a room, which its description says (XEP-0045 §15.3)."""
    query = stanza.find(disco.INFO)
    if query is None or stanza.attrs.get("type") != "result":
        return env
    moderated = any(each.attrs.get("var") == "muc_moderated" for each in query.find_all(_FEATURE))
    return replace(env, moderated=env.moderated | {room} if moderated else env.moderated - {room})
