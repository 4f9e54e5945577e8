"""Messages about an earlier message: taken back (XEP-0424, XEP-0425), or reacted to (XEP-0444).

``delete`` of the ``message`` with this id, ``content`` the reason; ``xmpp:by`` is the moderator who did it, where the
room says so. ``update`` of a ``reaction`` has all ``reactions`` of the sender to the message ``inReplyTo``: the list
replaces the one before, and an empty one takes them back. What we ourselves write of either asks to be stored
(XEP-0334): archives keep messages with a body, and these have none.
"""

from __future__ import annotations

from typing import Any, Final

from ..errors import TranslationError
from . import ns
from .element import Element, element
from .entities import jid_of, occupant
from .env import Activity, Env
from .fields import child, flag, legal, optional_text, text
from .frame import Origin, delay, frame
from .iq import iq, single
from .talk import conversation, envelope

__all__ = [
    "APPLY",
    "MODERATE",
    "REACTIONS",
    "RETRACT",
    "get_moderate",
    "get_reactions",
    "get_retraction",
    "put_delete",
    "put_react",
    "put_reactions",
]

RETRACT: Final = ns.tag(ns.RETRACT, "retract")
_REASON: Final = ns.tag(ns.RETRACT, "reason")
_MODERATED: Final = ns.tag(ns.MODERATE, "moderated")
MODERATE: Final = ns.tag(ns.MODERATE, "moderate")
_MODERATE_REASON: Final = ns.tag(ns.MODERATE, "reason")

# The versions before, which servers and clients still speak: wrapped by XEP-0422.
APPLY: Final = "{urn:xmpp:fasten:0}apply-to"
_RETRACT_0: Final = "{urn:xmpp:message-retract:0}retract"
_MODERATED_0: Final = "{urn:xmpp:message-moderate:0}moderated"
_REASON_0: Final = "{urn:xmpp:message-moderate:0}reason"

_STORE: Final = Element(ns.tag(ns.HINTS, "store"), {})

REACTIONS: Final = ns.tag(ns.REACTIONS, "reactions")
_REACTION: Final = ns.tag(ns.REACTIONS, "reaction")

MAX_REACTIONS: Final = 64
"""Reactions of one person to one message; nobody has that many fingers."""


# --- Retraction -------------------------------------------------------------------------------------------------------


def get_retraction(stanza: Element, env: Env) -> Activity | None:
    retract = stanza.find(RETRACT)
    if retract is not None:
        return _deletion(stanza, env, retract, retract.find(_MODERATED), retract.text_of(_REASON), None)
    apply = stanza.find(APPLY)
    if apply is None:
        return None
    moderated = apply.find(_MODERATED_0)
    if (apply if moderated is None else moderated).find(_RETRACT_0) is None:
        return None
    reason = None if moderated is None else moderated.text_of(_REASON_0)
    return _deletion(stanza, env, apply, moderated, reason, 0)


def _deletion(
    stanza: Element, env: Env, about: Element, moderated: Element | None, reason: str | None, version: int | None
) -> Activity | None:
    if not about.attrs.get("id"):
        return None
    obj = {"type": "message", "id": about.attrs["id"]}
    if reason is not None:
        obj["content"] = reason
    told: dict[str, Any] = {"version": version}
    if moderated is not None:
        # Only a room can say so of itself: anybody else would take back what is not theirs.
        if stanza.attrs.get("type") != "groupchat" or "/" in stanza.attrs.get("from", "/"):
            return None
        by = moderated.attrs.get("by")
        told["by"] = None if by is None else occupant(by)
        told["moderated"] = True
    return frame(stanza, env, "delete", obj, **conversation(stanza, env), **told)


