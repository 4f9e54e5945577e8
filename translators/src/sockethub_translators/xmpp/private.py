"""Bookmarks as they were (XEP-0048), all in one document in private storage (XEP-0049).

``query`` of a ``bookmark`` with ``xmpp:storage`` is answered by all ``rooms``; ``update`` writes all of them.
"""

from __future__ import annotations

from typing import Any, Final

from .element import Element, element
from .entities import jid_of, room
from .env import Activity, Env
from .fields import child, flag, items, optional_text
from .frame import Origin, frame
from .iq import asks, iq, single

__all__ = ["QUERY", "get_storage", "put_storage"]

QUERY: Final = "{jabber:iq:private}query"
_STORAGE: Final = "{storage:bookmarks}storage"
_CONFERENCE: Final = "{storage:bookmarks}conference"
_NICK: Final = "{storage:bookmarks}nick"
_PASSWORD: Final = "{storage:bookmarks}password"


def get_storage(stanza: Element, env: Env) -> Activity | None:
    query = single(stanza, "get", "set", "result")
    storage = None if query is None else query.find(_STORAGE)
    if storage is None:
        return None
    kind = stanza.attrs["type"]
    obj: dict[str, Any] = {"type": "bookmark"}
    if kind != "get":
        obj["rooms"] = [_read(each) for each in storage.find_all(_CONFERENCE)]
    return frame(stanza, env, "update" if kind == "set" else "query", obj, storage=True)


def _read(conference: Element) -> dict[str, Any]:
    found = {
        "name": conference.attrs.get("name"),
        "autojoin": True if conference.attrs.get("autojoin") in ("true", "1") else None,
        "nick": conference.text_of(_NICK),
        "password": conference.text_of(_PASSWORD),
    }
    about = {key: value for key, value in found.items() if value is not None}
    return {**room(conference.attrs.get("jid", "")), **about}


def _write(one: dict[str, Any], path: str) -> Element:
    nick, password = optional_text(one, "nick", path), optional_text(one, "password", path)
    return element(
        _CONFERENCE,
        {
            "jid": jid_of(one, path),
            "name": optional_text(one, "name", path),
            "autojoin": "true" if flag(one, "autojoin") else None,
        },
        None if nick is None else element(_NICK, None, nick),
        None if password is None else element(_PASSWORD, None, password),
    )


def put_storage(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    is_query = activity["type"] == "query"
    path = "$.object.rooms"
    rows = [] if is_query and asks(origin) else [_write(each, path) for each in items(obj, "rooms", "$.object")]
    query = element(QUERY, None, element(_STORAGE, None, *rows))
    own = activity.get("target") is None
    return iq(activity, env, origin, query, kind="get" if is_query else "set", own=own)
