"""What is said: messages with a body, in a conversation or a room (RFC 6121 §5, XEP-0045 §7).

``send`` of a ``message``, or of ``me`` for ``/me`` (XEP-0245). The stanza's ``id`` is ``object.id``. The kinds of
message that mean something else are read first, see :data:`READERS`; what any message may say besides its text, a
reply, attachments, ids, is in :mod:`.notes`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from ..errors import TranslationError
from . import edits, errors, events, invites, markers, notes, ns, rooms
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

Reader: TypeAlias = Callable[[Element, Env], Activity | None]


def _get_of_room(stanza: Element, env: Env) -> Activity | None:
    return invites.get_invite(stanza, env) or rooms.get_config_change(stanza, env)


READERS: Final[dict[str, Reader]] = {
    edits.APPLY: edits.get_retraction,
    edits.REACTIONS: edits.get_reactions,
    edits.RETRACT: edits.get_retraction,
    events.EVENT: events.get_event,
    invites.CONFERENCE: invites.get_invite,
    MUC_USER: _get_of_room,
    _SUBJECT: rooms.get_subject,
}
"""Messages that are about something else, by the child that says so, whether or not they have a body."""

SILENT: Final[tuple[Reader, ...]] = (markers.get_receipt, markers.get_marker, markers.get_chat_state)
"""Messages without a body."""


def get_message(stanza: Element, env: Env) -> Activity | None:
    """The reader of all messages."""
    if stanza.attrs.get("type") == "error":
        return errors.get_error(stanza, env)
    bodies: list[Element] = []
    for part in stanza.children:
        if isinstance(part, str):
            continue
        if part.name == BODY:
            bodies.append(part)
        elif part.name in READERS:
            activity = READERS[part.name](stanza, env)
            if activity is not None:
                return activity
    if bodies:
        return _get_said(stanza, bodies, env)
    return next((activity for read in SILENT if (activity := read(stanza, env)) is not None), None)


def _get_said(stanza: Element, bodies: list[Element], env: Env) -> Activity | None:
    kind = stanza.attrs.get("type", "normal")
    if kind not in TYPES:
        return None
    obj: dict[str, Any] = {"type": "message"}
    if "id" in stanza.attrs:
        obj["id"] = stanza.attrs["id"]
    content, noted, told = notes.read(stanza, bodies[0].text, env)
    if content.startswith(ME):
        obj["type"], content = "me", content[len(ME) :]
    obj["content"] = content
    if len(bodies) > 1:
        texts = {_lang(body, stanza): body.text for body in bodies}
        if len(texts) == len(bodies):
            obj["contentMap"] = texts
    obj.update(noted)
    told.update(conversation(stanza, env))
    if kind == "groupchat":
        return frame(stanza, env, "send", obj, with_id=False, **told)
    if kind != "chat":
        told["type"] = kind
    if _is_private(stanza, env):
        told["muc_pm"] = True
    return frame(stanza, env, "send", obj, with_id=False, **told)


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
    elif content.startswith(ME) and origin.new:
        raise TranslationError("$.object.content", 'begins with "/me ": say it with an object of type "me"')
    id_ = optional_text(obj, "id", "$.object")
    attrs = envelope(activity, env, origin, with_id=id_ is None and not origin.inbound)
    if id_ is not None:
        attrs["id"] = id_
    content, after = notes.write(activity, obj, content, origin)
    children: list[Element] = []
    if "xmpp:subject" in activity:
        children.append(element(_SUBJECT, None, text(activity, "xmpp:subject", "$")))
    children += _bodies(obj, content)
    if "xmpp:thread" in activity:
        children.append(element(_THREAD, None, text(activity, "xmpp:thread", "$")))
    if activity.get("xmpp:muc-pm") is True:
        children.append(Element(MUC_USER, {}))
    late = delay(activity, origin)
    return Element(ns.MESSAGE, attrs, (*children, *after) if late is None else (*children, *after, late))


def _bodies(obj: dict[str, Any], content: str) -> list[Element]:
    """One body, or one per language; the first is the one that was said."""
    texts = obj.get("contentMap")
    if texts is None:
        return [Element(BODY, {}, (content,) if content else ())]
    path = "$.object.contentMap"
    if not isinstance(texts, dict) or not all(isinstance(each, str) for each in texts.values()):
        raise TranslationError(path, "not an object of strings")
    bodies = []
    for number, (lang, said) in enumerate(texts.items()):
        attrs = {XML_LANG: legal(lang, path)} if lang else {}
        bodies.append(element(BODY, attrs, legal(content if number == 0 else said, path)))
    return bodies or [element(BODY, None, content)]
