"""Lines to activities and back: the tables, and the rules that hold for all kinds.

:func:`to_activity` looks a line up by its command; a reader that does not recognise the form gives None, and the line
becomes ``irc:raw``: nothing is lost and nothing is guessed. :func:`from_activity` looks an activity up by the command
its residue names, else by verb and object type.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from ..activity import pruned
from ..errors import EncodeError, ParseError, TranslationError
from . import history, membership, messages, presence, replies, rooms, watching, whois
from .env import Activity, Env
from .frame import WIRE, Wire, is_group, wire_of
from .line import MAX_BODY_IN, MAX_CLIENT_TAG_DATA, MAX_TAGS, Line, decode, encode, prove
from .modes import parse_modes, write_modes

__all__ = ["from_activity", "strip", "to_activity"]

Getter: TypeAlias = Callable[[Line, Env], list[Activity] | None]
Putter: TypeAlias = Callable[[Activity, Env, Wire | None], list[Line]]
Restorer: TypeAlias = Callable[[Activity, Env, Wire], Line]

_GET: Final[dict[str, Getter]] = {
    "ACCOUNT": presence.get_account,
    "AWAY": presence.get_away,
    "CHATHISTORY": history.get_chathistory,
    "CHGHOST": presence.get_chghost,
    "ERROR": replies.get_error,
    "FAIL": replies.get_standard_reply,
    "INVITE": membership.get_invite,
    "JOIN": membership.get_join,
    "KICK": membership.get_kick,
    "KILL": membership.get_kill,
    "MARKREAD": history.get_markread,
    "MODE": rooms.get_mode,
    "MONITOR": watching.get_watch,
    "NAMES": presence.get_names,
    "NICK": membership.get_nick,
    "NOTE": replies.get_standard_reply,
    "NOTICE": messages.get_said,
    "PART": membership.get_part,
    "PRIVMSG": messages.get_said,
    "QUIT": membership.get_quit,
    "REDACT": messages.get_redact,
    "RENAME": rooms.get_rename,
    "SETNAME": presence.get_setname,
    "TAGMSG": messages.get_tagmsg,
    "TOPIC": rooms.get_topic,
    "WALLOPS": messages.get_wallops,
    "WARN": replies.get_standard_reply,
    "001": replies.get_welcome,
    "002": replies.get_welcome,
    "003": replies.get_welcome,
    "004": replies.get_welcome,
    "005": replies.get_isupport,
    "221": rooms.get_mode_reply,
    "301": presence.get_301,
    "305": presence.get_305,
    "306": presence.get_305,
    "322": rooms.get_322,
    "324": rooms.get_mode_reply,
    "331": rooms.get_topic_reply,
    "332": rooms.get_topic_reply,
    "333": rooms.get_topic_who_time,
    "341": membership.get_341,
    "352": presence.get_352,
    "353": presence.get_353,
    "354": presence.get_354,
    "366": presence.get_366,
    "372": replies.get_motd,
    "375": replies.get_motd,
    "376": replies.get_motd,
    "422": replies.get_motd,
    "730": presence.get_monitor,
    "731": presence.get_monitor,
}
_GET.update(dict.fromkeys(rooms.LISTS, rooms.get_list_row))
_GET.update(dict.fromkeys(whois.ROWS, whois.get_row))
for _number in range(400, 600):
    _GET.setdefault(str(_number), replies.get_numeric_error)

# By verb and object type; None stands for any, where the verb alone tells.
_PUT: Final[dict[tuple[str, str | None], Putter]] = {
    ("add", "reaction"): messages.put_reaction,
    ("add", "relationship"): rooms.put_relationship,
    ("connect", None): lambda activity, env, wire: [],
    ("delete", None): messages.put_delete,
    ("disconnect", None): membership.put_quit,
    ("invite", None): membership.put_invite,
    ("irc:raw", None): replies.put_raw,
    ("join", None): membership.put_join,
    ("leave", None): membership.put_leave,
    ("query", "attendance"): presence.put_query_attendance,
    ("query", "history"): history.put_history,
    ("query", "marker"): history.put_query_marker,
    ("query", "mode"): rooms.put_query_mode,
    ("query", "profile"): whois.put_query_profile,
    ("query", "room-list"): rooms.put_query_list,
    ("query", "topic"): rooms.put_query_topic,
    ("remove", "reaction"): messages.put_reaction,
    ("remove", "relationship"): rooms.put_relationship,
    ("remove-friend", None): watching.put_watch,
    ("request-friend", None): watching.put_watch,
    ("send", "ctcp"): messages.put_said,
    ("send", "me"): messages.put_said,
    ("send", "message"): messages.put_said,
    ("send", "note"): messages.put_said,
    ("send", "notice"): messages.put_said,
    ("update", "address"): rooms.put_address,
    ("update", "marker"): history.put_marker,
    ("update", "mode"): rooms.put_mode,
    ("update", "presence"): presence.put_presence,
    ("update", "profile"): presence.put_profile,
    ("update", "topic"): rooms.put_topic,
    ("update", "typing"): messages.put_typing,
}
_PUT_OF_VERB: Final[dict[str, dict[str | None, Putter]]] = {}
for (_verb, _kind), _putter in _PUT.items():
    _PUT_OF_VERB.setdefault(_verb, {})[_kind] = _putter

# By the command in the residue: what only a server says.
_RESTORE: Final[dict[str, Restorer]] = {
    "ERROR": replies.put_error,
    "FAIL": replies.put_standard_reply,
    "NOTE": replies.put_standard_reply,
    "WALLOPS": messages.put_wallops,
    "WARN": replies.put_standard_reply,
    "001": replies.put_welcome,
    "002": replies.put_welcome,
    "003": replies.put_welcome,
    "004": replies.put_welcome,
    "005": replies.put_isupport,
    "221": rooms.put_mode_reply,
    "301": presence.put_301,
    "305": presence.put_305,
    "322": rooms.put_322,
    "324": rooms.put_mode_reply,
    "331": rooms.put_topic_reply,
    "332": rooms.put_topic_reply,
    "333": rooms.put_topic_who_time,
    "341": membership.put_341,
    "352": presence.put_352,
    "353": presence.put_353,
    "354": presence.put_354,
    "366": presence.put_366,
    "372": replies.put_motd,
    "375": replies.put_motd,
    "376": replies.put_motd,
    "422": replies.put_motd,
    "730": presence.put_monitor,
}
_RESTORE.update(dict.fromkeys(rooms.LISTS, rooms.put_list_row))
_RESTORE.update(dict.fromkeys(whois.ROWS, whois.put_row))
for _number in range(400, 600):
    _RESTORE.setdefault(str(_number), replies.put_numeric_error)

# What is said was cut to size, and every part of it checked.
_SIZED: Final = frozenset({"PRIVMSG", "NOTICE"})

_LONE = re.compile("[\ud800-\udfff]")


def to_activity(line: Line, env: Env) -> list[Activity]:
    """The activities that a line means: one, or one per member for lines that concern several.

    Total over what :func:`decode` gives. A line without source is our own. The members are plain JSON, without lone
    surrogates; ``irc:wire`` is the residue, see :mod:`.frame`.
    """
    for param in line.params:
        if not param.isascii() and _LONE.search(param):
            return _with_bytes(line, env)
    source = line.source
    if source is not None and not source.isascii() and _LONE.search(source):
        return _with_bytes(line, env)
    if line.tags and any(map(_LONE.search, (*line.tags, *line.tags.values()))):
        return _with_bytes(line, env)
    get = _GET.get(line.command)
    if get is not None:
        activities = get(line, env)
        if activities is not None:
            return activities
    return replies.get_raw(line, env)


def _with_bytes(line: Line, env: Env) -> list[Activity]:
    """Translate what can be read of a line that is not UTF-8, and keep its bytes."""
    activities = to_activity(_readable(line, env), env)
    exact = base64.b64encode(encode(line, max_body=MAX_BODY_IN + 1)).decode()
    activities[0].setdefault(WIRE, {})["bytes"] = exact
    return activities


def _readable(line: Line, env: Env) -> Line:
    def read(text: str) -> str:
        if env.charset == "latin-1":
            return _LONE.sub(lambda match: chr(ord(match[0]) & 0xFF), text)
        return _LONE.sub("\ufffd", text)

    source = None if line.source is None else read(line.source)
    tags = {read(key): read(value) for key, value in line.tags.items()}
    return Line(line.command, tuple(map(read, line.params)), source, tags)


def from_activity(activity: Activity | Sequence[Activity], env: Env) -> list[Line]:
    """The lines that an activity, or several in order, become.

    Without residue: what a client sends, with text split to fit. With residue (what :func:`to_activity` gave,
    possibly edited): the line it came from, as the view now has it; the members of one group, given together, become
    one line again. Raises :class:`TranslationError` with the place; every line returned can be encoded.
    """
    if isinstance(activity, dict):
        return _one(activity, env)
    items = activity if isinstance(activity, list) else list(activity)
    if len(items) == 1 and isinstance(items[0], dict):
        return _one(items[0], env)
    lines: list[Line] = []
    start = 0
    while start < len(items):
        end = start + _group_size(items, start)
        lines += _group(items[start:end], env)
        start = end
    return lines


def _one(activity: Activity, env: Env) -> list[Line]:
    if WIRE not in activity:
        lines = _put(activity, env, None)
        _check(
            [line for line in lines if line.tags or line.command not in _SIZED],
            env.isupport.linelen,
            MAX_CLIENT_TAG_DATA + 2,
        )
        return lines
    wire = wire_of(activity)
    if wire is None or "bytes" in wire:
        return _group([activity], env)
    lines = _put(activity, env, wire)
    _check(lines, MAX_BODY_IN + 1, MAX_TAGS)
    return lines


def _put(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    if wire is not None and "command" in wire and wire["command"] in _RESTORE:
        return [_RESTORE[wire["command"]](activity, env, wire)]
    verb = activity.get("type")
    if not isinstance(verb, str) or verb not in _PUT_OF_VERB:
        raise TranslationError("$.type", "missing or not a string" if not isinstance(verb, str) else "unknown verb")
    if wire is None and "error" in activity:
        raise TranslationError("$.error", "an error is a report, not a request")
    obj = activity.get("object")
    kind = obj.get("type") if isinstance(obj, dict) else None
    by_kind = _PUT_OF_VERB[verb]
    put = (by_kind.get(kind) if isinstance(kind, str) else None) or by_kind.get(None)
    if put is None:
        if obj is None or isinstance(obj, dict):
            raise TranslationError("$.object.type", "missing" if kind is None else f"nothing that IRC can {verb}")
        raise TranslationError("$.object", "not an object")
    return put(activity, env, wire)


def _check(lines: list[Line], max_body: int, max_tags: int) -> None:
    """Every line can be encoded: what its reader let through may still be too long."""
    try:
        for line in lines:
            prove(line, max_body, max_tags)
    except EncodeError as error:
        raise TranslationError("$", str(error)) from None


def _group_size(items: list[Activity], start: int) -> int:
    """How many activities from here on are one line's."""
    first = _place(items[start])
    if first is None or first[0] != 0 or first[1] < 2:
        return 1
    count = first[1]
    if start + count > len(items):
        return 1
    for index in range(1, count):
        if _place(items[start + index]) != [index, count]:
            return 1
    return count


