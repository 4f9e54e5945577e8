"""Who comes and goes: JOIN, PART, QUIT, KICK, KILL, NICK, INVITE and 341."""

from __future__ import annotations

from typing import Any, Final

from ..errors import TranslationError
from .entities import name_of, person, room, service
from .env import Activity, Entity, Env
from .fields import channel, is_channel, is_nick, is_word, middle, nickname, object_of, one_line
from .frame import Wire, actor_of, frame, keep, unframe, write
from .line import Line

__all__ = [
    "get_341",
    "get_invite",
    "get_join",
    "get_kick",
    "get_kill",
    "get_nick",
    "get_part",
    "get_quit",
    "put_341",
    "put_invite",
    "put_join",
    "put_kill",
    "put_leave",
    "put_nick",
    "put_quit",
]

LEFT: Final = "user has left the channel"
QUIT: Final = "user has quit"
"""What existing clients expect as content where the user gave no reason; ``irc:reason`` is null then."""


def get_join(line: Line, env: Env) -> list[Activity] | None:
    """JOIN of the server's (``extended-join``: account and real name) or a client's (list of channels and keys)."""
    params = line.params
    if not params or not params[0]:
        return None
    if len(params) == 3 and line.source is not None and actor_of(line.source, env)[1] == "mask":
        return _get_extended_join(line, env)
    if len(params) > 2 or (len(params) == 2 and line.source is not None):
        return None
    names = params[0].split(",")
    keys = params[1].split(",") if len(params) == 2 else []
    if len(keys) > len(names) or not all(map(is_word, keys)) or not all(is_channel(name, env) for name in names):
        return None
    activities = []
    for index, name in enumerate(names):
        wire = {"group": [index, len(names)]} if len(names) > 1 else None
        activity = frame(line, env, "join", room(name, env), wire=wire)
        activities.append(keep(activity, key=keys[index]) if index < len(keys) else activity)
    return activities


def _get_extended_join(line: Line, env: Env) -> list[Activity] | None:
    name, account, realname = line.params
    if not is_channel(name, env) or not is_word(account):
        return None
    about = {"irc:account": None if account == "*" else account, "irc:realname": realname}
    return [frame(line, env, "join", room(name, env), about=about)]


