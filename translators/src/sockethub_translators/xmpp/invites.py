"""Invitations: through the room (XEP-0045 §7.8.2), or past it (XEP-0249, ``xmpp:direct``).

``invite`` to the room that is the target, of the person who is the object; with ``xmpp:reason``, ``xmpp:password`` and,
past the room, ``xmpp:thread``, the conversation that goes on there.
"""

from __future__ import annotations

from typing import Any, Final

from . import ns
from .element import Element, element
from .entities import entity, jid_of, person, room
from .env import Activity, Env
from .fields import flag, optional_text
from .frame import Origin, address, delay, frame
from .talk import MUC_USER

__all__ = ["CONFERENCE", "get_invite", "put_invite"]

_INVITE: Final = ns.tag(ns.MUC_USER, "invite")
_REASON: Final = ns.tag(ns.MUC_USER, "reason")
_PASSWORD: Final = ns.tag(ns.MUC_USER, "password")
CONFERENCE: Final = ns.tag(ns.CONFERENCE, "x")


def get_invite(stanza: Element, env: Env) -> Activity | None:
    x = stanza.find(MUC_USER)
    if x is not None and len(x.find_all(_INVITE)) == 1:
        return _mediated(stanza, x, x.find_all(_INVITE)[0], env)
    conference = stanza.find(CONFERENCE)
    if x is None and conference is not None and conference.attrs.get("jid"):
        return _direct(stanza, conference, env)
    return None


def _mediated(stanza: Element, x: Element, invite: Element, env: Env) -> Activity | None:
    told: dict[str, Any] = {"reason": invite.text_of(_REASON), "password": x.text_of(_PASSWORD)}
    sender = stanza.attrs.get("from")
    if sender is None:
        if not stanza.attrs.get("to") or not invite.attrs.get("to"):
            return None
        guest, place, host = invite.attrs["to"], stanza.attrs["to"], None
    else:
        if not invite.attrs.get("from"):
            return None
        guest, place, host = stanza.attrs.get("to", env.jid), sender, entity(invite.attrs["from"], env)
    return frame(stanza, env, "invite", entity(guest, env), actor=host, target=room(place), **told)


def _direct(stanza: Element, conference: Element, env: Env) -> Activity:
    told: dict[str, Any] = {key: conference.attrs.get(key) for key in ("reason", "password", "thread")}
    guest = person(stanza.attrs.get("to", env.jid))
    return frame(stanza, env, "invite", guest, target=room(conference.attrs["jid"]), direct=True, **told)


def put_invite(activity: Activity, env: Env, origin: Origin) -> Element:
    told = {key: optional_text(activity, f"xmpp:{key}", "$") for key in ("reason", "password", "thread")}
    place = jid_of(activity.get("target"), "$.target")
    guest = jid_of(activity.get("object"), "$.object")
    if flag(activity, "xmpp:direct"):
        attrs = address(activity, env, origin, to=guest)
        return element(ns.MESSAGE, attrs, element(CONFERENCE, {"jid": place, **told}), delay(activity, origin))
    reason = None if told["reason"] is None else element(_REASON, None, told["reason"])
    if origin.inbound:
        attrs = {**address(activity, env, origin, to=guest), "from": place}
        invite = element(_INVITE, {"from": jid_of(activity.get("actor"), "$.actor")}, reason)
    else:
        attrs = address(activity, env, origin, to=place)
        invite = element(_INVITE, {"to": guest}, reason)
    password = None if told["password"] is None else element(_PASSWORD, None, told["password"])
    return element(ns.MESSAGE, attrs, element(MUC_USER, None, invite, password), delay(activity, origin))
