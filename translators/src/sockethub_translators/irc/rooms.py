"""What rooms are like: TOPIC and 331-333, MODE, 221 and 324, roles of members, LIST rows, MARKREAD."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from ..errors import TranslationError
from .entities import name_of, person, room
from .env import Activity, Env
from .fields import channel, is_channel, is_nick, is_word, nickname, object_of, one_line, text, word
from .frame import WIRE, Wire, actor_of, frame, keep, moment_of, unframe, write
from .line import Line
from .membership import put_nick
from .modes import LETTER_OF_ROLE, Mode, parse_modes, role_of, write_modes

__all__ = [
    "LISTS",
    "get_322",
    "get_list_row",
    "get_mode",
    "get_mode_reply",
    "get_rename",
    "get_topic",
    "get_topic_reply",
    "get_topic_who_time",
    "put_322",
    "put_address",
    "put_list_row",
    "put_mode",
    "put_mode_reply",
    "put_query_list",
    "put_query_mode",
    "put_query_topic",
    "put_relationship",
    "put_topic",
    "put_topic_reply",
    "put_topic_who_time",
]


def get_topic(line: Line, env: Env) -> list[Activity] | None:
    """TOPIC: ``update`` of the room; without text, and from a client, a question."""
    if len(line.params) not in (1, 2) or not is_channel(line.params[0], env):
        return None
    target = room(line.params[0], env)
    if len(line.params) == 1:
        return [frame(line, env, "query", target, {"type": "topic"})]
    return [frame(line, env, "update", target, {"type": "topic", "content": line.params[1]})]


def put_topic(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    obj = object_of(activity)
    key = "content" if "content" in obj or "topic" not in obj else "topic"
    return [write(activity, env, wire, "TOPIC", channel(activity, env), one_line(obj, key, f"$.object.{key}"))]


def put_query_topic(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    return [write(activity, env, wire, "TOPIC", channel(activity, env))]


def get_topic_reply(line: Line, env: Env) -> list[Activity] | None:
    """332 RPL_TOPIC, and 331 RPL_NOTOPIC as an empty topic."""
    if len(line.params) != 3 or not is_channel(line.params[1], env):
        return None
    me, name, content = line.params
    wire: Wire = {"command": line.command, "params": [me]}
    if line.command == "331":
        wire["params"].append(content)
        content = ""
    return [frame(line, env, "update", room(name, env), {"type": "topic", "content": content}, wire=wire)]


def put_topic_reply(activity: Activity, env: Env, wire: Wire) -> Line:
    me, *rest = wire.get("params") or [env.nick]
    content = one_line(object_of(activity), "content", "$.object.content")
    command = "331" if wire["command"] == "331" and not content else "332"
    if command == "331":
        content = rest[0] if rest else "No topic is set"
    return unframe(activity, env, wire, command, me, channel(activity, env), content)


def get_topic_who_time(line: Line, env: Env) -> list[Activity] | None:
    """333 RPL_TOPICWHOTIME: who set the topic, and when (``published``). The topic itself came with 332."""
    if len(line.params) != 4 or not is_channel(line.params[1], env):
        return None
    me, name, setter, seconds = line.params
    published = moment_of(seconds)
    if not setter or published is None:
        return None
    actor, key, value = actor_of(setter, env)
    wire: Wire = {"command": "333", "params": [me, key, value]}
    activity = frame(line, env, "update", room(name, env), {"type": "topic"}, actor=actor, wire=wire)
    tags = wire.get("tags", {})
    if "time" in line.tags:
        tags["time"] = line.tags["time"]
    activity.pop(WIRE)
    return [activity | {"published": published, WIRE: wire}]


def put_topic_who_time(activity: Activity, env: Env, wire: Wire) -> Line:
    me, key, value = [*wire.get("params", []), "", "", ""][:3]
    actor = activity.get("actor")
    nick = name_of(actor, env, "$.actor")
    is_person = nick or (isinstance(actor, dict) and actor.get("type") == "person")
    setter = nick + (value if key == "mask" else "") if is_person else value or env.server
    try:
        moment = datetime.fromisoformat(text(activity, "published", "$.published"))
    except ValueError:
        raise TranslationError("$.published", "not an RFC 3339 time") from None
    line = unframe(activity, env, wire, "333", me, channel(activity, env), setter, str(int(moment.timestamp())))
    kept = wire.get("tags") or {}
    if isinstance(kept.get("time"), str):
        return Line(line.command, line.params, line.source, {**line.tags, "time": kept["time"]})
    return line


def get_mode(line: Line, env: Env) -> list[Activity] | None:
    """MODE: ``add`` or ``remove`` a role for each member concerned, ``update`` for runs of other modes."""
    if not line.params:
        return None
    name, *words = line.params
    if is_channel(name, env):
        if not words:
            return [frame(line, env, "query", room(name, env), {"type": "mode"})]
        modes = parse_modes(words, env.isupport) if all(map(is_word, words)) else None
        return None if modes is None else _channel_modes(line, env, name, words, modes)
    modes = parse_modes(words, env.isupport, user=True) if all(map(is_word, words)) else None
    if modes is None or not is_nick(name, env):
        return None
    wire: Wire | None = {"modes": words[0]} if write_modes(modes) != words else None
    return [frame(line, env, "update", person(name, env), _mode_object(modes), wire=wire)]


def _channel_modes(line: Line, env: Env, name: str, words: list[str], modes: list[Mode]) -> list[Activity] | None:
    parts: list[list[Mode]] = []
    for mode in modes:
        letter = mode[1]
        if letter in env.isupport.prefix_modes:
            if not is_nick(mode[2] or "", env):
                return None
            parts.append([mode])
        elif parts and parts[-1][0][1] not in env.isupport.prefix_modes:
            parts[-1].append(mode)
        else:
            parts.append([mode])
    activities = []
    for index, part in enumerate(parts):
        wire: Wire | None = {"group": [index, len(parts)]} if len(parts) > 1 else None
        if index == 0 and write_modes(modes) != words:
            wire = wire or {}
            wire["modes"] = words[0]
        sign, letter, nick = part[0]
        if letter in env.isupport.prefix_modes and nick is not None:
            verb = "add" if sign == "+" else "remove"
            obj = _relationship(letter, name, env)
            activities.append(frame(line, env, verb, person(nick, env), obj, wire=wire))
        else:
            activities.append(frame(line, env, "update", room(name, env), _mode_object(part), wire=wire))
    return activities


def _relationship(letter: str, name: str, env: Env) -> dict[str, Any]:
    return {
        "type": "relationship",
        "relationship": "role",
        "subject": {"type": "presence", "role": role_of(letter, env.isupport), "irc:modes": letter},
        "object": room(name, env),
    }


def put_relationship(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    """``add`` or ``remove`` a role. ``irc:modes`` is the exact letter; it counts while it agrees with the role."""
    obj = object_of(activity)
    subject = obj.get("subject")
    if not isinstance(subject, dict):
        raise TranslationError("$.object.subject", "missing or not an object")
    role = text(subject, "role", "$.object.subject.role")
    letter = subject.get("irc:modes")
    if not isinstance(letter, str) or len(letter) != 1 or role_of(letter, env.isupport) != role:
        letter = LETTER_OF_ROLE.get(role, "")
    if letter not in env.isupport.prefix_modes or not letter:
        raise TranslationError("$.object.subject.role", "not a role that this server can give")
    name = name_of(obj.get("object"), env, "$.object.object")
    if not is_channel(name, env):
        raise TranslationError("$.object.object.id", "not a channel of this server")
    nick = nickname(activity.get("target"), env, "$.target")
    sign = "-" if activity["type"] == "remove" else "+"
    return [write(activity, env, wire, "MODE", word(name, "$.object.object.id"), sign + letter, nick)]


def _mode_object(modes: list[Mode]) -> dict[str, Any]:
    return {"type": "mode", "modes": [[part for part in mode if part is not None] for mode in modes]}


def _modes_of(activity: Activity) -> list[Mode]:
    modes = object_of(activity).get("modes")
    if not isinstance(modes, list) or not modes:
        raise TranslationError("$.object.modes", "missing, empty or not an array")
    out: list[Mode] = []
    for index, mode in enumerate(modes):
        path = f"$.object.modes[{index}]"
        if not isinstance(mode, list) or len(mode) not in (2, 3) or not all(isinstance(part, str) for part in mode):
            raise TranslationError(path, "not [sign, letter] or [sign, letter, argument]")
        sign, letter, *rest = mode
        if sign not in ("+", "-") or len(letter) != 1 or letter in "+- " or not is_word("+" + letter):
            raise TranslationError(path, "not a sign and a letter")
        out.append((sign, letter, word(rest[0], f"{path}[2]") if rest else None))
    return out


def _mode_words(modes: list[Mode], wire: Wire | None, env: Env, *, user: bool) -> list[str]:
    """The modes as words: as they were written, if that is still what they say."""
    words = write_modes(modes)
    if wire is not None and "modes" in wire:
        exact = [wire["modes"], *words[1:]]
        if parse_modes(exact, env.isupport, user=user) == modes:
            return exact
    return words


def put_mode(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    name = name_of(activity.get("target"), env, "$.target")
    user = not is_channel(name, env)
    if user:
        name = nickname(activity.get("target"), env, "$.target") if name else env.nick
    words = _mode_words(_modes_of(activity), wire, env, user=user)
    return [write(activity, env, wire, "MODE", word(name, "$.target.id"), *words)]


def put_query_mode(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    return [write(activity, env, wire, "MODE", channel(activity, env))]


def get_mode_reply(line: Line, env: Env) -> list[Activity] | None:
    """324 RPL_CHANNELMODEIS and 221 RPL_UMODEIS."""
    user = line.command == "221"
    if len(line.params) < (2 if user else 3):
        return None
    if user:
        name, *words = line.params
        wire: Wire = {"command": "221"}
    else:
        me, name, *words = line.params
        wire = {"command": "324", "params": [me]}
    modes = parse_modes(words, env.isupport, user=user) if all(map(is_word, words)) else None
    if modes is None or not (is_nick(name, env) if user else is_channel(name, env)):
        return None
    if write_modes(modes) != words:
        wire["modes"] = words[0]
    return [frame(line, env, "update", person(name, env) if user else room(name, env), _mode_object(modes), wire=wire)]


def put_mode_reply(activity: Activity, env: Env, wire: Wire) -> Line:
    user = wire["command"] == "221"
    name = nickname(activity.get("target"), env, "$.target") if user else channel(activity, env)
    words = _mode_words(_modes_of(activity), wire, env, user=user)
    return unframe(activity, env, wire, wire["command"], *wire.get("params", []), name, *words)


def get_322(line: Line, env: Env) -> list[Activity] | None:
    """322 RPL_LIST: one room of the list."""
    if len(line.params) != 4 or not is_channel(line.params[1], env):
        return None
    me, name, count, topic = line.params
    if not (count.isascii() and count.isdigit() and len(count) < 10 and count == str(int(count))):
        return None
    entry = {**room(name, env), "topic": topic, "members": int(count)}
    wire: Wire = {"command": "322", "params": [me]}
    obj = {"type": "room-list", "rooms": [entry]}
    return [frame(line, env, "query", person(env.nick, env), obj, wire=wire)]


def put_322(activity: Activity, env: Env, wire: Wire) -> Line:
    rooms = object_of(activity).get("rooms")
    if not isinstance(rooms, list) or len(rooms) != 1 or not isinstance(rooms[0], dict):
        raise TranslationError("$.object.rooms", "not one room")
    name = name_of(rooms[0], env, "$.object.rooms[0]")
    members = rooms[0].get("members")
    if type(members) is not int or members < 0:
        raise TranslationError("$.object.rooms[0].members", "not a number of members")
    topic = one_line(rooms[0], "topic", "$.object.rooms[0].topic")
    return unframe(activity, env, wire, "322", *wire.get("params", []), name, str(members), topic)


def put_query_list(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    """``query`` the rooms of the service: LIST."""
    return [write(activity, env, wire, "LIST")]


LISTS: Final = {"346": "I", "348": "e", "367": "b"}
"""Rows of invitation, exception and ban lists, by their mode."""


def get_list_row(line: Line, env: Env) -> list[Activity] | None:
    """One row of a list of masks: ``me channel mask``, and often who set it and when."""
    if len(line.params) < 3 or not is_channel(line.params[1], env) or not is_word(line.params[2]):
        return None
    me, name, mask, *rest = line.params
    wire: Wire = {"command": line.command, "params": [me, *rest]}
    obj = _mode_object([("+", LISTS[line.command], mask)])
    return [frame(line, env, "query", person(env.nick, env), obj, actor=room(name, env), wire=wire)]


def put_list_row(activity: Activity, env: Env, wire: Wire) -> Line:
    me, *rest = wire.get("params") or [env.nick]
    ((_, _, mask), *_others) = _modes_of(activity)
    name = channel({"target": activity.get("actor")}, env)
    return unframe(activity, env, wire, wire["command"], me, name, mask or "", *rest)


def get_rename(line: Line, env: Env) -> list[Activity] | None:
    """RENAME (IRCv3 ``channel-rename``): ``update`` of the address, from the old room to the new; ``irc:by`` whom."""
    if len(line.params) not in (2, 3) or not all(is_channel(name, env) for name in line.params[:2]):
        return None
    obj = {"type": "address"}
    if len(line.params) == 3:
        obj["content"] = line.params[2]
    wire: Wire = {}
    old, new = line.params[:2]
    activity = frame(line, env, "update", room(new, env), obj, actor=room(old, env), wire=wire)
    by = person(env.nick, env)
    if line.source is not None:
        by, key, value = actor_of(line.source, env)
        wire[key] = value
        del wire["source"]
    return [keep(activity, by=by)]


def put_address(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    """A new address: of a room, RENAME; of ourselves, NICK."""
    actor = activity.get("actor")
    if not isinstance(actor, dict) or actor.get("type") != "room":
        return put_nick(activity, env, wire)
    if wire is None and "draft/channel-rename" not in env.caps:
        raise TranslationError("$.actor.type", "the server does not let rooms be renamed")
    params = [channel({"target": actor}, env), channel(activity, env)]
    obj = object_of(activity)
    if "content" in obj:
        params.append(one_line(obj, "content", "$.object.content"))
    by = activity.get("irc:by")
    return [write(activity if by is None else {**activity, "actor": by}, env, wire, "RENAME", *params)]
