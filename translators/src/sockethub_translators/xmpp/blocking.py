"""The block list (XEP-0191): ``block`` a person, ``undo`` it, ``query`` who is blocked.

One person is the target; several, or none, are the ``members`` of an object of type ``blocklist``. ``undo`` with no
members unblocks everybody, which the XEP allows, and must be said in so many words: ``"members": []``.
"""

from __future__ import annotations

from typing import Any, Final

from ..errors import TranslationError
from . import ns
from .element import Element, element
from .entities import jid_of, person, service
from .env import Activity, Entity, Env
from .frame import Origin, frame
from .iq import asks, iq, members_of, single

__all__ = ["BLOCK", "LIST", "UNBLOCK", "get_block", "get_list", "put_block", "put_list"]

BLOCK: Final = ns.tag(ns.BLOCKING, "block")
UNBLOCK: Final = ns.tag(ns.BLOCKING, "unblock")
LIST: Final = ns.tag(ns.BLOCKING, "blocklist")
_ITEM: Final = ns.tag(ns.BLOCKING, "item")


def _entity(item: Element) -> Entity:
    jid = item.attrs.get("jid", "")
    return person(jid) if "@" in jid else service(jid)


def get_block(stanza: Element, env: Env) -> Activity | None:
    payload = single(stanza, "set")
    if payload is None:
        return None
    members = [_entity(item) for item in payload.find_all(_ITEM)]
    verb = "block" if payload.name == BLOCK else "undo"
    if len(members) == 1:
        return frame(stanza, env, verb, {"type": "blocklist"}, target=members[0])
    if not members and verb == "block":
        return None
    return frame(stanza, env, verb, {"type": "blocklist", "members": members})


def put_block(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = activity.get("object")
    if isinstance(obj, dict) and "members" in obj:
        members: list[Any] = members_of(obj)
    elif activity.get("target") is not None:
        members = [activity["target"]]
    else:
        raise TranslationError("$.target", "missing: whom to block or unblock")
    name = BLOCK if activity["type"] == "block" else UNBLOCK
    if not members and name == BLOCK:
        raise TranslationError("$.object.members", "empty: whom to block")
    payload = element(name, None, *(Element(_ITEM, {"jid": jid_of(each, "$.target")}) for each in members))
    is_target = not (isinstance(obj, dict) and "members" in obj)
    us = env.jid if origin.inbound and is_target else None
    return iq(activity, env, origin, payload, kind="set", to=us, own=is_target or activity.get("target") is None)


def get_list(stanza: Element, env: Env) -> Activity | None:
    payload = single(stanza, "get", "result")
    if payload is None:
        return None
    obj: dict[str, Any] = {"type": "blocklist"}
    if stanza.attrs["type"] == "result":
        obj["members"] = [_entity(item) for item in payload.find_all(_ITEM)]
    return frame(stanza, env, "query", obj)


def put_list(activity: Activity, env: Env, origin: Origin) -> Element:
    members = [] if asks(origin) else members_of(activity.get("object"))
    payload = element(LIST, None, *(Element(_ITEM, {"jid": jid_of(each, "$.object.members")}) for each in members))
    return iq(activity, env, origin, payload, kind="get", own=activity.get("target") is None)
