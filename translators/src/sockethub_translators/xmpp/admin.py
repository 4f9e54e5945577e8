"""Roles and affiliations that moderators and owners give (XEP-0045 §8.4, §9, §10).

``add`` and ``remove`` of a ``relationship`` to the person who is the target, as on IRC: the ``object`` inside is the
room, ``relationship`` is ``role`` or ``affiliation``, and ``subject`` says which. Removing a role gives the next lower
one, removing an affiliation gives none. ``query`` of a ``relationship`` asks a room who has it. ``leave`` of somebody
else, with ``xmpp:by``, throws them out.
"""

from __future__ import annotations

from typing import Any, Final

from ..errors import TranslationError
from . import muc, ns, roster
from .element import Element, element
from .entities import jid_of, occupant, person, room, split
from .env import Activity, Env
from .fields import child, optional_text, token
from .frame import Origin, frame
from .iq import asks, iq, members_of, single
from .roles import AFFILIATIONS

__all__ = ["QUERY", "get_admin", "put_leave", "put_query", "put_relationship"]

QUERY: Final = ns.tag(ns.MUC_ADMIN, "query")
_ITEM: Final = ns.tag(ns.MUC_ADMIN, "item")
_REASON: Final = ns.tag(ns.MUC_ADMIN, "reason")

_SEEN: Final = {"moderator": "admin", "participant": "participant", "visitor": "member"}
_GIVEN: Final = {"owner": "moderator", "admin": "moderator", "participant": "participant", "member": "visitor"}
_BELOW: Final = {"owner": "participant", "admin": "participant", "participant": "visitor"}


def get_admin(stanza: Element, env: Env) -> Activity | None:
    query = single(stanza, "get", "set", "result")
    items = [] if query is None else query.find_all(_ITEM)
    if query is None:
        return None
    if stanza.attrs["type"] == "set":
        return _get_change(stanza, items[0], env) if len(items) == 1 else None
    if stanza.attrs["type"] == "get":
        if len(items) != 1:
            return None
        asked = _relationship(items[0])
        return None if asked is None else frame(stanza, env, "query", asked, in_room=True)
    kinds = {("role" in item.attrs, "affiliation" in item.attrs) for item in items}
    if len(kinds) > 1:
        return None
    members = [_member(item, stanza.attrs.get("from", "")) for item in items]
    return frame(stanza, env, "query", {"type": "relationship", "members": members}, in_room=True)


def _relationship(item: Element) -> dict[str, Any] | None:
    affiliation, role = item.attrs.get("affiliation"), item.attrs.get("role")
    if affiliation in AFFILIATIONS and role is None:
        return {"type": "relationship", "relationship": "affiliation", "subject": _subject("affiliation", affiliation)}
    if role in _SEEN and affiliation is None:
        return {"type": "relationship", "relationship": "role", "subject": _subject("role", _SEEN[role])}
    return None


def _subject(key: str, value: str | None) -> dict[str, Any]:
    return {"type": "presence", key: value}


def _member(item: Element, place: str) -> dict[str, Any]:
    jid, nick = item.attrs.get("jid"), item.attrs.get("nick")
    found = {"role": item.attrs.get("role"), "affiliation": item.attrs.get("affiliation"), "nick": nick, "jid": jid}
    who = person(jid) if jid else {"id": f"{split(place)[0]}/{nick or ''}", "type": "person"}
    about = {f"xmpp:{key}": value for key, value in found.items() if value is not None and key != "jid"}
    reason = item.text_of(_REASON)
    return {**who, **about, **({} if reason is None else {"content": reason})}


