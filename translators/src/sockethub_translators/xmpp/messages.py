"""What is said: messages with a body, in a conversation or a room (RFC 6121 §5, XEP-0045 §7).

``send`` of a ``message``, or of ``me`` for ``/me`` (XEP-0245). The stanza's ``id`` is ``object.id``. The kinds of
message that mean something else are read first, see :data:`READERS`; what any message may say besides its text, a
reply, attachments, ids, is in :mod:`.notes`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..errors import TranslationError
from . import edits, errors, invites, markers, notes, ns, rooms
from .element import XML_LANG, Element, element
from .entities import split
from .env import Activity, Env
from .fields import child, legal, optional_text, text
from .frame import Origin, delay, frame
from .talk import BODY, MUC_USER, TYPES, conversation, envelope

__all__ = ["get_message", "put_said"]

_SUBJECT: Final = ns.tag(ns.CLIENT, "subject")
_THREAD: Final = ns.tag(ns.CLIENT, "thread")

ME: Final = "/me "

READERS: Final[tuple[Callable[[Element, Env], Activity | None], ...]] = (
    invites.get_invite,
    edits.get_retraction,
    edits.get_reactions,
    rooms.get_subject,
    rooms.get_config_change,
)
"""Messages that are about something else, whether or not they have a body for those who do not know it."""

SILENT: Final[tuple[Callable[[Element, Env], Activity | None], ...]] = (
    markers.get_receipt,
    markers.get_marker,
    markers.get_chat_state,
)
"""Messages without a body."""


def get_message(stanza: Element, env: Env) -> Activity | None:
    """The reader of all messages."""
    if stanza.attrs.get("type") == "error":
        return errors.get_error(stanza, env)
    for read in READERS:
        activity = read(stanza, env)
        if activity is not None:
            return activity
    if stanza.find(BODY) is None:
        for read in SILENT:
            activity = read(stanza, env)
            if activity is not None:
                return activity
        return None
    return _get_said(stanza, env)


def _get_said(stanza: Element, env: Env) -> Activity | None:
    kind = stanza.attrs.get("type", "normal")
    if kind not in TYPES:
        return None
    bodies = stanza.find_all(BODY)
    texts = {_lang(body, stanza): body.text for body in bodies}
    content = bodies[0].text
    obj: dict[str, Any] = {"type": "message"}
    if "id" in stanza.attrs:
        obj["id"] = stanza.attrs["id"]
    content, found = notes.read(stanza, content, env)
    if content.startswith(ME):
        obj["type"], content = "me", content[len(ME) :]
    obj["content"] = content
    if len(texts) == len(bodies) > 1:
        obj["contentMap"] = texts
    obj.update(found.obj)
    told: dict[str, Any] = {"type": None if kind in ("chat", "groupchat") else kind, "thread": stanza.text_of(_THREAD)}
    told["subject"] = stanza.text_of(_SUBJECT)
    told["muc_pm"] = True if kind != "groupchat" and _is_private(stanza, env) else None
    return frame(stanza, env, "send", obj, with_id=False, **conversation(stanza, env), **told, **found.activity)


def _lang(body: Element, stanza: Element) -> str:
    return body.attrs.get(XML_LANG, stanza.attrs.get(XML_LANG, ""))


def _is_private(stanza: Element, env: Env) -> bool:
    """Whether it is between occupants (XEP-0045 §7.5): the room says so, or we know the room."""
    other = stanza.attrs.get("from", stanza.attrs.get("to", ""))
    return stanza.find(MUC_USER) is not None or (split(other)[0] in env.rooms and split(other)[1] != "")


def put_said(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    content = text(obj, "content", "$.object")
    if obj.get("type") == "me":
        content = ME + content
    elif content.startswith(ME) and not origin.inbound and "xmpp:wire" not in activity:
        raise TranslationError("$.object.content", 'begins with "/me ": say it with an object of type "me"')
    id_ = optional_text(obj, "id", "$.object")
    attrs = envelope(activity, env, origin, with_id=id_ is None and not origin.inbound)
    if id_ is not None:
        attrs["id"] = id_
    content, children = notes.write(activity, obj, content, env, origin)
    subject = optional_text(activity, "xmpp:subject", "$")
    thread = optional_text(activity, "xmpp:thread", "$")
    private = MUC_USER if activity.get("xmpp:muc-pm") is True else None
    return element(
        ns.MESSAGE,
        attrs,
        None if subject is None else element(_SUBJECT, None, subject),
        *_bodies(obj, content),
        None if thread is None else element(_THREAD, None, thread),
        None if private is None else Element(private, {}),
        *children,
        delay(activity, origin),
    )


def _bodies(obj: dict[str, Any], content: str) -> list[Element]:
    """One body, or one per language; the first is the one that was said."""
    texts = obj.get("contentMap")
    if texts is None:
        return [element(BODY, None, content)]
    path = "$.object.contentMap"
    if not isinstance(texts, dict) or not all(isinstance(each, str) for each in texts.values()):
        raise TranslationError(path, "not an object of strings")
    bodies = []
    for number, (lang, said) in enumerate(texts.items()):
        attrs = {XML_LANG: legal(lang, path)} if lang else {}
        bodies.append(element(BODY, attrs, legal(content if number == 0 else said, path)))
    return bodies or [element(BODY, None, content)]
