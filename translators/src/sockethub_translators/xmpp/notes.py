"""What a message says besides its text, in elements of its own: each is read into one member, and written from it.

On the object: ``inReplyTo`` (XEP-0461), ``attachment`` (XEP-0066, XEP-0447), ``xmpp:replace`` (XEP-0308),
``xmpp:origin-id``, ``xmpp:stanza-id`` with ``xmpp:stanza-id-by`` (XEP-0359), ``xmpp:fallback``, the text before the
content for those who do not know replies (XEP-0428). On the activity: ``xmpp:request-receipt`` (XEP-0184),
``xmpp:markable`` (XEP-0333), ``xmpp:chatstate`` (XEP-0085), ``xmpp:hints`` (XEP-0334), ``xmpp:encryption`` (XEP-0380),
``xmpp:occupant-id`` (XEP-0421), ``xmpp:thread`` and ``xmpp:subject``, ``xmpp:nick`` (XEP-0172).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from ..errors import TranslationError
from . import attachments, ns
from .element import Element, element, whole
from .entities import split
from .env import Activity, Env
from .fields import child, legal, optional_text, text, token
from .frame import Origin

__all__ = ["STATES", "read", "write"]

STATES: Final = frozenset({"active", "composing", "paused", "inactive", "gone"})
HINTS: Final = ("no-permanent-store", "no-store", "no-copy", "store")

_REPLY: Final = ns.tag(ns.REPLY, "reply")
_FALLBACK: Final = ns.tag(ns.FALLBACK, "fallback")
_FALLBACK_BODY: Final = ns.tag(ns.FALLBACK, "body")
_REPLACE: Final = ns.tag(ns.CORRECT, "replace")
_ORIGIN_ID: Final = ns.tag(ns.SID, "origin-id")
_STANZA_ID: Final = ns.tag(ns.SID, "stanza-id")
_REQUEST: Final = ns.tag(ns.RECEIPTS, "request")
_MARKABLE: Final = ns.tag(ns.MARKERS, "markable")
_OCCUPANT_ID: Final = ns.tag(ns.OCCUPANT_ID, "occupant-id")
_ENCRYPTION: Final = ns.tag(ns.EME, "encryption")

Members: TypeAlias = dict[str, Any]
"""Of an object, or as keyword arguments of :func:`~.frame.frame`, of an activity."""

_THREAD: Final = ns.tag(ns.CLIENT, "thread")
_SUBJECT: Final = ns.tag(ns.CLIENT, "subject")
_NICK: Final = "{http://jabber.org/protocol/nick}nick"
_TEXT_OF: Final = {_THREAD: "thread", _SUBJECT: "subject", _NICK: "nick"}
END_DIGITS: Final = 7
"""Of a place in a text: a whole stanza has no more characters."""

_STATE_OF: Final = {ns.tag(ns.CHATSTATES, state): state for state in sorted(STATES)}
_HINT_OF: Final = {ns.tag(ns.HINTS, hint): hint for hint in HINTS}


def read(stanza: Element, content: str, env: Env) -> tuple[str, Members, Members]:
    """The content without what is only there for others, and what else was said: for the object, and the activity."""
    obj: Members = {}
    told: Members = {}
    if len(stanza.children) < 2:
        return content, obj, told
    files = False
    for part in stanza.children:
        if isinstance(part, str):
            continue
        name = part.name
        read_part = _READ.get(name)
        if read_part is not None:
            read_part(part, stanza, obj, told, env)
        elif name == _REPLY and part.attrs.get("id"):
            content = _read_reply(stanza, part, content, obj)
        elif name in attachments.NAMES:
            files = True
    if files:
        found = attachments.read(stanza)
        if found:
            obj["attachment"] = found
    return content, obj, told


def _read_replace(part: Element, _stanza: Element, obj: Members, _told: Members, _env: Env) -> None:
    if part.attrs.get("id"):
        obj.setdefault("xmpp:replace", {"id": part.attrs["id"]})


def _read_origin_id(part: Element, _stanza: Element, obj: Members, _told: Members, _env: Env) -> None:
    if part.attrs.get("id"):
        obj.setdefault("xmpp:origin-id", part.attrs["id"])


def _read_stanza_id(part: Element, stanza: Element, obj: Members, _told: Members, env: Env) -> None:
    id_ = part.attrs.get("id")
    if id_ and _is_trusted(part, stanza, env):
        obj.setdefault("xmpp:stanza-id", id_)
        obj.setdefault("xmpp:stanza-id-by", part.attrs["by"])


def _read_flag(part: Element, _stanza: Element, _obj: Members, told: Members, _env: Env) -> None:
    told["request_receipt" if part.name == _REQUEST else "markable"] = True


def _read_state(part: Element, _stanza: Element, _obj: Members, told: Members, _env: Env) -> None:
    told.setdefault("chatstate", _STATE_OF[part.name])


def _read_hint(part: Element, _stanza: Element, _obj: Members, told: Members, _env: Env) -> None:
    hints = told.setdefault("hints", [])
    if _HINT_OF[part.name] not in hints:
        hints.append(_HINT_OF[part.name])


def _read_encryption(part: Element, _stanza: Element, _obj: Members, told: Members, _env: Env) -> None:
    if part.attrs.get("namespace"):
        told.setdefault("encryption", part.attrs["namespace"])


def _read_occupant(part: Element, stanza: Element, _obj: Members, told: Members, _env: Env) -> None:
    """Only the room itself may say who it is."""
    if stanza.attrs.get("type") == "groupchat" and "from" in stanza.attrs and part.attrs.get("id"):
        told.setdefault("occupant_id", part.attrs["id"])


def _read_text(part: Element, _stanza: Element, _obj: Members, told: Members, _env: Env) -> None:
    told.setdefault(_TEXT_OF[part.name], part.text)


_READ: Final[dict[str, Callable[[Element, Element, Members, Members, Env], None]]] = {
    _ENCRYPTION: _read_encryption,
    _MARKABLE: _read_flag,
    _OCCUPANT_ID: _read_occupant,
    _ORIGIN_ID: _read_origin_id,
    _REPLACE: _read_replace,
    _REQUEST: _read_flag,
    _STANZA_ID: _read_stanza_id,
    **dict.fromkeys(_TEXT_OF, _read_text),
    **dict.fromkeys(_STATE_OF, _read_state),
    **dict.fromkeys(_HINT_OF, _read_hint),
}


def _is_trusted(stanza_id: Element, stanza: Element, env: Env) -> bool:
    """Whether who says it gave this id may do so: our own server, or the room (XEP-0359 §6)."""
    by = stanza_id.attrs.get("by", "")
    if stanza.attrs.get("type") == "groupchat":
        return by != "" and by == split(stanza.attrs.get("from", ""))[0]
    return by == env.bare


def _read_reply(stanza: Element, reply: Element, content: str, obj: dict[str, Any]) -> str:
    """To which message, whose it was, and the content without the quotation."""
    if "inReplyTo" in obj:
        return content
    obj["inReplyTo"] = {"type": "message", "id": reply.attrs["id"]}
    if reply.attrs.get("to"):
        obj["inReplyTo"]["actor"] = {"id": reply.attrs["to"]}
    for fallback in stanza.find_all(_FALLBACK):
        part = fallback.find(_FALLBACK_BODY)
        if fallback.attrs.get("for") != ns.REPLY or part is None or part.attrs.get("start") != "0":
            continue
        end = whole(part.attrs.get("end"), END_DIGITS)
        if end is not None and str(end) == part.attrs["end"] and 0 < end <= len(content):
            obj["xmpp:fallback"] = content[:end]
            return content[end:]
    return content


def write(activity: Activity, obj: dict[str, Any], content: str, origin: Origin) -> tuple[str, list[Element]]:
    """The body, and the elements beside it."""
    parts: list[Element] = []
    path = "$.object"
    if obj.get("inReplyTo") is not None:
        content = _write_reply(obj, content, parts)
    if obj.get("xmpp:replace") is not None:
        replaced = text(child(obj, "xmpp:replace", path), "id", f"{path}['xmpp:replace']")
        parts.append(Element(_REPLACE, {"id": _filled(replaced, f"{path}['xmpp:replace'].id")}))
    if obj.get("xmpp:origin-id"):
        parts.append(Element(_ORIGIN_ID, {"id": text(obj, "xmpp:origin-id", path)}))
    if origin.inbound and obj.get("xmpp:stanza-id"):
        attrs = {"id": text(obj, "xmpp:stanza-id", path)}
        by = optional_text(obj, "xmpp:stanza-id-by", path)
        if by is not None:
            attrs["by"] = by
        parts.append(Element(_STANZA_ID, attrs))
    if "attachment" in obj:
        parts += attachments.write(obj)
    if not _ABOUT.isdisjoint(activity):
        _write_about(activity, parts, origin)
    return content, parts


_ABOUT: Final = frozenset(
    {
        "xmpp:chatstate",
        "xmpp:encryption",
        "xmpp:hints",
        "xmpp:markable",
        "xmpp:nick",
        "xmpp:occupant-id",
        "xmpp:request-receipt",
    }
)
"""Members of the activity that :func:`_write_about` writes."""


def _write_about(activity: Activity, parts: list[Element], origin: Origin) -> None:
    if activity.get("xmpp:request-receipt") is True:
        parts.append(Element(_REQUEST, {}))
    if "xmpp:nick" in activity:
        parts.append(element(_NICK, None, text(activity, "xmpp:nick", "$")))
    if activity.get("xmpp:markable") is True:
        parts.append(Element(_MARKABLE, {}))
    if activity.get("xmpp:chatstate") is not None:
        parts.append(Element(ns.tag(ns.CHATSTATES, token(activity, "xmpp:chatstate", "$", STATES)), {}))
    if "xmpp:hints" in activity:
        parts += [Element(ns.tag(ns.HINTS, hint), {}) for hint in _hints(activity)]
    if origin.inbound and activity.get("xmpp:occupant-id"):
        parts.append(Element(_OCCUPANT_ID, {"id": text(activity, "xmpp:occupant-id", "$")}))
    if activity.get("xmpp:encryption"):
        parts.append(Element(_ENCRYPTION, {"namespace": text(activity, "xmpp:encryption", "$")}))


def _write_reply(obj: dict[str, Any], content: str, parts: list[Element]) -> str:
    path = "$.object.inReplyTo"
    reply = child(obj, "inReplyTo", "$.object")
    attrs: dict[str, str | None] = {"id": _filled(text(reply, "id", path), f"{path}.id")}
    if reply.get("actor") is not None:
        attrs["to"] = text(child(reply, "actor", path), "id", f"{path}.actor") or None
    parts.append(element(_REPLY, attrs))
    quoted = optional_text(obj, "xmpp:fallback", "$.object")
    if not quoted:
        return content
    span = Element(_FALLBACK_BODY, {"start": "0", "end": str(len(quoted))})
    parts.append(Element(_FALLBACK, {"for": ns.REPLY}, (span,)))
    return quoted + content


def _filled(value: str, path: str) -> str:
    if not value:
        raise TranslationError(path, "empty")
    return value


def _hints(activity: Activity) -> list[str]:
    hints = activity.get("xmpp:hints", [])
    path = "$['xmpp:hints']"
    if not isinstance(hints, list) or not all(isinstance(hint, str) and legal(hint, path) in HINTS for hint in hints):
        raise TranslationError(path, f"not a list of {', '.join(HINTS)}")
    return hints
