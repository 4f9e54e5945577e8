"""Who is there, and how: NAMES, WHO rows, AWAY and its replies, ACCOUNT, CHGHOST, SETNAME, MONITOR."""

from __future__ import annotations

from typing import Any, Final

from ..errors import TranslationError
from .entities import name_of, person, room, service
from .env import Activity, Env
from .fields import channel, is_channel, is_nick, middle, nickname, object_of, one_line, text
from .frame import Wire, frame, unframe, write
from .line import Line
from .modes import role_of

__all__ = [
    "WHOX",
    "get_301",
    "get_305",
    "get_352",
    "get_353",
    "get_354",
    "get_366",
    "get_account",
    "get_away",
    "get_chghost",
    "get_monitor",
    "get_names",
    "get_setname",
    "member_of",
    "put_301",
    "put_305",
    "put_352",
    "put_353",
    "put_354",
    "put_366",
    "put_account",
    "put_chghost",
    "put_monitor",
    "put_presence",
    "put_profile",
    "put_query_attendance",
    "put_setname",
]

AWAY: Final = "away"
WHOX_TOKEN: Final = "152"
WHOX: Final = f"%tcuhnfar,{WHOX_TOKEN}"
"""What to ask in WHO where ISUPPORT has WHOX, so that the rows can be read."""
_AWAY_PRESENCES: Final = frozenset({"away", "xa", "dnd"})


def get_away(line: Line, env: Env) -> list[Activity] | None:
    """AWAY: of ours or, with ``away-notify``, of others."""
    if len(line.params) > 1 or line.params == ("",):
        return None
    presence = {"type": "presence", "presence": "away", "content": line.params[0]} if line.params else _online()
    return [frame(line, env, "update", service(env), presence)]


def _online() -> dict[str, Any]:
    return {"type": "presence", "presence": "online"}


