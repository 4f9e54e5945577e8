"""Rooms themselves (XEP-0045 §8.1, §10): their subject, their configuration, their end.

``update`` of the ``topic`` as on IRC; ``update`` of ``room-info`` when the room says by ``xmpp:status`` that it has
changed (102, 103, 104, 170 to 174); ``query`` and ``update`` of a ``form`` are its owner's; ``delete`` of the ``room``.
"""

from __future__ import annotations

from typing import Any, Final

from ..errors import TranslationError
from . import ns
from .element import Element, element, whole
from .entities import jid_of, room
from .env import Activity, Env
from .fields import child, optional_text, text
from .forms import FORM, read_form, write_form
from .frame import Origin, delay, frame
from .iq import asks, iq, single
from .talk import BODY, MUC_USER, conversation, envelope

__all__ = [
    "OWNER",
    "get_config_change",
    "get_owner",
    "get_subject",
    "put_destroy",
    "put_form",
    "put_room_info",
    "put_topic",
]

_SUBJECT: Final = ns.tag(ns.CLIENT, "subject")
_STATUS: Final = ns.tag(ns.MUC_USER, "status")
OWNER: Final = ns.tag(ns.MUC_OWNER, "query")
_DESTROY: Final = ns.tag(ns.MUC_OWNER, "destroy")
_REASON: Final = ns.tag(ns.MUC_OWNER, "reason")

CODE_DIGITS: Final = 3
MAX_CODE: Final = 999
"""Status codes have three digits (XEP-0045 §15.6)."""


def get_subject(stanza: Element, env: Env) -> Activity | None:
    """A subject and no body is the room's (§8.1); empty, there is none."""
    found = stanza.find(_SUBJECT)
    if found is None or stanza.attrs.get("type") != "groupchat" or stanza.find(BODY) is not None:
        return None
    return frame(stanza, env, "update", {"type": "topic", "content": found.text}, **conversation(stanza, env))


def put_topic(activity: Activity, env: Env, origin: Origin) -> Element:
    content = text(child(activity, "object", "$"), "content", "$.object")
    attrs = envelope(activity, env, origin, kind="groupchat")
    return element(ns.MESSAGE, attrs, element(_SUBJECT, None, content), delay(activity, origin))


def read_status(x: Element | None) -> list[int]:
    """Status codes, in order."""
    codes = [] if x is None else [each.attrs.get("code", "") for each in x.find_all(_STATUS)]
    numbers = (whole(code) if len(code) == CODE_DIGITS else None for code in codes)
    return [number for number in numbers if number is not None]


def write_status(activity: Activity) -> list[Element]:
    codes = activity.get("xmpp:status", [])
    if not isinstance(codes, list) or not all(type(code) is int and 0 <= code <= MAX_CODE for code in codes):
        raise TranslationError("$['xmpp:status']", f"not a list of numbers up to {MAX_CODE}")
    return [Element(_STATUS, {"code": f"{code:03}"}) for code in codes]


def get_config_change(stanza: Element, env: Env) -> Activity | None:
    x = stanza.find(MUC_USER)
    if stanza.attrs.get("type") != "groupchat" or x is None or stanza.find(BODY) is not None:
        return None
    codes = read_status(x)
    if not codes:
        return None
    return frame(stanza, env, "update", {"type": "room-info"}, **conversation(stanza, env), status=codes)


def put_room_info(activity: Activity, env: Env, origin: Origin) -> Element:
    if origin.new:
        raise TranslationError("$.object.type", 'rooms are configured by an object of type "form"')
    attrs = envelope(activity, env, origin, kind="groupchat")
    return element(ns.MESSAGE, attrs, element(MUC_USER, None, *write_status(activity)), delay(activity, origin))


# --- The owner's ------------------------------------------------------------------------------------------------------


def get_owner(stanza: Element, env: Env) -> Activity | None:
    query = single(stanza, "get", "set", "result")
    if query is None:
        return None
    kind = stanza.attrs["type"]
    destroy, form = query.find(_DESTROY), query.find(FORM)
    if destroy is not None and kind == "set":
        obj: dict[str, Any] = {"type": "room"}
        reason = destroy.text_of(_REASON)
        if reason is not None:
            obj["content"] = reason
        alternate = destroy.attrs.get("jid")
        return frame(stanza, env, "delete", obj, in_room=True, alternate=room(alternate) if alternate else None)
    if (form is None) != (kind == "get"):
        return None
    obj = {"type": "form"} if form is None else {"type": "form", "form": read_form(form)}
    return frame(stanza, env, "update" if kind == "set" else "query", obj, in_room=True)


def put_form(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    is_query = activity["type"] == "query"
    form = None if is_query and asks(origin) else write_form(obj.get("form"), "$.object.form")
    return iq(activity, env, origin, element(OWNER, None, form), kind="get" if is_query else "set")


def put_destroy(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    reason = optional_text(obj, "content", "$.object")
    alternate = activity.get("xmpp:alternate")
    attrs = {} if alternate is None else {"jid": jid_of(alternate, "$['xmpp:alternate']")}
    destroy = element(_DESTROY, attrs, None if reason is None else element(_REASON, None, reason))
    return iq(activity, env, origin, element(OWNER, None, destroy), kind="set")
