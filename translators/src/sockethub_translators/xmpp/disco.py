"""Service discovery (XEP-0030): what an entity is and can do, and what there is in it.

``query`` of ``room-info`` is disco#info. Its answer has ``features``, ``identities`` and what the room's form says
(XEP-0045 §6.4, XEP-0128): ``roominfo`` and ``roomconfig`` by the names of the fields without their prefix, ``custom``
for all others; the exact forms stand in ``xmpp:forms``, and those are what is written.

``query`` of ``attendance`` or ``room-list`` is disco#items, of a room (its occupants) or of a service (its rooms).
"""

from __future__ import annotations

from typing import Any, Final

from ..errors import TranslationError
from . import ns
from .element import XML_LANG, Element, element
from .env import Activity, Env
from .fields import child, items, legal, optional_text, text
from .forms import FORM, form_type, named, read_form, write_form
from .frame import Origin, frame
from .iq import asks, iq, members_of, single

__all__ = ["get_info", "get_items", "put_info", "put_items"]

INFO: Final = ns.tag(ns.DISCO_INFO, "query")
ITEMS: Final = ns.tag(ns.DISCO_ITEMS, "query")
_FEATURE: Final = ns.tag(ns.DISCO_INFO, "feature")
_IDENTITY: Final = ns.tag(ns.DISCO_INFO, "identity")
_ITEM: Final = ns.tag(ns.DISCO_ITEMS, "item")

_PREFIXES: Final = ("muc#roominfo_", "muc#roomconfig_")
_NODE: Final = "xmpp:node"


def get_info(stanza: Element, env: Env) -> Activity | None:
    query = single(stanza, "get", "result")
    if query is None:
        return None
    obj: dict[str, Any] = {"type": "room-info"}
    if "node" in query.attrs:
        obj[_NODE] = query.attrs["node"]
    if stanza.attrs["type"] == "result":
        obj["features"] = [each.attrs.get("var", "") for each in query.find_all(_FEATURE)]
        obj["identities"] = [_identity(each) for each in query.find_all(_IDENTITY)]
        forms = [read_form(each) for each in query.find_all(FORM)]
        if forms:
            obj.update(_by_name(forms))
            obj["xmpp:forms"] = forms
    asked = stanza.attrs.get("to" if "from" not in stanza.attrs else "from", "")
    conference = any(each.get("category") == "conference" for each in obj.get("identities", []))
    in_room = "@" in asked.partition("/")[0] and (conference or stanza.attrs["type"] == "get")
    return frame(stanza, env, "query", obj, in_room=in_room)


def _identity(one: Element) -> dict[str, str]:
    found = {key: one.attrs.get(key) for key in ("category", "type", "name")}
    return {key: value for key, value in {**found, "lang": one.attrs.get(XML_LANG)}.items() if value is not None}


def _by_name(forms: list[dict[str, Any]]) -> dict[str, Any]:
    about: dict[str, Any] = {}
    rooms = [each for each in forms if form_type(each) == "http://jabber.org/protocol/muc#roominfo"]
    fields = [field for form in rooms for field in form["fields"] if field.get("var") not in (None, "FORM_TYPE")]
    for prefix, key in zip(_PREFIXES, ("roominfo", "roomconfig"), strict=True):
        found = named(fields, prefix)
        if found:
            about[key] = found
    custom = named([each for each in fields if not each["var"].startswith(_PREFIXES)], "")
    if custom:
        about["custom"] = custom
    return about


def put_info(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    parts: list[Element] = []
    if not asks(origin):
        parts += [_write_identity(each) for each in items(obj, "identities", "$.object")]
        parts += [Element(_FEATURE, {"var": each}) for each in _features(obj)]
        parts += [
            write_form(each, f"$.object['xmpp:forms'][{n}]")
            for n, each in enumerate(items(obj, "xmpp:forms", "$.object"))
        ]
    query = element(INFO, {"node": optional_text(obj, _NODE, "$.object")}, *parts)
    return iq(activity, env, origin, query, kind="get")


def _write_identity(one: dict[str, Any]) -> Element:
    path = "$.object.identities"
    attrs = {key: optional_text(one, key, path) for key in ("category", "type", "name")}
    return element(_IDENTITY, {**attrs, XML_LANG: optional_text(one, "lang", path)})


def _features(obj: dict[str, Any]) -> list[str]:
    features = obj.get("features", [])
    if not isinstance(features, list) or not all(isinstance(each, str) for each in features):
        raise TranslationError("$.object.features", "not a list of strings")
    return [legal(each, "$.object.features") for each in features]


def get_items(stanza: Element, env: Env) -> Activity | None:
    query = single(stanza, "get", "result")
    if query is None:
        return None
    asked = stanza.attrs.get("to" if stanza.attrs["type"] == "get" else "from", "")
    in_room = "@" in asked.partition("/")[0]
    obj: dict[str, Any] = {"type": "attendance" if in_room else "room-list"}
    if "node" in query.attrs:
        obj[_NODE] = query.attrs["node"]
    if stanza.attrs["type"] == "result":
        read = _read_member if in_room else _read_room
        obj["members" if in_room else "rooms"] = [read(each) for each in query.find_all(_ITEM)]
    return frame(stanza, env, "query", obj, in_room=in_room)


def _read_member(item: Element) -> dict[str, str]:
    jid = item.attrs.get("jid", "")
    name = item.attrs.get("name", jid.partition("/")[2])
    return {"id": jid, "type": "person", **({"name": name} if name else {}), **_node(item)}


def _read_room(item: Element) -> dict[str, str]:
    jid = item.attrs.get("jid", "")
    kind = {"type": "room"} if "@" in jid else {"type": "service"}
    return {"id": jid, **kind, **({"name": item.attrs["name"]} if "name" in item.attrs else {}), **_node(item)}


def _node(item: Element) -> dict[str, str]:
    return {_NODE: item.attrs["node"]} if "node" in item.attrs else {}


def put_items(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    in_room = obj["type"] == "attendance"
    parts: list[Element] = []
    if not asks(origin):
        key = "members" if in_room else "rooms"
        members = members_of(obj) if in_room else items(obj, "rooms", "$.object")
        parts = [_write_item(each, f"$.object.{key}[{n}]", in_room) for n, each in enumerate(members)]
    elif activity.get("target") is None:
        raise TranslationError("$.target", "missing: a room, or the service whose rooms to list")
    query = element(ITEMS, {"node": optional_text(obj, _NODE, "$.object")}, *parts)
    return iq(activity, env, origin, query, kind="get")


def _write_item(one: dict[str, Any], path: str, in_room: bool) -> Element:
    jid = text(one, "id", path)
    name = optional_text(one, "name", path)
    if in_room and name == jid.partition("/")[2]:
        name = None
    return element(_ITEM, {"jid": jid or None, "name": name, "node": optional_text(one, _NODE, path)})
