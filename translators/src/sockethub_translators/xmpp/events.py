"""What contacts and our own account publish (XEP-0163): nicknames (XEP-0172), avatars (XEP-0084), bookmarks (XEP-0402),
and how far our other devices have read (XEP-0490).

``update`` of a ``profile`` with ``name``, or with ``icon``, which has ``id``, ``mediaType``, ``size``, ``width``,
``height``, ``url``, and is null when the avatar was taken away; ``add`` and ``remove`` of a ``bookmark``; ``update`` of
a ``marker`` of the conversation that is the target. ``xmpp:event`` is the item's id: only servers send these.

Anybody may publish nodes of these names, and servers deliver them: bookmarks and markers are believed from our own
account only (XEP-0223), or a contact could have us join rooms and forget what we have not read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..errors import TranslationError
from . import bookmarks, ns
from .element import Element, element, whole
from .entities import entity, jid_of, room
from .env import Activity, Env
from .fields import child, number, optional_text, text
from .frame import Origin, address, delay, frame

__all__ = ["EVENT", "NICK", "get_event", "is_event", "put_event"]

EVENT: Final = ns.tag(ns.PUBSUB_EVENT, "event")
_ITEMS: Final = ns.tag(ns.PUBSUB_EVENT, "items")
_ITEM: Final = ns.tag(ns.PUBSUB_EVENT, "item")
_RETRACT: Final = ns.tag(ns.PUBSUB_EVENT, "retract")

_NICK_NODE: Final = "http://jabber.org/protocol/nick"
NICK: Final = ns.tag(_NICK_NODE, "nick")
_AVATAR_NODE: Final = "urn:xmpp:avatar:metadata"
_METADATA: Final = ns.tag(_AVATAR_NODE, "metadata")
_INFO: Final = ns.tag(_AVATAR_NODE, "info")
_DISPLAYED: Final = ns.tag(ns.MDS, "displayed")
_STANZA_ID: Final = ns.tag(ns.SID, "stanza-id")

_ID: Final = "xmpp:event"
_TEXTS: Final = (("id", "id"), ("mediaType", "type"), ("url", "url"))
_NUMBERS: Final = (("size", "bytes"), ("width", "width"), ("height", "height"))

_PRIVATE: Final = frozenset({ns.BOOKMARKS, ns.MDS})
"""Nodes that only we ourselves may publish to."""


def is_event(activity: Activity) -> bool:
    return _ID in activity


def get_event(stanza: Element, env: Env) -> Activity | None:
    """The reader of PubSub events; None for nodes that mean nothing here, and for several items at once."""
    event = stanza.find(EVENT)
    items = None if event is None else event.find(_ITEMS)
    found = [] if items is None else list(items.elements())
    if items is None or len(found) != 1 or "from" not in stanza.attrs:
        return None
    node = items.attrs.get("node", "")
    if node in _PRIVATE and stanza.attrs["from"] != env.bare:
        return None
    read = _READ.get(node) if found[0].name == _ITEM or node == ns.BOOKMARKS else None
    activity = None if read is None else read(stanza, found[0], env)
    if activity is None or not isinstance(found[0].attrs.get("id"), str):
        return None
    activity[_ID] = found[0].attrs["id"]
    return activity


def _get_nick(stanza: Element, item: Element, env: Env) -> Activity | None:
    name = item.text_of(NICK)
    return None if name is None else frame(stanza, env, "update", {"type": "profile", "name": name})


def _get_avatar(stanza: Element, item: Element, env: Env) -> Activity | None:
    metadata = item.find(_METADATA)
    if metadata is None:
        return None
    info = metadata.find(_INFO)
    icon: dict[str, Any] | None = None
    if info is not None:
        icon = {key: info.attrs[attr] for key, attr in _TEXTS if attr in info.attrs}
        for key, attr in _NUMBERS:
            value = whole(info.attrs.get(attr))
            if value is not None:
                icon[key] = value
    return frame(stanza, env, "update", {"type": "profile", "icon": icon})


def _get_bookmark(stanza: Element, item: Element, env: Env) -> Activity | None:
    place = item.attrs.get("id", "")
    if item.name == _RETRACT:
        return frame(stanza, env, "remove", {"type": "bookmark"}, target=room(place))
    conference = item.find(bookmarks.CONFERENCE)
    if conference is None:
        return None
    return frame(stanza, env, "add", {"type": "bookmark", **bookmarks.read(conference)}, target=room(place))


def _get_displayed(stanza: Element, item: Element, env: Env) -> Activity | None:
    displayed = item.find(_DISPLAYED)
    stanza_id = None if displayed is None else displayed.find(_STANZA_ID)
    if stanza_id is None or not stanza_id.attrs.get("id"):
        return None
    obj = {"type": "marker", "inReplyTo": {"type": "message", "id": stanza_id.attrs["id"]}}
    if "by" in stanza_id.attrs:
        obj["xmpp:stanza-id-by"] = stanza_id.attrs["by"]
    return frame(stanza, env, "update", obj, target=entity(item.attrs.get("id", ""), env))


_READ: Final[dict[str, Callable[[Element, Element, Env], Activity | None]]] = {
    _AVATAR_NODE: _get_avatar,
    _NICK_NODE: _get_nick,
    ns.BOOKMARKS: _get_bookmark,
    ns.MDS: _get_displayed,
}


def put_event(activity: Activity, env: Env, origin: Origin) -> Element:
    if not origin.inbound:
        raise TranslationError(f"$['{_ID}']", "only servers say what was published")
    id_ = text(activity, _ID, "$")
    node, item = _write(activity, child(activity, "object", "$"), id_)
    event = element(EVENT, None, element(_ITEMS, {"node": node}, item))
    told = {key: value for key, value in activity.items() if key != "target"}
    concerns_us = activity["type"] != "update" or activity["object"]["type"] == "marker"
    attrs = address(told if concerns_us else activity, env, origin, to=env.jid if concerns_us else None)
    return element(ns.MESSAGE, attrs, event, delay(activity, origin))


def _write(activity: Activity, obj: dict[str, Any], id_: str) -> tuple[str, Element]:
    """The node, and its item."""
    if obj["type"] == "bookmark":
        place = jid_of(activity.get("target"), "$.target")
        if activity["type"] == "remove":
            return ns.BOOKMARKS, element(_RETRACT, {"id": place})
        return ns.BOOKMARKS, element(_ITEM, {"id": place}, bookmarks.write(obj, "$.object"))
    if obj["type"] == "marker":
        about = text(child(obj, "inReplyTo", "$.object"), "id", "$.object.inReplyTo")
        by = optional_text(obj, "xmpp:stanza-id-by", "$.object")
        stanza_id = element(_STANZA_ID, {"id": about, "by": by})
        chat = jid_of(activity.get("target"), "$.target")
        return ns.MDS, element(_ITEM, {"id": chat}, element(_DISPLAYED, None, stanza_id))
    if "name" in obj:
        return _NICK_NODE, element(_ITEM, {"id": id_}, element(NICK, None, text(obj, "name", "$.object")))
    info = None if obj.get("icon") is None else _write_info(child(obj, "icon", "$.object"))
    return _AVATAR_NODE, element(_ITEM, {"id": id_}, element(_METADATA, None, info))


def _write_info(icon: dict[str, Any]) -> Element:
    path = "$.object.icon"
    attrs = {attr: optional_text(icon, key, path) for key, attr in _TEXTS}
    numbers = {attr: number(icon, key, path) for key, attr in _NUMBERS}
    return element(_INFO, {**attrs, **{key: None if value is None else str(value) for key, value in numbers.items()}})
