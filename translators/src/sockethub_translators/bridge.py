"""From one network to another: IRC activities as XMPP's, and back, by the names of a gateway.

A channel is a room of the gateway's domain, and who speaks there one of its occupants; anybody else is a person of that
domain (the names that IRC gateways of XMPP use: ``#room%irc.example@gateway.example``, escaped by XEP-0106)::

    >>> from sockethub_translators import bridge
    >>> gateway = bridge.Gateway("irc.example", "gateway.example")
    >>> said = {
    ...     "context": "irc",
    ...     "type": "send",
    ...     "actor": {"id": "alice@irc.example", "type": "person", "name": "alice"},
    ...     "target": {"id": "#room@irc.example", "type": "room", "name": "#room"},
    ...     "object": {"type": "message", "content": "hello"},
    ... }
    >>> across = bridge.to_xmpp(said, gateway)
    >>> across["actor"]["id"], across["target"]["id"]
    ('#room%irc.example@gateway.example/alice', '#room%irc.example@gateway.example')
    >>> bridge.to_irc(across, gateway) == said
    True

What only one network has, its extensions and residue, does not cross. Who may speak for whom is for a bridge to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .activity import Activity, Entity, pruned
from .errors import EncodeError, TranslationError
from .xmpp.jid import escape, unescape

__all__ = ["Gateway", "to_irc", "to_xmpp"]

_CROSS = ("id", "type", "published", "object")


@dataclass(frozen=True, slots=True)
class Gateway:
    """``server``: the IRC server as ids name it. ``domain``: the XMPP domain under which its names are known."""

    server: str
    domain: str


def _common(activity: Activity) -> Activity:
    """What crosses, without extensions."""
    members = {key: activity[key] for key in _CROSS if key in activity}
    crossing: Activity = pruned(members, lambda key: ":" in key)
    return crossing


def _id(entity: Any, path: str) -> str:
    text = entity.get("id") if isinstance(entity, dict) else None
    if not isinstance(text, str) or not text:
        raise TranslationError(f"{path}.id", "missing or not a string")
    return text


# --- To XMPP ----------------------------------------------------------------------------------------------------------


def to_xmpp(activity: Activity, gateway: Gateway) -> Activity:
    """An IRC activity as one of XMPP; raises :class:`TranslationError` for ids that are not of ``gateway``'s server."""
    target = activity.get("target")
    room = _local(target, gateway, "$.target") if _is_room(target) else None
    across: Activity = {"context": "xmpp", **_common(activity)}
    across["actor"] = _to_jid(activity.get("actor"), gateway, "$.actor", room)
    if target is not None:
        across["target"] = _to_jid(target, gateway, "$.target", None)
    obj = activity.get("object")
    if isinstance(obj, dict) and obj.get("type") in ("person", "room"):
        across["object"] = _to_jid(obj, gateway, "$.object", None)
    return across


def _is_room(entity: Any) -> bool:
    return isinstance(entity, dict) and entity.get("type") == "room"


def _local(entity: Any, gateway: Gateway, path: str) -> str:
    name, at, server = _id(entity, path).rpartition("@")
    if not at or not name or server != gateway.server:
        raise TranslationError(f"{path}.id", f"not a name on {gateway.server}")
    try:
        return escape(name)
    except EncodeError as error:
        raise TranslationError(f"{path}.id", str(error)) from None


def _to_jid(entity: Any, gateway: Gateway, path: str, room: str | None) -> Entity:
    if isinstance(entity, dict) and entity.get("type") == "service":
        return {"id": gateway.domain, "type": "service"}
    local = _local(entity, gateway, path)
    if _is_room(entity):
        return {"id": f"{local}%{gateway.server}@{gateway.domain}", "type": "room"}
    nick = unescape(local)
    if room is not None:
        return {"id": f"{room}%{gateway.server}@{gateway.domain}/{nick}", "type": "person", "name": nick}
    return {"id": f"{local}%{gateway.server}@{gateway.domain}", "type": "person"}


# --- To IRC -----------------------------------------------------------------------------------------------------------


def to_irc(activity: Activity, gateway: Gateway) -> Activity:
    """The inverse of :func:`to_xmpp`; reactions, which XMPP says all at once, become the one that there is."""
    across: Activity = {"context": "irc", **_common(activity)}
    across["actor"] = _to_name(activity.get("actor"), gateway, "$.actor")
    if activity.get("target") is not None:
        across["target"] = _to_name(activity["target"], gateway, "$.target")
    obj = across.get("object")
    if isinstance(obj, dict) and obj.get("type") in ("person", "room"):
        across["object"] = _to_name(obj, gateway, "$.object")
    elif isinstance(obj, dict) and obj.get("type") == "reaction" and "reactions" in obj:
        _one_reaction(across, obj)
    return across


def _one_reaction(across: Activity, obj: dict[str, Any]) -> None:
    reactions = obj.pop("reactions")
    if not isinstance(reactions, list) or len(reactions) != 1:
        raise TranslationError("$.object.reactions", "not one: what changed is for who remembers the others to say")
    across["type"] = "add"
    across["object"] = {"type": "reaction", "content": reactions[0], **{k: v for k, v in obj.items() if k != "type"}}


def _to_name(entity: Any, gateway: Gateway, path: str) -> Entity:
    jid = _id(entity, path)
    if jid == gateway.domain:
        return {"id": gateway.server, "type": "service"}
    bare, slash, nick = jid.partition("/")
    local = bare.removesuffix(f"%{gateway.server}@{gateway.domain}")
    if local == bare or not local:
        raise TranslationError(f"{path}.id", f"not a name of the gateway {gateway.domain}")
    if slash:
        return {"id": f"{nick}@{gateway.server}", "type": "person", "name": nick}
    name = unescape(local)
    return {"id": f"{name}@{gateway.server}", "type": "room" if _is_room(entity) else "person", "name": name}