def put_join(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    params = [channel(activity, env)]
    if wire is not None and "mask" in wire:
        actor = activity.get("actor")
        if isinstance(actor, dict) and "irc:realname" in actor:
            account = actor.get("irc:account")
            params += [
                "*" if account is None else middle(actor, "irc:account", "$.actor['irc:account']"),
                one_line(actor, "irc:realname", "$.actor['irc:realname']"),
            ]
    elif "irc:key" in activity:
        key = middle(activity, "irc:key", "$['irc:key']")
        if "," in key:
            raise TranslationError("$['irc:key']", "not one key")
        params.append(key)
    return [write(activity, env, wire, "JOIN", *params)]


def _reason(activity: Activity, reason: str | None, constant: str) -> Activity:
    """Note that no reason was given: the content is a constant then."""
    activity["object"]["content"] = constant if reason is None else reason
    return keep(activity, reason=None) if reason is None else activity


def _reason_of(activity: Activity, constant: str) -> list[str]:
    """The reason as parameters: none when there is none."""
    obj = object_of(activity)
    if "content" not in obj:
        return []
    content = one_line(obj, "content", "$.object.content")
    if content == constant and "irc:reason" in activity and activity["irc:reason"] is None:
        return []
    return [content]


def get_part(line: Line, env: Env) -> list[Activity] | None:
    """PART: ``leave`` of each room."""
    if len(line.params) not in (1, 2):
        return None
    names = line.params[0].split(",")
    if not all(is_channel(name, env) for name in names):
        return None
    reason = line.params[1] if len(line.params) == 2 else None
    activities = []
    for index, name in enumerate(names):
        wire = {"group": [index, len(names)]} if len(names) > 1 else None
        activity = frame(line, env, "leave", room(name, env), {"type": "message", "content": ""}, wire=wire)
        activities.append(_reason(activity, reason, LEFT))
    return activities


def get_quit(line: Line, env: Env) -> list[Activity] | None:
    """QUIT: ``leave`` of the service."""
    if len(line.params) > 1:
        return None
    activity = frame(line, env, "leave", service(env), {"type": "message", "content": ""})
    return [_reason(activity, line.params[0] if line.params else None, QUIT)]


def get_kick(line: Line, env: Env) -> list[Activity] | None:
    """KICK: ``leave`` of the victim, ``irc:by`` the one who kicked."""
    if len(line.params) not in (2, 3):
        return None
    name, nick = line.params[:2]
    if not is_channel(name, env) or not is_nick(nick, env):
        return None
    reason = line.params[2] if len(line.params) == 3 else None
    return [_thrown_out(line, env, person(nick, env), room(name, env), reason, LEFT, {})]


def get_kill(line: Line, env: Env) -> list[Activity] | None:
    """KILL: ``leave`` of the service by force."""
    if len(line.params) not in (1, 2) or not is_nick(line.params[0], env):
        return None
    reason = line.params[1] if len(line.params) == 2 else None
    victim = person(line.params[0], env)
    return [_thrown_out(line, env, victim, service(env), reason, QUIT, {})]


def _thrown_out(
    line: Line, env: Env, victim: Entity, place: Entity, reason: str | None, constant: str, wire: Wire
) -> Activity:
    activity = frame(line, env, "leave", place, {"type": "message", "content": ""}, actor=victim, wire=wire)
    by = person(env.nick, env)
    if line.source is not None:
        by, key, value = actor_of(line.source, env)
        wire[key] = value
        del wire["source"]
    return _reason(keep(activity, by=by), reason, constant)


def put_leave(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    """``leave`` a room (PART) or the service (QUIT); with ``irc:by``, by another's hand (KICK, KILL)."""
    target = activity.get("target")
    if not name_of(target, env, "$.target"):
        by_force = "irc:by" in activity
        return [put_kill(activity, env, wire)] if by_force else put_quit(activity, env, wire)
    name = channel(activity, env)
    if "irc:by" in activity:
        nick = nickname(activity.get("actor"), env, "$.actor")
        return [write(activity, env, wire, "KICK", name, nick, *_reason_of(activity, LEFT))]
    return [write(activity, env, wire, "PART", name, *_reason_of(activity, LEFT))]


def put_kill(activity: Activity, env: Env, wire: Wire | None) -> Line:
    nick = nickname(activity.get("actor"), env, "$.actor")
    return write(activity, env, wire, "KILL", nick, *_reason_of(activity, QUIT))


def put_quit(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    """``disconnect``, or ``leave`` of the service."""
    return [write(activity, env, wire, "QUIT", *_reason_of(activity, QUIT))]


def get_nick(line: Line, env: Env) -> list[Activity] | None:
    """NICK: ``update`` of the address, from the old person to the new."""
    if len(line.params) != 1 or not is_nick(line.params[0], env):
        return None
    return [frame(line, env, "update", person(line.params[0], env), {"type": "address"})]


def put_nick(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    return [write(activity, env, wire, "NICK", nickname(activity.get("target"), env, "$.target"))]


def get_invite(line: Line, env: Env) -> list[Activity] | None:
    """INVITE: ``invite`` to the room of the person who is the object."""
    if len(line.params) != 2:
        return None
    nick, name = line.params
    if not is_nick(nick, env) or not is_channel(name, env):
        return None
    return [frame(line, env, "invite", room(name, env), person(nick, env))]


def get_341(line: Line, env: Env) -> list[Activity] | None:
    """RPL_INVITING: our own invitation went out."""
    if len(line.params) != 3:
        return None
    me, nick, name = line.params
    if not is_nick(nick, env) or not is_channel(name, env):
        return None
    wire: dict[str, Any] = {"command": "341", "params": [me]}
    return [frame(line, env, "invite", room(name, env), person(nick, env), actor=person(env.nick, env), wire=wire)]


def put_invite(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    nick = nickname(activity.get("object"), env, "$.object")
    return [write(activity, env, wire, "INVITE", nick, channel(activity, env))]


def put_341(activity: Activity, env: Env, wire: Wire) -> Line:
    params = wire.get("params", [])
    return unframe(
        activity, env, wire, "341", *params, nickname(activity.get("object"), env, "$.object"), channel(activity, env)
    )