def put_delete(activity: Activity, env: Env, origin: Origin) -> Element:
    """Our own message, or with ``xmpp:moderated`` that of another in a room, which the room does for us."""
    obj = child(activity, "object", "$")
    id_ = text(obj, "id", "$.object")
    if not id_:
        raise TranslationError("$.object.id", "empty")
    reason = optional_text(obj, "content", "$.object")
    moderated = flag(activity, "xmpp:moderated")
    if moderated and (origin.type is not None or origin.new):
        said = None if reason is None else element(_MODERATE_REASON, None, reason)
        return iq(activity, env, origin, element(MODERATE, {"id": id_}, Element(RETRACT, {}), said), kind="set")
    if reason is not None and origin.new:
        raise TranslationError("$.object.content", "only a moderator can give a reason: leave it out")
    by = None if activity.get("xmpp:by") is None else jid_of(activity["xmpp:by"], "$['xmpp:by']")
    if activity.get("xmpp:version") == 0:
        about = _write_0(id_, moderated, by, reason)
    else:
        mark = element(_MODERATED, {"by": by}) if moderated else None
        said = None if reason is None else element(_REASON, None, reason)
        about = element(RETRACT, {"id": id_}, mark, said)
    return _written(activity, env, origin, about)


def _written(activity: Activity, env: Env, origin: Origin, about: Element) -> Element:
    store = None if origin.inbound else _STORE
    return element(ns.MESSAGE, envelope(activity, env, origin), about, store, delay(activity, origin))


def _write_0(id_: str, moderated: bool, by: str | None, reason: str | None) -> Element:
    if not moderated:
        return element(APPLY, {"id": id_}, Element(_RETRACT_0, {}))
    said = None if reason is None else element(_REASON_0, None, reason)
    return element(APPLY, {"id": id_}, element(_MODERATED_0, {"by": by}, Element(_RETRACT_0, {}), said))


def get_moderate(stanza: Element, env: Env) -> Activity | None:
    """What a moderator asks of a room."""
    moderate = single(stanza, "set")
    if moderate is None or moderate.find(RETRACT) is None or not moderate.attrs.get("id"):
        return None
    obj = {"type": "message", "id": moderate.attrs["id"]}
    reason = moderate.text_of(_MODERATE_REASON)
    if reason is not None:
        obj["content"] = reason
    return frame(stanza, env, "delete", obj, in_room=True, moderated=True)


# --- Reactions --------------------------------------------------------------------------------------------------------


def get_reactions(stanza: Element, env: Env) -> Activity | None:
    found = stanza.find(REACTIONS)
    if found is None or not found.attrs.get("id"):
        return None
    reactions = [each.text for each in found.find_all(_REACTION)]
    if len(reactions) > MAX_REACTIONS:
        return None
    obj = {"type": "reaction", "reactions": reactions, "inReplyTo": {"type": "message", "id": found.attrs["id"]}}
    told: dict[str, Any] = {"type": "normal"} if stanza.attrs.get("type", "normal") == "normal" else {}
    return frame(stanza, env, "update", obj, **conversation(stanza, env), **told)


def put_reactions(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    path = "$.object.reactions"
    reactions = obj.get("reactions")
    if not isinstance(reactions, list) or not all(isinstance(each, str) for each in reactions):
        raise TranslationError(path, "missing or not a list of strings")
    if len(reactions) > MAX_REACTIONS:
        raise TranslationError(path, f"more than {MAX_REACTIONS}")
    return _put_reactions(activity, env, origin, [legal(each, path) for each in reactions])


def put_react(activity: Activity, env: Env, origin: Origin) -> Element:
    """``add`` and ``remove`` as on IRC, where we have no other reaction: the list of just that one, or none."""
    content = text(child(activity, "object", "$"), "content", "$.object")
    return _put_reactions(activity, env, origin, [content] if activity["type"] == "add" else [])


def _put_reactions(activity: Activity, env: Env, origin: Origin, reactions: list[str]) -> Element:
    about = text(child(child(activity, "object", "$"), "inReplyTo", "$.object"), "id", "$.object.inReplyTo")
    if not about:
        raise TranslationError("$.object.inReplyTo.id", "empty")
    said = element(REACTIONS, {"id": about}, *(element(_REACTION, None, each) for each in reactions))
    return _written(activity, env, origin, said)
