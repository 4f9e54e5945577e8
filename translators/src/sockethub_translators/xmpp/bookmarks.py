"""Rooms to come back to (XEP-0402), kept in our own account's PubSub node (XEP-0060, XEP-0223).

``add`` and ``remove`` have the room as target and an object ``bookmark`` with ``name``, ``autojoin``, ``nick`` and
``password``; ``query`` is answered by ``rooms``, each with those members. Older bookmarks are in :mod:`.private`.
"""

from __future__ import annotations

from typing import Any, Final

from . import ns
from .element import Element, element
from .entities import jid_of, room
from .env import Activity, Env
from .fields import child, flag, items, optional_text
from .forms import FORM, field
from .frame import Origin, frame
from .iq import asks, iq, single

__all__ = ["CONFERENCE", "PUBSUB", "get_bookmarks", "put_add", "put_query", "put_remove", "read", "write"]

PUBSUB: Final = ns.tag(ns.PUBSUB, "pubsub")
_ITEMS: Final = ns.tag(ns.PUBSUB, "items")
_ITEM: Final = ns.tag(ns.PUBSUB, "item")
_PUBLISH: Final = ns.tag(ns.PUBSUB, "publish")
_RETRACT: Final = ns.tag(ns.PUBSUB, "retract")
_OPTIONS: Final = ns.tag(ns.PUBSUB, "publish-options")
CONFERENCE: Final = ns.tag(ns.BOOKMARKS, "conference")

_PRIVATE: Final = (
    ("pubsub#persist_items", "true"),
    ("pubsub#max_items", "max"),
    ("pubsub#send_last_published_item", "never"),
    ("pubsub#access_model", "whitelist"),
)
"""How the node must be set up so that nobody else reads it, and no item is lost (XEP-0402 §3.3)."""


def get_bookmarks(stanza: Element, env: Env) -> Activity | None:
    pubsub = single(stanza, "get", "set", "result")
    if pubsub is None:
        return None
    for name, read in ((_ITEMS, _get_query), (_PUBLISH, _get_add), (_RETRACT, _get_remove)):
        node = pubsub.find(name)
        if node is not None and node.attrs.get("node") == ns.BOOKMARKS:
            return read(stanza, node, env)
    return None


def _get_query(stanza: Element, node: Element, env: Env) -> Activity | None:
    if stanza.attrs["type"] == "set":
        return None
    obj: dict[str, Any] = {"type": "bookmark"}
    if stanza.attrs["type"] == "result":
        rows = [(item, item.find(CONFERENCE)) for item in node.find_all(_ITEM)]
        obj["rooms"] = [
            {**room(item.attrs.get("id", "")), **read(conference)}
            for item, conference in rows
            if conference is not None
        ]
    elif node.children:
        return None
    return frame(stanza, env, "query", obj)


def read(conference: Element) -> dict[str, Any]:
    """What is remembered of a room, in the namespace of the one XEP or the other."""
    found = {
        "name": conference.attrs.get("name"),
        "autojoin": True if conference.attrs.get("autojoin") in ("true", "1") else None,
        "nick": conference.text_of(ns.tag(conference.namespace, "nick")),
        "password": conference.text_of(ns.tag(conference.namespace, "password")),
    }
    return {key: value for key, value in found.items() if value is not None}


def write(about: dict[str, Any], path: str, namespace: str = ns.BOOKMARKS, jid: str | None = None) -> Element:
    """The inverse of :func:`read`; raises :class:`TranslationError`. XEP-0048 has its own namespace, and the JID."""
    parts = [(local, optional_text(about, local, path)) for local in ("nick", "password")]
    return element(
        ns.tag(namespace, "conference"),
        {
            "jid": jid,
            "name": optional_text(about, "name", path),
            "autojoin": "true" if flag(about, "autojoin") else None,
        },
        *(element(ns.tag(namespace, local), None, value) for local, value in parts if value is not None),
    )


def _write(jid: str, about: dict[str, Any], path: str) -> Element:
    return element(_ITEM, {"id": jid or None}, write(about, path))


def _get_add(stanza: Element, node: Element, env: Env) -> Activity | None:
    item = node.find(_ITEM)
    conference = None if item is None else item.find(CONFERENCE)
    if item is None or conference is None or stanza.attrs["type"] != "set" or len(node.find_all(_ITEM)) != 1:
        return None
    return frame(stanza, env, "add", {"type": "bookmark", **read(conference)}, target=room(item.attrs.get("id", "")))


def _get_remove(stanza: Element, node: Element, env: Env) -> Activity | None:
    found = node.find_all(_ITEM)
    if len(found) != 1 or stanza.attrs["type"] != "set":
        return None
    return frame(stanza, env, "remove", {"type": "bookmark"}, target=room(found[0].attrs.get("id", "")))


def _iq(activity: Activity, env: Env, origin: Origin, kind: str, *parts: Element) -> Element:
    is_query = activity["type"] == "query"
    us = env.jid if origin.inbound and not is_query else None
    own = not is_query or activity.get("target") is None
    return iq(activity, env, origin, element(PUBSUB, None, *parts), kind=kind, to=us, own=own)


def put_query(activity: Activity, env: Env, origin: Origin) -> Element:
    rows: list[Element] = []
    if not asks(origin):
        path = "$.object.rooms"
        rows = [_write(jid_of(each, path), each, path) for each in items(activity.get("object"), "rooms", "$.object")]
    return _iq(activity, env, origin, "get", element(_ITEMS, {"node": ns.BOOKMARKS}, *rows))


def put_add(activity: Activity, env: Env, origin: Origin) -> Element:
    jid = jid_of(activity.get("target"), "$.target")
    item = _write(jid, child(activity, "object", "$"), "$.object")
    options = element(
        FORM,
        {"type": "submit"},
        field("FORM_TYPE", "http://jabber.org/protocol/pubsub#publish-options", kind="hidden"),
        *(field(var, value) for var, value in _PRIVATE),
    )
    publish = element(_PUBLISH, {"node": ns.BOOKMARKS}, item)
    return _iq(activity, env, origin, "set", publish, element(_OPTIONS, None, options))


def put_remove(activity: Activity, env: Env, origin: Origin) -> Element:
    jid = jid_of(activity.get("target"), "$.target")
    item = element(_ITEM, {"id": jid or None})
    return _iq(activity, env, origin, "set", element(_RETRACT, {"node": ns.BOOKMARKS, "notify": "true"}, item))
