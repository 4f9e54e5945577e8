"""Presence and subscriptions (RFC 6121 §3, §4).

``update`` of ``presence``: ``presence`` is ``online``, ``offline``, or what ``show`` says (``away``, ``chat``, ``dnd``,
``xa``), ``content`` the status, ``xmpp:priority`` the priority. ``request-friend``, ``make-friend`` and
``remove-friend`` are the subscription's; the last is ``unsubscribe``, or with ``xmpp:type`` ``unsubscribed``, which
refuses or takes back what the other had; ``xmpp:nick`` is what they call themselves (XEP-0172). In rooms see
:mod:`.muc`.
"""

from __future__ import annotations

from typing import Any, Final

from ..errors import TranslationError
from . import errors, muc, ns
from .element import Element, element, whole
from .env import Activity, Env
from .events import NICK
from .fields import child, optional_text, token
from .frame import Origin, address, delay, frame
from .show import PRIORITY, SHOWN, STATUS, read_show, write_show

__all__ = ["get_presence", "put_friend", "put_presence", "put_probe"]

PRIORITY_DIGITS: Final = 3
_VERBS: Final = {
    "subscribe": "request-friend",
    "subscribed": "make-friend",
    "unsubscribe": "remove-friend",
    "unsubscribed": "remove-friend",
}
_TYPES: Final = {"request-friend": "subscribe", "make-friend": "subscribed", "remove-friend": "unsubscribe"}


def get_presence(stanza: Element, env: Env) -> Activity | None:
    """The reader of all presences."""
    kind = stanza.attrs.get("type")
    if kind == "error":
        return errors.get_error(stanza, env)
    if kind in _VERBS:
        return _get_friend(stanza, kind, env)
    if kind == "probe":
        return frame(stanza, env, "query", {"type": "presence"})
    if kind not in (None, "unavailable"):
        return None
    activity = muc.get_presence(stanza, env)
    if activity is not None:
        return activity
    if stanza.attrs.get("to") in env.rooms:
        return None  # To a room itself, not to an occupant: it means nothing (XEP-0045 §7.2).
    return _get_update(stanza, env)


def _get_update(stanza: Element, env: Env) -> Activity:
    obj = {"type": "presence", **read_show(stanza)}
    numbers = (_priority(each.text) for each in stanza.find_all(PRIORITY))
    priority = next((number for number in numbers if number is not None), None)
    return frame(stanza, env, "update", obj, priority=priority)


def _priority(text: str) -> int | None:
    """A number from -128 to 127 (RFC 6121 §4.7.2.3)."""
    if whole(text.removeprefix("-"), PRIORITY_DIGITS) is None:
        return None
    return int(text) if -128 <= int(text) <= 127 else None


def put_presence(activity: Activity, env: Env, origin: Origin) -> Element:
    """Our own: to everybody who may know, to the target, or in a room."""
    target = activity.get("target")
    if isinstance(target, dict) and target.get("type") == "room" and "/" not in str(target.get("id")):
        return muc.put_presence(activity, env, origin)
    obj = child(activity, "object", "$")
    shown = token(obj, "presence", "$.object", SHOWN)
    attrs = {"type": "unavailable"} if shown == "offline" else {}
    priority = activity.get("xmpp:priority")
    if priority is not None and (type(priority) is not int or not -128 <= priority <= 127):
        raise TranslationError("$['xmpp:priority']", "not a whole number from -128 to 127")
    return element(
        ns.PRESENCE,
        {**attrs, **address(activity, env, origin)},
        *write_show(obj),
        None if priority is None else element(PRIORITY, None, str(priority)),
        delay(activity, origin),
    )


def put_probe(activity: Activity, env: Env, origin: Origin) -> Element:
    return element(ns.PRESENCE, {"type": "probe", **address(activity, env, origin)}, delay(activity, origin))


def _get_friend(stanza: Element, kind: str, env: Env) -> Activity:
    status = stanza.text_of(STATUS)
    obj: dict[str, Any] | None = None if status is None else {"type": "message", "content": status}
    refused = "unsubscribed" if kind == "unsubscribed" else None
    return frame(stanza, env, _VERBS[kind], obj, type=refused, nick=stanza.text_of(NICK))


def put_friend(activity: Activity, env: Env, origin: Origin) -> Element:
    if activity.get("target") is None and not origin.inbound:
        raise TranslationError("$.target", "missing: whose presence")
    kind = _TYPES[activity["type"]]
    if kind == "unsubscribe" and activity.get("xmpp:type") is not None:
        kind = token(activity, "xmpp:type", "$", frozenset({"unsubscribe", "unsubscribed"}))
    obj = activity.get("object")
    status = optional_text(obj, "content", "$.object") if isinstance(obj, dict) else None
    said = None if status is None else element(STATUS, None, status)
    nick = optional_text(activity, "xmpp:nick", "$")
    called = None if nick is None else element(NICK, None, nick)
    return element(ns.PRESENCE, {"type": kind, **address(activity, env, origin)}, said, called, delay(activity, origin))
