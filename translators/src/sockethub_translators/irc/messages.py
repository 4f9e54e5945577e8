"""What people say: PRIVMSG, NOTICE, CTCP, WALLOPS, TAGMSG (typing, reactions), REDACT.

CTCP framing is that of https://modern.ircdocs.horse/ctcp: a closing U+0001 may be missing. Tags are those of IRCv3
``reply``, ``react`` and ``typing``; REDACT that of ``message-redaction``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..errors import TranslationError, Unsupported
from .entities import name_of, named, service
from .env import Activity, Env
from .fields import is_word, message_id, middle, object_of, one_line, text, word
from .frame import WIRE, Wire, frame, keep, own, unframe, write
from .line import Line, has_breaks
from .multiline import multiline
from .text import CTCP, MIN_BUDGET, split_lines, split_text

__all__ = [
    "get_redact",
    "get_said",
    "get_tagmsg",
    "get_wallops",
    "put_delete",
    "put_reaction",
    "put_said",
    "put_typing",
    "put_wallops",
]

MAX_LINES: Final = 64
"""Lines that one activity may become: more is a flood that servers punish by closing the connection."""

REPLY: Final = "+draft/reply"
REACT: Final = {"add": "+draft/react", "remove": "+draft/unreact"}
TYPING: Final = "+typing"
TYPING_STATES: Final = frozenset({"active", "paused", "done"})


def get_said(line: Line, env: Env) -> list[Activity] | None:
    """PRIVMSG and NOTICE: one ``send`` per target."""
    if len(line.params) != 2:
        return None
    targets, content = line.params
    notice = line.command == "NOTICE"
    ctcp: dict[str, Any] | None = None
    if content.startswith(CTCP):
        ctcp = _read_ctcp(content, notice)
        if ctcp is None:
            return None
    names = targets.split(",") if "," in targets else [targets]
    activities = []
    for index, name in enumerate(names):
        status = ""
        if env.isupport.statusmsg:
            status, name = env.isupport.strip_status(name)
        if not name:
            return None
        wire: Wire | None = None
        obj: dict[str, Any]
        if ctcp is None:
            obj = {"type": "notice" if notice else "message", "content": content}
        else:
            obj = dict(ctcp)
            if obj.pop("open", False):
                wire = {"ctcp": "open"}
        if len(names) > 1:
            wire = wire or {}
            wire["group"] = [index, len(names)]
        activity = frame(line, env, "send", named(name, env), obj, wire=wire, reply=True)
        if status:
            keep(activity, statusmsg=status)
        if line.source is not None and activity["actor"]["name"] == env.nick and "mask" in activity[WIRE]:
            keep(activity, echo=True)
        activities.append(activity)
    return activities


def _read_ctcp(content: str, notice: bool) -> dict[str, Any] | None:
    closed = len(content) > 1 and content.endswith(CTCP)
    body = content[1:-1] if closed else content[1:]
    name, space, params = body.partition(" ")
    if not is_word(name) or CTCP in name:
        return None
    obj: dict[str, Any]
    if name == "ACTION" and space and not notice:
        obj = {"type": "me", "content": params}
    else:
        obj = {"type": "ctcp", "name": name}
        if space:
            obj["params"] = params
        obj["reply"] = notice
    return obj if closed else {**obj, "open": True}


def _write_ctcp(obj: dict[str, Any], close: str) -> tuple[str, str, str, str]:
    """Command, opening, text and closing of a CTCP message."""
    if obj["type"] == "me":
        return "PRIVMSG", f"{CTCP}ACTION ", text(obj, "content", "$.object.content"), close
    name = middle(obj, "name", "$.object.name")
    if CTCP in name:
        raise TranslationError("$.object.name", "U+0001 frames CTCP and cannot stand inside")
    if name == "ACTION" and "params" in obj and obj.get("reply") is not True:
        raise TranslationError("$.object.name", "an action is an object of type me")
    body = f"{CTCP}{name}"
    if "params" in obj:
        body += " " + one_line(obj, "params", "$.object.params")
    return "NOTICE" if obj.get("reply") is True else "PRIVMSG", body, "", close


def put_said(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    """A ``send``: one line, or several when our own text has line breaks or is too long for one."""
    obj = object_of(activity)
    kind = obj.get("type")
    target = _target(activity, env)
    if kind in ("me", "ctcp"):
        close = "" if wire is not None and wire.get("ctcp") == "open" else CTCP
        command, opening, content, closing = _write_ctcp(obj, close)
    else:
        command = "NOTICE" if kind == "notice" else "PRIVMSG"
        opening, content, closing = "", text(obj, "content", "$.object.content"), ""
    if wire is not None:
        if has_breaks(content) or (not opening and content.startswith(CTCP)):
            raise TranslationError("$.object.content", "must be a single line that is not CTCP")
        return [unframe(activity, env, wire, command, target, opening + content + closing)]
    if CTCP in content or CTCP in opening[1:]:
        raise TranslationError("$.object", "U+0001 frames CTCP and cannot stand inside")
    tags: Mapping[str, str] | None = None
    if "inReplyTo" in obj and "message-tags" in env.caps:
        tags = {REPLY: message_id(obj["inReplyTo"], "$.object.inReplyTo")}
    if not opening:
        lines = multiline(activity, env, command, target, content, tags)
        if lines is not None:
            return lines
    budget = env.text_budget(command, target) - len(closing)
    if kind == "ctcp":
        if len(opening.encode()) > budget:
            raise TranslationError("$.object", "a CTCP message is a single line, and this is too long for one")
        chunks = [""]
    else:
        chunks = _chunks(content, budget - len(opening))
    return [
        own(activity, env, command, target, opening + chunk + closing, tags=tags if index == 0 else None)
        for index, chunk in enumerate(chunks)
    ]


def _chunks(content: str, budget: int) -> list[str]:
    if budget < MIN_BUDGET:
        raise TranslationError("$.target.id", "leaves no room for text on a line")
    if len(content) * 4 <= budget and "\n" not in content and "\r" not in content:
        chunks = [content] if content else []
    else:
        chunks = [chunk for line in split_lines(content) for chunk in split_text(line, budget)]
    if not chunks:
        raise TranslationError("$.object.content", "nothing to send")
    if len(chunks) > MAX_LINES:
        raise TranslationError("$.object.content", f"{len(chunks)} lines; at most {MAX_LINES}")
    return chunks


def _target(activity: Activity, env: Env) -> str:
    """The target as a parameter, with its STATUSMSG prefix. One target: lists and masks are refused."""
    name = word(name_of(activity.get("target"), env, "$.target"), "$.target.id")
    if "," in name:
        raise TranslationError("$.target.id", "not one target")
    status = activity.get("irc:statusmsg", "")
    if not isinstance(status, str) or status.strip(env.isupport.statusmsg):
        raise TranslationError("$['irc:statusmsg']", "not a STATUSMSG prefix of this server")
    return f"{status}{name}"


def get_wallops(line: Line, env: Env) -> list[Activity] | None:
    """WALLOPS: a notice to everyone who listens, from an operator or the server."""
    if len(line.params) != 1:
        return None
    obj = {"type": "notice", "content": line.params[0]}
    return [frame(line, env, "send", service(env), obj, wire={"command": "WALLOPS"})]


def put_wallops(activity: Activity, env: Env, wire: Wire) -> Line:
    return unframe(activity, env, wire, "WALLOPS", one_line(object_of(activity), "content", "$.object.content"))


def get_tagmsg(line: Line, env: Env) -> list[Activity] | None:
    """TAGMSG that carries typing or a reaction; any other stays raw."""
    if len(line.params) != 1 or not line.params[0] or "," in line.params[0]:
        return None
    status, name = env.isupport.strip_status(line.params[0])
    for read in (_get_typing, _get_reaction):
        activity = read(line, env, name)
        if activity is not None:
            return [keep(activity, statusmsg=status) if status else activity]
    return None


def _get_typing(line: Line, env: Env, name: str) -> Activity | None:
    state = line.tags.get(TYPING)
    if state not in TYPING_STATES:
        return None
    activity = frame(line, env, "update", named(name, env), {"type": "typing", "state": state})
    activity[WIRE]["tags"][TYPING] = None
    return activity


def _get_reaction(line: Line, env: Env, name: str) -> Activity | None:
    reply = line.tags.get(REPLY)
    for verb, tag in REACT.items():
        content = line.tags.get(tag)
        if content and reply:
            obj = {"type": "reaction", "content": content, "inReplyTo": {"type": "message", "id": reply}}
            activity = frame(line, env, verb, named(name, env), obj)
            activity[WIRE]["tags"].update({tag: None, REPLY: None})
            return activity
    return None


def put_typing(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    state = text(object_of(activity), "state", "$.object.state")
    if state not in TYPING_STATES:
        raise TranslationError("$.object.state", "not active, paused or done")
    return [_tagmsg(activity, env, wire, {TYPING: state})]


def put_reaction(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    obj = object_of(activity)
    tags = {
        REACT["remove" if activity["type"] == "remove" else "add"]: text(obj, "content", "$.object.content"),
        REPLY: message_id(obj.get("inReplyTo"), "$.object.inReplyTo"),
    }
    for path, value in zip(("$.object.content", "$.object.inReplyTo.id"), tags.values(), strict=True):
        if not value:
            raise TranslationError(path, "empty")
    return [_tagmsg(activity, env, wire, tags)]


def _tagmsg(activity: Activity, env: Env, wire: Wire | None, tags: dict[str, str]) -> Line:
    target = _target(activity, env)
    if wire is None:
        if "message-tags" not in env.caps:
            raise Unsupported("$.object.type", "the server does not take message tags")
        return own(activity, env, "TAGMSG", target, tags=tags)
    line = unframe(activity, env, wire, "TAGMSG", target)
    return Line(line.command, line.params, line.source, {**line.tags, **tags})


def get_redact(line: Line, env: Env) -> list[Activity] | None:
    """REDACT: ``delete`` of the message with this id; ``content`` is the reason."""
    if len(line.params) not in (2, 3) or not all(line.params[:2]) or "," in line.params[0]:
        return None
    target, msgid = line.params[:2]
    obj = {"type": "message", "id": msgid}
    if len(line.params) == 3:
        obj["content"] = line.params[2]
    return [frame(line, env, "delete", named(target, env), obj)]


def put_delete(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    obj = object_of(activity)
    params = [_target(activity, env), word(message_id(obj, "$.object"), "$.object.id")]
    if "content" in obj:
        params.append(one_line(obj, "content", "$.object.content"))
    if wire is None and "draft/message-redaction" not in env.caps:
        raise Unsupported("$.type", "the server does not let messages be deleted")
    return [write(activity, env, wire, "REDACT", *params)]