def put_presence(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    """Our own presence. IRC knows only away, with a text, and back."""
    obj = object_of(activity)
    if wire is None and "role" in obj:
        raise TranslationError("$.object.role", "a role is given with add and taken with remove")
    presence = text(obj, "presence", "$.object.presence")
    if presence in _AWAY_PRESENCES:
        content = one_line(obj, "content", "$.object.content", AWAY) or AWAY
        return [write(activity, env, wire, "AWAY", content)]
    if presence != "online":
        raise TranslationError("$.object.presence", "not online, away, xa or dnd; to go offline, disconnect")
    return [write(activity, env, wire, "AWAY")]


def get_301(line: Line, env: Env) -> list[Activity] | None:
    """301 RPL_AWAY: someone we wrote to is away."""
    if len(line.params) != 3 or not is_nick(line.params[1], env):
        return None
    me, nick, content = line.params
    obj = {"type": "presence", "presence": "away", "content": content}
    wire: Wire = {"command": "301", "params": [me]}
    return [frame(line, env, "update", service(env), obj, actor=person(nick, env), wire=wire)]


def put_301(activity: Activity, env: Env, wire: Wire) -> Line:
    nick = nickname(activity.get("actor"), env, "$.actor")
    content = one_line(object_of(activity), "content", "$.object.content")
    return unframe(activity, env, wire, "301", *wire.get("params", []), nick, content)


def get_305(line: Line, env: Env) -> list[Activity] | None:
    """305 RPL_UNAWAY and 306 RPL_NOWAWAY: our own presence, confirmed."""
    if len(line.params) != 2:
        return None
    obj = {"type": "presence", "presence": "online" if line.command == "305" else "away"}
    wire: Wire = {"command": "305", "params": list(line.params)}
    return [frame(line, env, "update", service(env), obj, actor=person(env.nick, env), wire=wire)]


def put_305(activity: Activity, env: Env, wire: Wire) -> Line:
    command = "305" if object_of(activity).get("presence") == "online" else "306"
    return unframe(activity, env, wire, command, *wire.get("params", []))


def member_of(name: str, env: Env) -> tuple[str, str, str]:
    """An entry of NAMES: prefix modes, nickname, and the rest (``!user@host`` with ``userhost-in-names``)."""
    isupport = env.isupport
    nick = name.lstrip(isupport.prefix_chars) if isupport.prefix_chars else name
    chars = name[: len(name) - len(nick)]
    modes = "".join(isupport.prefix_modes[isupport.prefix_chars.index(char)] for char in chars)
    nick, bang, rest = nick.partition("!")
    return modes, nick, bang + rest


def get_353(line: Line, env: Env) -> list[Activity] | None:
    """353 RPL_NAMREPLY: the presence and role of each member."""
    if len(line.params) != 4 or not is_channel(line.params[2], env):
        return None
    me, symbol, name, text_ = line.params
    names = text_.rstrip(" ").split(" ")
    activities = []
    for index, entry in enumerate(names):
        modes, nick, rest = member_of(entry, env)
        if not is_nick(nick, env):
            return None
        wire: Wire = {"command": "353", "params": [me, symbol]}
        if rest:
            wire["userhost"] = rest
        if len(names) > 1:
            wire["group"] = [index, len(names)]
        if index == 0 and text_[-1:] == " ":
            wire["tail"] = text_[len(text_.rstrip(" ")) :]
        obj = {"type": "presence", "role": role_of(modes, env.isupport)}
        if modes:
            obj["irc:modes"] = modes
        activities.append(frame(line, env, "update", room(name, env), obj, actor=person(nick, env), wire=wire))
    return activities


def put_353(activity: Activity, env: Env, wire: Wire) -> Line:
    nick = nickname(activity.get("actor"), env, "$.actor")
    prefix = _prefix(object_of(activity), env)
    entry = prefix + nick + wire.get("userhost", "") + wire.get("tail", "")
    return unframe(activity, env, wire, "353", *wire.get("params", []), channel(activity, env), entry)


def _prefix(obj: dict[str, Any], env: Env) -> str:
    """Prefix characters: of ``irc:modes`` while they agree with the role, else of the role."""
    isupport = env.isupport
    role = obj.get("role")
    modes = obj.get("irc:modes", "")
    if not isinstance(modes, str) or role_of(modes, isupport) != role:
        modes = next(
            (letter for letter in ("o", "h", "v", *isupport.prefix_modes) if role_of(letter, isupport) == role), ""
        )
    try:
        return "".join([isupport.prefix_chars[isupport.prefix_modes.index(letter)] for letter in modes])
    except ValueError:
        raise TranslationError("$.object.role", "not a role that this server knows") from None


def get_366(line: Line, env: Env) -> list[Activity] | None:
    """366 RPL_ENDOFNAMES by itself: an attendance without members; an aggregator adds them."""
    if len(line.params) != 3 or not is_channel(line.params[1], env):
        return None
    me, name, content = line.params
    wire: Wire = {"command": "366", "params": [me, content]}
    obj = {"type": "attendance"}
    return [frame(line, env, "query", person(env.nick, env), obj, actor=room(name, env), wire=wire)]


def put_366(activity: Activity, env: Env, wire: Wire) -> Line:
    me, content = [*wire.get("params", []), "", ""][:2]
    name = channel({"target": activity.get("actor")}, env)
    return unframe(activity, env, wire, "366", me, name, content)


def get_names(line: Line, env: Env) -> list[Activity] | None:
    """NAMES: a client asks who is in a room."""
    if len(line.params) != 1 or not is_channel(line.params[0], env):
        return None
    return [frame(line, env, "query", room(line.params[0], env), {"type": "attendance"})]


def put_query_attendance(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    return [write(activity, env, wire, "NAMES", channel(activity, env))]


def get_352(line: Line, env: Env) -> list[Activity] | None:
    """352 RPL_WHOREPLY: ``me channel user host server nick flags :hops realname``."""
    if len(line.params) != 8:
        return None
    me, name, user, host, server, nick, flags, last = line.params
    hops, space, realname = last.partition(" ")
    if not space:
        return None
    wire: Wire = {"command": "352", "params": [me, server, flags, hops]}
    return _who_row(line, env, wire, name, nick, flags, {"irc:user": user, "irc:host": host, "irc:realname": realname})


def get_354(line: Line, env: Env) -> list[Activity] | None:
    """354 RPL_WHOSPCRPL, as the answer to :data:`WHOX`; other fields cannot be told apart and stay raw."""
    if len(line.params) != 9 or line.params[1] != WHOX_TOKEN:
        return None
    me, token, name, user, host, nick, flags, account, realname = line.params
    wire: Wire = {"command": "354", "params": [me, token, flags]}
    about = {
        "irc:user": user,
        "irc:host": host,
        "irc:account": None if account == "0" else account,
        "irc:realname": realname,
    }
    return _who_row(line, env, wire, name, nick, flags, about)


def _who_row(
    line: Line, env: Env, wire: Wire, name: str, nick: str, flags: str, about: dict[str, Any]
) -> list[Activity] | None:
    if not is_nick(nick, env) or flags[:1] not in ("H", "G") or not flags:
        return None
    if name != "*" and not is_channel(name, env):
        return None
    chars = "".join(char for char in flags[1:] if char in env.isupport.prefix_chars)
    modes = "".join(env.isupport.prefix_modes[env.isupport.prefix_chars.index(char)] for char in chars)
    obj = {"type": "presence", "presence": "online" if flags[0] == "H" else "away"}
    if name != "*":
        obj["role"] = role_of(modes, env.isupport)
    if modes:
        obj["irc:modes"] = modes
    target = service(env) if name == "*" else room(name, env)
    return [frame(line, env, "update", target, obj, actor={**person(nick, env), **about}, wire=wire)]


def put_352(activity: Activity, env: Env, wire: Wire) -> Line:
    me, server, flags, hops = [*wire.get("params", []), "", "", "", ""][:4]
    name, user, host, nick, flags, realname = _who_columns(activity, env, flags)
    return unframe(activity, env, wire, "352", me, name, user, host, server, nick, flags, f"{hops} {realname}")


def put_354(activity: Activity, env: Env, wire: Wire) -> Line:
    me, token, flags = [*wire.get("params", []), "", "", ""][:3]
    name, user, host, nick, flags, realname = _who_columns(activity, env, flags)
    actor = activity["actor"]
    account = "0" if actor.get("irc:account") is None else middle(actor, "irc:account", "$.actor['irc:account']")
    return unframe(activity, env, wire, "354", me, token, name, user, host, nick, flags, account, realname)


def _who_columns(activity: Activity, env: Env, flags: str) -> tuple[str, str, str, str, str, str]:
    actor: Any = activity.get("actor")
    nick = nickname(actor, env, "$.actor")
    obj = object_of(activity)
    name = name_of(activity.get("target"), env, "$.target")
    prefix = _prefix(obj, env) if "role" in obj else None
    if prefix not in (None, "".join(char for char in flags[1:] if char in env.isupport.prefix_chars)):
        flags = flags[:1] + "".join(char for char in flags[1:] if char not in env.isupport.prefix_chars) + str(prefix)
    flags = ("H" if obj.get("presence") == "online" else "G") + flags[1:]
    return (
        channel(activity, env) if name else "*",
        middle(actor, "irc:user", "$.actor['irc:user']"),
        middle(actor, "irc:host", "$.actor['irc:host']"),
        nick,
        flags,
        one_line(actor, "irc:realname", "$.actor['irc:realname']"),
    )


def get_account(line: Line, env: Env) -> list[Activity] | None:
    """ACCOUNT (``account-notify``); ``*`` means logged out."""
    if len(line.params) != 1 or not line.params[0]:
        return None
    account = line.params[0]
    obj = {"type": "profile", "irc:account": None if account == "*" else account}
    return [frame(line, env, "update", service(env), obj)]


def put_account(activity: Activity, env: Env, wire: Wire) -> Line:
    obj = object_of(activity)
    account = "*" if obj.get("irc:account", "") is None else middle(obj, "irc:account", "$.object['irc:account']")
    return unframe(activity, env, wire, "ACCOUNT", account)


def get_chghost(line: Line, env: Env) -> list[Activity] | None:
    """CHGHOST: a new user name and host."""
    if len(line.params) != 2 or not all(line.params):
        return None
    obj = {"type": "profile", "irc:user": line.params[0], "irc:host": line.params[1]}
    return [frame(line, env, "update", service(env), obj)]


def put_chghost(activity: Activity, env: Env, wire: Wire) -> Line:
    obj = object_of(activity)
    params = [middle(obj, key, f"$.object['{key}']") for key in ("irc:user", "irc:host")]
    return unframe(activity, env, wire, "CHGHOST", *params)


def get_setname(line: Line, env: Env) -> list[Activity] | None:
    """SETNAME: a new real name."""
    if len(line.params) != 1:
        return None
    return [frame(line, env, "update", service(env), {"type": "profile", "name": line.params[0]})]


def put_setname(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    return [write(activity, env, wire, "SETNAME", one_line(object_of(activity), "name", "$.object.name"))]


def put_profile(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    """A profile: the member it has tells whether it is SETNAME, ACCOUNT or CHGHOST; of our own, only SETNAME."""
    obj = object_of(activity)
    if "name" in obj or wire is None:
        return put_setname(activity, env, wire)
    return [put_account(activity, env, wire) if "irc:account" in obj else put_chghost(activity, env, wire)]


def get_monitor(line: Line, env: Env) -> list[Activity] | None:
    """730 RPL_MONONLINE and 731 RPL_MONOFFLINE (IRCv3 ``monitor``): the presence of each person watched."""
    if len(line.params) != 2:
        return None
    me, listed = line.params
    entries = listed.split(",")
    activities = []
    for index, entry in enumerate(entries):
        nick, bang, rest = entry.partition("!")
        if not is_nick(nick, env):
            return None
        wire: Wire = {"command": "730", "params": [me]}
        if bang:
            wire["userhost"] = bang + rest
        if len(entries) > 1:
            wire["group"] = [index, len(entries)]
        obj = {"type": "presence", "presence": "online" if line.command == "730" else "offline"}
        activities.append(frame(line, env, "update", service(env), obj, actor=person(nick, env), wire=wire))
    return activities


def put_monitor(activity: Activity, env: Env, wire: Wire) -> Line:
    nick = nickname(activity.get("actor"), env, "$.actor")
    command = "731" if object_of(activity).get("presence") == "offline" else "730"
    return unframe(activity, env, wire, command, *wire.get("params", []), nick + wire.get("userhost", ""))