def _place(activity: Any) -> list[int] | None:
    """Index and count in a group, if it says so; the rest of the residue is looked at in its turn."""
    wire = activity.get(WIRE) if isinstance(activity, dict) else None
    group = wire.get("group") if isinstance(wire, dict) else None
    return group if is_group(group) else None


def _group(members: list[Activity], env: Env) -> list[Line]:
    lines: list[Line] = []
    wires = []
    for member in members:
        if not isinstance(member, dict):
            raise TranslationError("$", "not an object")
        wire = wire_of(member)
        wires.append(wire)
        lines += _put(member, env, wire)
    if len(members) > 1:
        lines = _merge(lines, wires[0] or {}, env)
    first = wires[0]
    if first is None:
        _check(lines, env.isupport.linelen, MAX_CLIENT_TAG_DATA + 2)
    else:
        _check(lines, MAX_BODY_IN + 1, MAX_TAGS)
    if first is not None and "bytes" in first:
        return _exact(first["bytes"], members, env) or lines
    return lines


def _exact(encoded: str, members: list[Activity], env: Env) -> list[Line] | None:
    """The line of these bytes, if it still says what the activities say."""
    try:
        line = decode(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError, ParseError):
        raise TranslationError(f"$['{WIRE}'].bytes", "not a line in base64") from None
    again = to_activity(line, env)
    if len(again) != len(members):
        return None
    same = all(_timeless(a) == _timeless(b) for a, b in zip(again, members, strict=True))
    return [line] if same else None


