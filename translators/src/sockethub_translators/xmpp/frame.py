"""What every stanza has in common: from, to, id, the time (RFC 6120 §8.1, XEP-0203).

:func:`frame` begins an activity of a stanza, :func:`address` gives the attributes of a stanza that an activity becomes.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from .. import times
from ..errors import ParseError, TranslationError
from . import ns
from .element import Element
from .entities import entity, jid_of
from .env import Activity, Entity, Env
from .fields import legal, optional_text
from .jid import parse_jid

__all__ = ["OWN", "Origin", "address", "delay", "frame"]

DELAY: Final = ns.tag(ns.DELAY, "delay")


class Origin(NamedTuple):
    """Where the stanza of an activity came from, which its form depends on.

    ``inbound``: it had a sender (``from``), so it is not what our own client writes. ``type``: the ``type`` of an IQ
    (``get``, ``set``, ``result``, ``error``); None for our own, where the verb tells. ``kept``: the activity has the
    residue of that stanza.
    """

    inbound: bool = False
    type: str | None = None
    kept: bool = False

    @property
    def new(self) -> bool:
        """Our own client says it now; there is no stanza behind it."""
        return not self.inbound and not self.kept


OWN: Final = Origin()
"""Our own side's: what a client sends."""


def frame(
    element: Element,
    env: Env,
    verb: str,
    obj: dict[str, Any] | None = None,
    *,
    actor: Entity | None = None,
    target: Entity | None = None,
    in_room: bool = False,
    with_id: bool = True,
    **more: Any,
) -> Activity:
    """An activity with this verb, from whom the stanza is, to whom it is addressed, unless told otherwise.

    A stanza without ``from`` is our own. ``in_room``: whoever is at the other end is a room or its occupant, whatever
    we know of rooms. ``with_id``: the stanza's ``id`` is the activity's, not the object's. ``more`` are extensions,
    written ``status=…`` for ``xmpp:status``; those that are None are left out.
    """
    attrs = element.attrs
    activity: Activity = {"context": "xmpp", "type": verb}
    if with_id and "id" in attrs:
        activity["id"] = attrs["id"]
    sender = attrs.get("from")
    if actor is None:
        actor = entity(env.bare, env) if sender is None else entity(sender, env, in_room=in_room)
    activity["actor"] = actor
    if target is None:
        receiver = attrs.get("to")
        if receiver is not None:
            target = entity(receiver, env, in_room=in_room and sender is None)
    if target is not None:
        activity["target"] = target
    if obj is not None:
        activity["object"] = obj
    late = None if sender is None else element.find(DELAY)
    published = None if late is None else times.normal(late.attrs.get("stamp", ""))
    if late is not None and published is not None:
        activity["published"] = published
        told = {"from": late.attrs.get("from"), "text": late.text or None}
        activity["xmpp:delay"] = {key: value for key, value in told.items() if value is not None}
    elif env.now is not None:
        activity["published"] = env.now
    for key, value in more.items():
        if value is not None:
            activity["xmpp:" + key.replace("_", "-")] = value
    return activity


def delay(activity: Activity, origin: Origin) -> Element | None:
    """The XEP-0203 element of an activity that was delayed; our own side never writes one."""
    told = activity.get("xmpp:delay")
    if not origin.inbound or not isinstance(told, dict):
        return None
    stamp = optional_text(activity, "published", "$")
    if stamp is None:
        return None
    attrs = {"stamp": stamp}
    sender = optional_text(told, "from", "$['xmpp:delay']")
    if sender is not None:
        attrs["from"] = sender
    text = optional_text(told, "text", "$['xmpp:delay']")
    return Element(DELAY, attrs, (text,) if text else ())


def _valid(jid: str) -> str:
    """A JID that a server will take (RFC 7622), as it is: the server prepares it."""
    try:
        parse_jid(jid)
    except ParseError as error:
        raise TranslationError("$.target.id", str(error)) from None
    return jid


def address(
    activity: Activity, env: Env, origin: Origin, *, to: str | None = None, with_id: bool = True
) -> dict[str, str]:
    """The attributes of the stanza: ``to`` (else the target), ``id``, and ``from`` when inbound.

    What comes in is addressed to us, however the view names the room it was said in; the residue has the exact JID.
    """
    attrs: dict[str, str] = {}
    if origin.inbound:
        attrs["from"] = jid_of(activity.get("actor"), "$.actor")
    if to is None and activity.get("target") is not None:
        to = jid_of(activity["target"], "$.target")
    if to is not None:
        attrs["to"] = to if origin.inbound else _valid(to)
    id_ = activity.get("id") if with_id else None
    if id_ is not None:
        if not isinstance(id_, str):
            raise TranslationError("$.id", "not a string")
        attrs["id"] = legal(id_, "$.id")
    return attrs
