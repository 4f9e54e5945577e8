"""How far a message has come, and who is writing: receipts (XEP-0184), markers (XEP-0333), chat states (XEP-0085).

``update`` of a ``receipt`` (it arrived) or a ``marker`` (it was read), with ``inReplyTo`` the message, and of
``typing``, whose ``state`` is ``active``, ``paused`` or ``done`` as on IRC; the exact one is ``xmpp:chatstate``.
"""

from __future__ import annotations

from typing import Any, Final

from . import ns
from .element import Element, element
from .env import Activity, Env
from .fields import child, text, token
from .frame import Origin, delay, frame
from .notes import STATES
from .talk import conversation, envelope

__all__ = ["get_chat_state", "get_marker", "get_receipt", "put_marker", "put_receipt", "put_typing"]

_RECEIVED: Final = ns.tag(ns.RECEIPTS, "received")
_DISPLAYED: Final = ns.tag(ns.MARKERS, "displayed")

_TYPING: Final = {"composing": "active", "paused": "paused", "active": "done", "inactive": "done", "gone": "done"}
_STATES: Final = {"active": "composing", "paused": "paused", "done": "active"}


def _about(stanza: Element, name: str, kind: str, env: Env) -> Activity | None:
    found = stanza.find(name)
    if found is None or not found.attrs.get("id"):
        return None
    obj = {"type": kind, "inReplyTo": {"type": "message", "id": found.attrs["id"]}}
    told: dict[str, Any] = {"type": "normal"} if _is_normal(stanza) else {}
    return frame(stanza, env, "update", obj, **conversation(stanza, env), **told)


def _is_normal(stanza: Element) -> bool:
    return stanza.attrs.get("type", "normal") == "normal"


def get_receipt(stanza: Element, env: Env) -> Activity | None:
    return _about(stanza, _RECEIVED, "receipt", env)


def get_marker(stanza: Element, env: Env) -> Activity | None:
    return _about(stanza, _DISPLAYED, "marker", env)


def _put(activity: Activity, env: Env, origin: Origin, name: str) -> Element:
    path = "$.object.inReplyTo"
    id_ = text(child(child(activity, "object", "$"), "inReplyTo", "$.object"), "id", path)
    return element(ns.MESSAGE, envelope(activity, env, origin), Element(name, {"id": id_}), delay(activity, origin))


def put_receipt(activity: Activity, env: Env, origin: Origin) -> Element:
    return _put(activity, env, origin, _RECEIVED)


def put_marker(activity: Activity, env: Env, origin: Origin) -> Element:
    return _put(activity, env, origin, _DISPLAYED)


def get_chat_state(stanza: Element, env: Env) -> Activity | None:
    state = next((part.local for part in stanza.elements() if part.namespace == ns.CHATSTATES), None)
    if state not in STATES:
        return None
    obj = {"type": "typing", "state": _TYPING[state]}
    told: dict[str, Any] = {"type": "normal"} if _is_normal(stanza) else {}
    if _STATES[obj["state"]] != state:
        told["chatstate"] = state
    return frame(stanza, env, "update", obj, **conversation(stanza, env), **told)


def put_typing(activity: Activity, env: Env, origin: Origin) -> Element:
    state = token(child(activity, "object", "$"), "state", "$.object", frozenset(_STATES))
    exact = _STATES[state]
    if activity.get("xmpp:chatstate") is not None:
        told = token(activity, "xmpp:chatstate", "$", STATES)
        exact = told if _TYPING[told] == state else exact
    part = Element(ns.tag(ns.CHATSTATES, exact), {})
    return element(ns.MESSAGE, envelope(activity, env, origin), part, delay(activity, origin))
