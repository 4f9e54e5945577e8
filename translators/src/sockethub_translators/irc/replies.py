"""What the server says: errors, standard replies, the welcome and 005, the message of the day; and ``irc:raw``.

Numerics: https://modern.ircdocs.horse/#numerics. FAIL, WARN and NOTE: IRCv3 ``standard-replies``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..errors import TranslationError
from .entities import person, room, service
from .env import Activity, Entity, Env
from .fields import is_channel, object_of, one_line, text
from .frame import Wire, frame, keep, unframe, write
from .line import Line

__all__ = [
    "get_error",
    "get_isupport",
    "get_motd",
    "get_numeric_error",
    "get_raw",
    "get_standard_reply",
    "get_welcome",
    "put_error",
    "put_isupport",
    "put_motd",
    "put_numeric_error",
    "put_raw",
    "put_standard_reply",
    "put_welcome",
]

ROOM_ERRORS: Final = frozenset({"471", "472", "473", "474", "475", "476", "477", "478", "482"})
NICK_ERRORS: Final = frozenset({"432", "433", "437"})

# What to say where the server gives a number but no text.
_TEXT: Final[Mapping[str, str]] = {
    "401": "No such nick or channel",
    "403": "No such channel",
    "404": "Cannot send to channel",
    "432": "Erroneous nickname",
    "433": "Nickname is already in use",
    "441": "They are not on that channel",
    "442": "You are not on that channel",
    "461": "Not enough parameters",
    "464": "Password incorrect",
    "465": "You are banned from this server",
    "471": "Cannot join channel: it is full",
    "473": "Cannot join channel: invitation only",
    "474": "Cannot join channel: you are banned",
    "475": "Cannot join channel: wrong key",
    "482": "You are not a channel operator",
}


def get_numeric_error(line: Line, env: Env) -> list[Activity] | None:
    """4xx and 5xx: an activity with ``error``, a text for people; ``irc:numeric`` and ``irc:params`` for programs.

    Existing clients know three shapes: room errors update the room, nick errors update the service, and a channel
    that does not exist is a failed join. All else is an ``error`` of the service to us.
    """
    if not line.params:
        return None
    me, *context = line.params
    content = context.pop() if context else ""
    said = content or _TEXT.get(line.command, f"Error {line.command}")
    wire: Wire = {"command": line.command, "params": [me] if len(line.params) > 1 else []}
    if len(line.params) == 1:
        wire["bare"] = me
    obj = {"type": "message", "content": content}
    verb, actor, target = _error_shape(line.command, context, env)
    activity = frame(line, env, verb, target, obj, actor=actor, wire=wire)
    error = f"{' '.join(context)}: {said}" if context else said
    return [keep({**activity, "error": error}, numeric=line.command, params=context)]


def _error_shape(numeric: str, context: list[str], env: Env) -> tuple[str, Entity, Entity]:
    me = person(env.nick, env)
    first = context[0] if context else ""
    if numeric in ROOM_ERRORS and is_channel(first, env):
        return "update", me, room(first, env)
    if numeric in NICK_ERRORS and first and not is_channel(first, env):
        return "update", person(first, env), service(env)
    if numeric == "403" and is_channel(first, env):
        return "join", service(env), room(first, env)
    return "error", service(env), me


def put_numeric_error(activity: Activity, env: Env, wire: Wire) -> Line:
    content = one_line(object_of(activity), "content", "$.object.content")
    if "bare" in wire:
        return unframe(activity, env, wire, wire["command"], wire["bare"], *([content] if content else []))
    context = activity.get("irc:params", [])
    if not isinstance(context, list) or not all(isinstance(item, str) for item in context):
        raise TranslationError("$['irc:params']", "not an array of strings")
    return unframe(activity, env, wire, wire["command"], *wire.get("params", []), *context, content)


def get_error(line: Line, env: Env) -> list[Activity] | None:
    """ERROR: the server is about to close the connection."""
    if len(line.params) != 1:
        return None
    content = line.params[0]
    obj = {"type": "message", "content": content}
    activity = frame(line, env, "error", person(env.nick, env), obj, actor=service(env), wire={"command": "ERROR"})
    return [keep({**activity, "error": content or "The server closes the connection"})]


def put_error(activity: Activity, env: Env, wire: Wire) -> Line:
    return unframe(activity, env, wire, "ERROR", one_line(object_of(activity), "content", "$.object.content"))


def get_standard_reply(line: Line, env: Env) -> list[Activity] | None:
    """FAIL: an ``error``. WARN and NOTE: a notice of the service. ``condition`` is the code."""
    if len(line.params) < 3:
        return None
    command, code, *context, content = line.params
    fail = line.command == "FAIL"
    obj = {"type": "message" if fail else "notice", "content": content, "condition": code}
    wire: Wire = {"command": line.command}
    activity = frame(line, env, "error" if fail else "send", person(env.nick, env), obj, actor=service(env), wire=wire)
    if fail:
        activity["error"] = content or code
    return [keep(activity, command=command, params=context)]


def put_standard_reply(activity: Activity, env: Env, wire: Wire) -> Line:
    obj = object_of(activity)
    context = activity.get("irc:params", [])
    if not isinstance(context, list) or not all(isinstance(item, str) for item in context):
        raise TranslationError("$['irc:params']", "not an array of strings")
    params = (text(activity, "irc:command", "$['irc:command']"), text(obj, "condition", "$.object.condition"), *context)
    return unframe(activity, env, wire, wire["command"], *params, one_line(obj, "content", "$.object.content"))


def get_welcome(line: Line, env: Env) -> list[Activity] | None:
    """001 to 004: the server introduces itself."""
    if len(line.params) < 2:
        return None
    me, *rest = line.params
    obj = {"type": "content", "content": " ".join(rest)}
    wire: Wire = {"command": line.command, "params": [me, *rest]}
    return [frame(line, env, "announce", person(env.nick, env), obj, actor=service(env), wire=wire)]


def put_welcome(activity: Activity, env: Env, wire: Wire) -> Line:
    me, *rest = wire.get("params") or [env.nick]
    content = one_line(object_of(activity), "content", "$.object.content")
    if content != " ".join(rest):
        rest = [content]
    return unframe(activity, env, wire, wire["command"], me, *rest)


def get_isupport(line: Line, env: Env) -> list[Activity] | None:
    """005 RPL_ISUPPORT: what the network is and can, as tokens in ``irc:isupport``."""
    if len(line.params) < 3:
        return None
    me, *tokens, closing = line.params
    said: dict[str, Any] = {}
    for token in tokens:
        key, equals, value = token.partition("=")
        said[key] = value if equals else True
    if len(said) != len(tokens) or "" in said:
        return None
    obj: dict[str, Any] = {"type": "content"}
    if isinstance(said.get("NETWORK"), str):
        obj["network"] = said["NETWORK"]
    wire: Wire = {"command": "005", "params": [me, closing]}
    activity = frame(line, env, "announce", person(env.nick, env), obj, actor=service(env), wire=wire)
    return [keep(activity, isupport=said)]


def put_isupport(activity: Activity, env: Env, wire: Wire) -> Line:
    said = activity.get("irc:isupport")
    if not isinstance(said, dict):
        raise TranslationError("$['irc:isupport']", "missing or not an object")
    network = object_of(activity).get("network")
    tokens = []
    for key, value in said.items():
        if key == "NETWORK" and isinstance(network, str):
            value = network
        tokens.append(key if value is True else f"{key}={value}")
    me, closing = [*wire.get("params", []), "", ""][:2]
    return unframe(activity, env, wire, "005", me, *tokens, closing)


def get_motd(line: Line, env: Env) -> list[Activity] | None:
    """372, 375, 376 and 422 by themselves: one line of the message of the day each; an aggregator joins them."""
    if len(line.params) != 2:
        return None
    obj = {"type": "topic", "content": line.params[1]}
    wire: Wire = {"command": line.command, "params": [line.params[0]]}
    return [frame(line, env, "update", service(env), obj, actor=service(env), wire=wire)]


def put_motd(activity: Activity, env: Env, wire: Wire) -> Line:
    content = one_line(object_of(activity), "content", "$.object.content")
    return unframe(activity, env, wire, wire["command"], *wire.get("params", []), content)


def get_raw(line: Line, env: Env) -> list[Activity]:
    """Any line at all: command and parameters as they are."""
    obj = {"type": "irc:raw", "command": line.command, "params": list(line.params)}
    return [frame(line, env, "irc:raw", None, obj)]


def put_raw(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    """``irc:raw``. Without residue it is our own side's, and refused unless ``env.raw`` allows it."""
    if wire is None and not env.raw:
        raise TranslationError("$.type", "raw commands are not allowed here")
    obj = object_of(activity)
    command = text(obj, "command", "$.object.command").upper()
    if not (command.isascii() and command.isalnum()):
        raise TranslationError("$.object.command", "not a command")
    params = obj.get("params", [])
    if not isinstance(params, list) or not all(isinstance(item, str) for item in params):
        raise TranslationError("$.object.params", "not an array of strings")
    return [write(activity, env, wire, command, *params)]
