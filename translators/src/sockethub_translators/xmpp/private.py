"""Bookmarks as they were (XEP-0048), all in one document in private storage (XEP-0049).

``query`` of a ``bookmark`` with ``xmpp:storage`` is answered by all ``rooms``; ``update`` writes all of them.
"""

from __future__ import annotations

from typing import Any, Final

from . import bookmarks, ns
from .element import Element, element
from .entities import jid_of, room
from .env import Activity, Env
from .fields import child, items
from .frame import Origin, frame
from .iq import asks, iq, single

__all__ = ["QUERY", "get_storage", "is_stored", "put_storage"]

QUERY: Final = "{jabber:iq:private}query"
_NS: Final = "storage:bookmarks"
_STORAGE: Final = ns.tag(_NS, "storage")


def get_storage(stanza: Element, env: Env) -> Activity | None:
    query = single(stanza, "get", "set", "result")
    storage = None if query is None else query.find(_STORAGE)
    if storage is None:
        return None
    kind = stanza.attrs["type"]
    obj: dict[str, Any] = {"type": "bookmark"}
    if kind != "get":
        found = storage.find_all(ns.tag(_NS, "conference"))
        obj["rooms"] = [{**room(each.attrs.get("jid", "")), **bookmarks.read(each)} for each in found]
    return frame(stanza, env, "update" if kind == "set" else "query", obj, storage=True)


def is_stored(activity: Activity) -> bool:
    """Whether it is about these, and not about bookmarks of today."""
    return activity.get("xmpp:storage") is True


def put_storage(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    is_query = activity["type"] == "query"
    path = "$.object.rooms"
    rooms = [] if is_query and asks(origin) else items(obj, "rooms", "$.object")
    rows = [bookmarks.write(each, path, _NS, jid_of(each, path)) for each in rooms]
    query = element(QUERY, None, element(_STORAGE, None, *rows))
    own = activity.get("target") is None
    return iq(activity, env, origin, query, kind="get" if is_query else "set", own=own)