def _get_change(stanza: Element, item: Element, env: Env) -> Activity | None:
    place = stanza.attrs.get("to" if "from" not in stanza.attrs else "from")
    nick, jid = item.attrs.get("nick"), item.attrs.get("jid")
    reason = item.text_of(_REASON)
    if place is None or (not nick) == (not jid):
        return None
    who = occupant(f"{split(place)[0]}/{nick}") if nick else person(jid or "")
    if item.attrs.get("role") == "none" and nick and "affiliation" not in item.attrs:
        said = None if reason is None else {"type": "message", "content": reason}
        by = {"id": env.bare, "type": "person"}
        return frame(stanza, env, "leave", said, actor=who, target=room(place), by=by)
    obj = _relationship(item)
    if obj is None:
        return None
    obj["object"] = room(place)
    if reason is not None:
        obj["content"] = reason
    return frame(stanza, env, "add", obj, target=who)


def put_query(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    path = "$.object.members"
    if asks(origin):
        rows = [element(_ITEM, _given(activity, obj))]
    else:
        rows = [_write_member(each, path) for each in members_of(obj)]
    return iq(activity, env, origin, element(QUERY, None, *rows), kind="get")


def _write_member(one: dict[str, Any], path: str) -> Element:
    nick = optional_text(one, "xmpp:nick", path)
    jid = jid_of(one, path)
    attrs = {
        "affiliation": optional_text(one, "xmpp:affiliation", path),
        "role": optional_text(one, "xmpp:role", path),
        "nick": nick,
        "jid": None if nick is not None and split(jid)[1] == nick else jid,
    }
    reason = optional_text(one, "content", path)
    return element(_ITEM, attrs, None if reason is None else element(_REASON, None, reason))


def _given(activity: Activity, obj: dict[str, Any]) -> dict[str, str | None]:
    """The attribute that gives, takes away, or asks for what the object says."""
    kind = token(obj, "relationship", "$.object", frozenset({"role", "affiliation"}))
    subject = child(obj, "subject", "$.object")
    path = "$.object.subject"
    if kind == "affiliation":
        wanted = token(subject, "affiliation", path, AFFILIATIONS)
        return {"affiliation": "none" if activity["type"] == "remove" else wanted}
    role = token(subject, "role", path, frozenset(_GIVEN))
    if activity["type"] == "remove":
        if role not in _BELOW:
            raise TranslationError(f"{path}.role", "there is no role below: let them leave")
        return {"role": _BELOW[role]}
    return {"role": _GIVEN[role]}


def put_relationship(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    if obj.get("relationship") == "contact":
        return roster.put_contact(activity, env, origin)
    if activity["type"] == "update":
        raise TranslationError("$.object.relationship", "not a contact: add or remove it")
    place = split(jid_of(obj.get("object"), "$.object.object"))[0]
    bare, nick = split(jid_of(activity.get("target"), "$.target"))
    who = {"nick": nick} if bare == place and nick else {"jid": jid_of(activity["target"], "$.target")}
    return _change(activity, env, origin, {**_given(activity, obj), **who}, obj, place)


def _change(
    activity: Activity, env: Env, origin: Origin, attrs: dict[str, str | None], obj: Any, place: str
) -> Element:
    reason = optional_text(obj, "content", "$.object") if isinstance(obj, dict) else None
    item = element(_ITEM, attrs, None if reason is None else element(_REASON, None, reason))
    us = env.jid if origin.inbound else place
    return iq(activity, env, origin, element(QUERY, None, item), kind="set", to=us)


def put_leave(activity: Activity, env: Env, origin: Origin) -> Element:
    """Our own, that of another occupant as the room tells, or what throws one out."""
    thrown = activity.get("xmpp:by") is not None and (origin.type is not None or not origin.inbound)
    if not thrown:
        return muc.put_leave(activity, env, origin)
    place = split(jid_of(activity.get("target"), "$.target"))[0]
    bare, nick = split(jid_of(activity.get("actor"), "$.actor"))
    if bare != place or not nick:
        raise TranslationError("$.actor.id", "not an occupant of the room")
    return _change(activity, env, origin, {"nick": nick, "role": "none"}, activity.get("object"), place)