def _timeless(activity: Activity) -> Activity:
    """Without a time that came from the environment and not from the line."""
    tags = activity.get(WIRE, {}).get("tags") or {}
    return activity if "time" in tags else {key: value for key, value in activity.items() if key != "published"}


def _merge(lines: list[Line], wire: Wire, env: Env) -> list[Line]:
    """One line of those that a group became; as they are when they have come to differ in more than their own part."""
    first = lines[0]
    for line in lines:
        if line.command != first.command or line.source != first.source or line.tags != first.tags:
            return lines
    if first.command == "MODE":
        return _merge_modes(lines, wire, env)
    if first.command == "353":
        if _differ_before_last(lines):
            return lines
        tail = wire.get("tail", "")
        names = [first.params[-1].removesuffix(tail), *[line.params[-1] for line in lines[1:]]]
        return [Line("353", (*first.params[:-1], " ".join(names) + tail), first.source, first.tags)]
    if first.command in ("730", "731"):
        if _differ_before_last(lines):
            return lines
        entries = ",".join([line.params[-1] for line in lines])
        return [Line(first.command, (*first.params[:-1], entries), first.source, first.tags)]
    targets = ",".join(line.params[0] for line in lines)
    if first.command == "JOIN":
        keys = [line.params[1] for line in lines if len(line.params) > 1]
        if any(len(line.params) > 1 for line in lines[len(keys) :]):
            return lines
        return [Line("JOIN", (targets, ",".join(keys)) if keys else (targets,), first.source, first.tags)]
    if any(line.params[1:] != first.params[1:] for line in lines):
        return lines
    return [Line(first.command, (targets, *first.params[1:]), first.source, first.tags)]


def _differ_before_last(lines: list[Line]) -> bool:
    before = lines[0].params[:-1]
    others = [line.params[:-1] for line in lines[1:]]
    return others != [before] * len(others)


def _merge_modes(lines: list[Line], wire: Wire, env: Env) -> list[Line]:
    first = lines[0]
    if any(line.params[0] != first.params[0] for line in lines):
        return lines
    modes = []
    for line in lines:
        modes += parse_modes(line.params[1:], env.isupport) or []
    words = write_modes(modes)
    if "modes" in wire:
        exact = [wire["modes"], *words[1:]]
        if parse_modes(exact, env.isupport) == modes:
            words = exact
    return [Line("MODE", (first.params[0], *words), first.source, first.tags)]


def strip(activity: Activity, *, ext: bool = False) -> Activity:
    """A copy without the residue; with ``ext`` also without the ``irc:*`` extensions, at any depth."""
    if not ext:
        return {key: value for key, value in activity.items() if key != WIRE}
    stripped: Activity = pruned(activity, lambda key: key.startswith("irc:"))
    return stripped
