"""The roster (RFC 6121 §2): ``query`` of the ``roster``, ``update`` and ``remove`` of a contact.

A contact is ``{"id", "type": "person", "name"?, "subscription"?, "ask"?, "groups"?, "approved"?}``. One that changes is
the target, with those members in an object ``{"type": "relationship", "relationship": "contact"}``.
"""

from __future__ import annotations

from typing import Any, Final

from ..errors import TranslationError
from . import ns
from .element import Element, element
from .entities import jid_of, person, service
from .env import Activity, Entity, Env
from .fields import child, flag, legal, optional_text
from .frame import Origin, frame
from .iq import asks, iq, members_of, single

__all__ = ["QUERY", "get_roster", "put_contact", "put_roster"]

QUERY: Final = ns.tag(ns.ROSTER, "query")
_ITEM: Final = ns.tag(ns.ROSTER, "item")
_GROUP: Final = ns.tag(ns.ROSTER, "group")

_SUBSCRIPTIONS: Final = frozenset({"none", "to", "from", "both"})


def get_roster(stanza: Element, env: Env) -> Activity | None:
    query = single(stanza, "get", "set", "result")
    if query is None:
        return None
    version = query.attrs.get("ver")
    found = query.find_all(_ITEM)
    if stanza.attrs["type"] == "set":
        return _get_contact(stanza, found, version, env)
    obj: dict[str, Any] = {"type": "roster"}
    if stanza.attrs["type"] == "result":
        obj["members"] = [{**_entity(item), **_about(item)} for item in found]
    return frame(stanza, env, "query", obj, ver=version)


def _entity(item: Element) -> Entity:
    jid = item.attrs.get("jid", "")
    return person(jid) if "@" in jid else service(jid)


def _about(item: Element) -> dict[str, Any]:
    subscription, ask = item.attrs.get("subscription"), item.attrs.get("ask")
    found: dict[str, Any] = {
        "name": item.attrs.get("name"),
        "subscription": subscription if subscription in _SUBSCRIPTIONS else None,
        "ask": ask if ask == "subscribe" else None,
        "approved": True if item.attrs.get("approved") in ("true", "1") else None,
        "groups": [group.text for group in item.find_all(_GROUP)] or None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _get_contact(stanza: Element, found: list[Element], version: str | None, env: Env) -> Activity | None:
    if len(found) != 1:
        return None
    (item,) = found
    obj = {"type": "relationship", "relationship": "contact", **_about(item)}
    verb = "remove" if item.attrs.get("subscription") == "remove" else "update"
    return frame(stanza, env, verb, obj, target=_entity(item), ver=version)


def _write_item(jid: str, about: dict[str, Any], path: str, *, remove: bool = False) -> Element:
    groups = about.get("groups", [])
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        raise TranslationError(f"{path}.groups", "not a list of strings")
    attrs = {
        "jid": jid or None,
        "name": optional_text(about, "name", path),
        "subscription": "remove" if remove else optional_text(about, "subscription", path),
        "ask": optional_text(about, "ask", path),
        "approved": "true" if flag(about, "approved") else None,
    }
    return element(_ITEM, attrs, *(element(_GROUP, None, legal(group, f"{path}.groups")) for group in groups))


def put_roster(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    path = "$.object.members"
    rows = [] if asks(origin) else [_write_item(jid_of(each, path), each, path) for each in members_of(obj)]
    query = element(QUERY, {"ver": optional_text(activity, "xmpp:ver", "$")}, *rows)
    return iq(activity, env, origin, query, kind="get", own=activity.get("target") is None)


def put_contact(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    jid = jid_of(activity.get("target"), "$.target")
    item = _write_item(jid, obj, "$.object", remove=activity["type"] == "remove")
    query = element(QUERY, {"ver": optional_text(activity, "xmpp:ver", "$")}, item)
    us = env.jid if origin.inbound else None
    return iq(activity, env, origin, query, kind="set", to=us, own=True)
