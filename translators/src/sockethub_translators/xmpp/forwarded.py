"""Stanzas inside stanzas: carbons (XEP-0280) and archive results (XEP-0313), both by XEP-0297.

The inner message's activity is given, and says how it came: ``xmpp:carbon`` is ``sent`` or ``received``;
``xmpp:archive`` is ``{"id", "queryid"?, "stamp"?}``, where the stamp is the archive's if the message had a time of its
own. Only our own account may send carbons, and only our own account or a room its archive (CVE-2017-5589): any other
such stanza means nothing.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from .. import times
from . import ns
from .element import Element, element
from .entities import jid_of, split
from .env import Activity, Env
from .fields import child, optional_text, text
from .frame import DELAY

__all__ = ["Inner", "is_marked", "is_wrapper", "mark", "unwrap", "wrap"]

_SENT: Final = ns.tag(ns.CARBONS, "sent")
_RECEIVED: Final = ns.tag(ns.CARBONS, "received")
_RESULT: Final = ns.tag(ns.MAM, "result")
_FORWARDED: Final = ns.tag(ns.FORWARD, "forwarded")
_WRAPPERS: Final = frozenset({_RESULT, _SENT, _RECEIVED})


class Inner(NamedTuple):
    """What was forwarded; ``stanza`` is None where it must not be believed, or is nothing we know."""

    stanza: Element | None
    wrapper: Element
    stamp: str | None = None


def is_wrapper(stanza: Element) -> bool:
    """Whether the stanza forwards another."""
    if stanza.name == ns.MESSAGE:
        for child in stanza.children:
            if not isinstance(child, str) and child.name in _WRAPPERS:
                return True
    return False


def unwrap(stanza: Element, env: Env) -> Inner | None:
    """The forwarded stanza; None where the stanza forwards none."""
    if stanza.name != ns.MESSAGE:
        return None
    wrapper = next((child for child in stanza.elements() if child.name in _WRAPPERS), None)
    if wrapper is None:
        return None
    forwarded = wrapper.find(_FORWARDED)
    inner = None if forwarded is None else forwarded.find(ns.MESSAGE)
    if forwarded is None or inner is None or is_wrapper(inner) or not _is_trusted(stanza, wrapper, inner, env):
        return Inner(None, wrapper)
    late = forwarded.find(DELAY)
    return Inner(inner, wrapper, None if late is None else times.normal(late.attrs.get("stamp", "")))


def _is_trusted(stanza: Element, wrapper: Element, inner: Element, env: Env) -> bool:
    sender = stanza.attrs.get("from", env.bare)
    if "from" not in inner.attrs:
        return False
    if sender == env.bare:
        return True
    return wrapper.name == _RESULT and wrapper.attrs.get("id") != "" and sender == split(inner.attrs["from"])[0]


def mark(view: Activity, inner: Inner) -> Activity | None:
    """The view of the inner stanza, saying how it came."""
    wrapper = inner.wrapper
    if wrapper.name != _RESULT:
        return {**view, "xmpp:carbon": wrapper.local}
    if not wrapper.attrs.get("id"):
        return None
    archive = {key: wrapper.attrs[key] for key in ("id", "queryid") if key in wrapper.attrs}
    if inner.stamp is not None and "xmpp:delay" in view:
        archive["stamp"] = inner.stamp
    elif inner.stamp is not None:
        view = {**view, "published": inner.stamp}
    return {**view, "xmpp:archive": archive}


def is_marked(activity: Activity) -> bool:
    return "xmpp:carbon" in activity or "xmpp:archive" in activity


def wrap(inner: Element, activity: Activity, env: Env) -> Element:
    """The stanza that forwards ``inner``; raises :class:`TranslationError`."""
    if "xmpp:archive" not in activity:
        name = _SENT if activity["xmpp:carbon"] == "sent" else _RECEIVED
        return _wrapped(env.bare, env, element(name, None, element(_FORWARDED, None, inner)))
    path = "$['xmpp:archive']"
    archive: dict[str, Any] = child(activity, "xmpp:archive", "$")
    stamp = optional_text(archive, "stamp", path)
    if stamp is None:
        stamp = optional_text(activity, "published", "$")
    late = None if stamp is None else Element(DELAY, {"stamp": stamp})
    attrs = {"queryid": optional_text(archive, "queryid", path), "id": text(archive, "id", path)}
    target = activity.get("target")
    in_room = isinstance(target, dict) and target.get("type") == "room"
    keeper = split(jid_of(target, "$.target"))[0] if in_room else env.bare
    return _wrapped(keeper, env, element(_RESULT, attrs, element(_FORWARDED, None, late, inner)))


def _wrapped(keeper: str, env: Env, wrapper: Element) -> Element:
    return Element(ns.MESSAGE, {"from": keeper, "to": env.jid}, (wrapper,))
