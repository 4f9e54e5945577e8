"""Whom a message is said to: what all messages have in common (RFC 6121 §5.2, XEP-0045 §7.4)."""

from __future__ import annotations

from typing import Any, Final

from ..errors import TranslationError
from . import ns
from .element import Element
from .entities import room
from .env import Activity, Env
from .fields import token
from .frame import Origin, address

__all__ = ["BODY", "MUC_USER", "TYPES", "conversation", "envelope"]

BODY: Final = ns.tag(ns.CLIENT, "body")
MUC_USER: Final = ns.tag(ns.MUC_USER, "x")
TYPES: Final = frozenset({"chat", "groupchat", "normal", "headline"})
_SAID: Final = TYPES - {"chat", "groupchat"}


def conversation(stanza: Element, env: Env) -> dict[str, Any]:
    """Keyword arguments for :func:`~.frame.frame`: in a room the target is the room, whoever the stanza is to."""
    attrs = stanza.attrs
    if attrs.get("type") != "groupchat":
        return {"in_room": stanza.find(MUC_USER) is not None}
    jid = attrs["from"] if "from" in attrs else attrs.get("to")
    return {"in_room": True, "target": None if jid is None else room(jid)}


def kind_of(activity: Activity, env: Env) -> str:
    """The type of the message: of a room's where the target is a room."""
    if activity.get("xmpp:type") is not None:
        return token(activity, "xmpp:type", "$", _SAID)
    target = activity.get("target")
    if isinstance(target, dict):
        is_room = target.get("type") == "room"
    else:
        is_room = isinstance(target, str) and target in env.rooms
    return "groupchat" if is_room else "chat"


def envelope(
    activity: Activity, env: Env, origin: Origin, *, with_id: bool = True, kind: str | None = None
) -> dict[str, str]:
    """The attributes of a message."""
    kind = kind_of(activity, env) if kind is None else kind
    if activity.get("target") is None and not origin.inbound:
        raise TranslationError("$.target", "missing")
    to = env.jid if kind == "groupchat" and origin.inbound else None
    attrs = address(activity, env, origin, to=to, with_id=with_id)
    return attrs if kind == "normal" else {"type": kind, **attrs}
