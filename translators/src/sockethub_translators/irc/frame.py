"""What every activity has in common: who, when, which message, and the residue.

The residue is one member, ``irc:wire``: the least that must be kept so that an activity made from a line gives that
line back. The view wins: whatever the activity says elsewhere is taken from there, and the residue only fills in.

==========  ========================================================================================================
``mask``    what followed the nickname in the source, such as ``!user@host``; may be empty
``server``  the name by which the server called itself as the source
``source``  the whole source, where the actor is not the source
``tags``    the message tags; null where the value stands in the view
``command`` the command, where verb and object do not tell it
``params``  parameters with no place in the view
``group``   ``[index, count]`` among the activities that one line became
``bytes``   the line, base64, when it was not UTF-8
==========  ========================================================================================================

Whatever was made from a line has a residue, if only an empty one. An activity without is our own side's: it becomes
what a client sends, a line without source, and text is split to fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from .. import times
from ..errors import TranslationError
from .entities import name_of, person, service
from .env import Activity, Entity, Env
from .line import Line, nick_of

__all__ = [
    "WIRE",
    "Wire",
    "actor_of",
    "frame",
    "is_group",
    "keep",
    "moment_of",
    "own",
    "timestamp",
    "unframe",
    "wire_of",
    "write",
]

WIRE: Final = "irc:wire"
Wire: TypeAlias = dict[str, Any]

REPLY_TAGS: Final = ("+draft/reply", "+reply")
MAX_TIMESTAMP: Final = 253_402_300_799
"""The last second of the year 9999: what RFC 3339 can write."""
MAX_LABEL: Final = 64
"""Bytes of a label (IRCv3 ``labeled-response``)."""

_CANONICAL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_WIRE_PATH = f"$['{WIRE}']"


def timestamp(value: str) -> str | None:
    """A time in canonical form, ``2026-11-23T12:00:00.000Z``; None when it is no RFC 3339 time."""
    if _CANONICAL_TIME.fullmatch(value) and value.isascii():
        return value
    return times.normal(value)


def moment_of(seconds: str) -> str | None:
    """The time of so many seconds since 1970, as servers write it; None for anything else."""
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 13):
        return None
    if int(seconds) > MAX_TIMESTAMP or seconds != str(int(seconds)):
        return None
    return times.write(datetime.fromtimestamp(int(seconds), UTC))


def actor_of(source: str, env: Env) -> tuple[Entity, str, str]:
    """The entity of a source, and the residue key and value that complete it."""
    nick, bang, rest = source.partition("!")
    if bang:
        return person(nick, env), "mask", "!" + rest
    if "@" in source:
        nick = nick_of(source)
        return person(nick, env), "mask", source[len(nick) :]
    if "." in source or source == env.server:
        return service(env), "server", source
    return person(source, env), "mask", ""


def frame(
    line: Line,
    env: Env,
    verb: str,
    target: Entity | None = None,
    obj: dict[str, Any] | None = None,
    *,
    actor: Entity | None = None,
    about: dict[str, Any] | None = None,
    wire: Wire | None = None,
    reply: bool = False,
) -> Activity:
    """An activity with this verb for a line.

    ``actor`` when it is not the source; ``about`` what the line says of the source; ``wire`` what else to keep;
    ``reply`` when the reply tag belongs to the object.
    """
    activity: Activity = {"context": "irc", "type": verb}
    source = line.source
    if wire is None:
        wire = {}
    is_source = actor is None
    if actor is not None:
        if source is not None:
            wire["source"] = source
    elif source is None:
        actor = person(env.nick, env)
    else:
        actor, key, value = actor_of(source, env)
        wire[key] = value
    if about:
        actor.update(about)
    published = env.now
    if line.tags:
        published = _take_tags(line.tags, activity, actor if is_source else None, obj, wire, reply) or published
    activity["actor"] = actor
    if target is not None:
        activity["target"] = target
    if obj is not None:
        activity["object"] = obj
    if published is not None:
        activity["published"] = published
    activity[WIRE] = wire
    return activity


def keep(activity: Activity, **extensions: Any) -> Activity:
    """Add extensions before the residue, which stays the last member."""
    wire = activity.pop(WIRE, None)
    for key, value in extensions.items():
        activity["irc:" + key] = value
    if wire is not None:
        activity[WIRE] = wire
    return activity


def _take_tags(
    tags: Mapping[str, str],
    activity: Activity,
    source: Entity | None,
    obj: dict[str, Any] | None,
    wire: Wire,
    reply: bool,
) -> str | None:
    """Move what tags say into the view; return the time. What has no place there stays in the residue.

    ``source`` is the actor, if it is the source: tags such as ``account`` speak of the source.
    """
    kept: dict[str, str | None] = dict(tags)
    wire["tags"] = kept
    published = None
    for key, value in tags.items():
        if key == "time":
            published = timestamp(value)
            if published == value:
                kept[key] = None
        elif key == "bot" and not value and source is not None and source["type"] == "person":
            source["irc:bot"] = True
            kept[key] = None
        elif not value:
            continue
        elif key == "msgid":
            if obj is not None and "id" not in obj:
                obj["id"] = value
                kept[key] = None
        elif key == "label":
            activity["id"] = value
            kept[key] = None
        elif key == "account":
            if source is not None and "irc:account" not in source:
                source["irc:account"] = value
                kept[key] = None
        elif reply and key in REPLY_TAGS and obj is not None and "inReplyTo" not in obj:
            obj["inReplyTo"] = {"type": "message", "id": value}
            kept[key] = None
    return published


def unframe(activity: Activity, env: Env, wire: Wire, command: str, *params: str) -> Line:
    """The line of an activity with residue: source and tags from the view, completed by the residue.

    The source is the actor, or ``irc:by`` where the actor is the one to whom it was done.
    """
    source: str | None = None
    if "source" in wire:
        source = wire["source"]
    elif "mask" in wire or "server" in wire:
        by_another = "irc:by" in activity
        actor: Any = activity["irc:by"] if by_another else activity.get("actor")
        nick = name_of(actor, env, "$['irc:by']" if by_another else "$.actor")
        is_person = nick or actor.get("type") == "person"
        source = nick + wire.get("mask", "") if is_person else wire.get("server", env.server)
    kept = wire.get("tags")
    if not kept:
        return Line(command, params, source)
    tags: dict[str, str] = {}
    for key, value in kept.items():
        found = value
        if value is None:
            found = _TAG_OF_VIEW[key](activity) if key in _TAG_OF_VIEW else None
        elif key == "time":
            found = _time(activity, value)
        if found is not None:
            tags[key] = found
    return Line(command, params, source, tags)


def write(activity: Activity, env: Env, wire: Wire | None, command: str, *params: str) -> Line:
    """The line of an activity of either side: with residue :func:`unframe`, without :func:`own`."""
    return own(activity, env, command, *params) if wire is None else unframe(activity, env, wire, command, *params)


def own(activity: Activity, env: Env, command: str, *params: str, tags: Mapping[str, str] | None = None) -> Line:
    """A line of our own side: no source; labelled with the activity's id where the server answers labels."""
    label = activity.get("id")
    if label is not None and "labeled-response" in env.caps:
        if not isinstance(label, str) or not label or len(label.encode("utf-8", "replace")) > MAX_LABEL:
            raise TranslationError("$.id", f"not a string of 1 to {MAX_LABEL} bytes")
        tags = {**(tags or {}), "label": label}
    return Line(command, params, None, tags or {})


def _member(container: Any, key: str) -> str | None:
    value = container.get(key) if isinstance(container, dict) else None
    return value if isinstance(value, str) and value else None


def _time(activity: Activity, kept: str) -> str | None:
    """The time as it was written, where the view still says it, or it is none."""
    exact = timestamp(kept)
    published = _member(activity, "published")
    return kept if exact is None or exact == published else published


def _bot(activity: Activity) -> str | None:
    actor = activity.get("actor")
    return "" if isinstance(actor, dict) and actor.get("irc:bot") is True else None


def _in_reply_to(activity: Activity) -> str | None:
    obj = activity.get("object")
    return _member(obj.get("inReplyTo"), "id") if isinstance(obj, dict) else None


_TAG_OF_VIEW: Final[Mapping[str, Callable[[Activity], str | None]]] = {
    "time": lambda activity: _member(activity, "published"),
    "bot": _bot,
    "msgid": lambda activity: _member(activity.get("object"), "id"),
    "label": lambda activity: _member(activity, "id"),
    "account": lambda activity: _member(activity.get("actor"), "irc:account"),
    "+draft/reply": _in_reply_to,
    "+reply": _in_reply_to,
}


_STRING: Final = frozenset({str})
_STRING_OR_NULL: Final = frozenset({str, type(None)})


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and _STRING.issuperset(map(type, value))


def is_group(value: Any) -> bool:
    """Whether it is an index and a count."""
    return isinstance(value, list) and len(value) == 2 and type(value[0]) is type(value[1]) is int


def _is_tags(value: Any) -> bool:
    return isinstance(value, dict) and _STRING_OR_NULL.issuperset(map(type, value.values()))


_CHECKS: Final[Mapping[str, Callable[[Any], bool]]] = {"tags": _is_tags, "params": _is_texts, "group": is_group}


def wire_of(activity: Activity) -> Wire | None:
    """The residue, checked; None without one. Raises :class:`TranslationError` when it is not of our making."""
    wire = activity.get(WIRE)
    if wire is None:
        return None
    if not isinstance(wire, dict):
        raise TranslationError(_WIRE_PATH, "not an object")
    for key, value in wire.items():
        check = _CHECKS.get(key)
        if not (isinstance(value, str) if check is None else check(value)):
            raise TranslationError(f"{_WIRE_PATH}.{key}", "not what a translation leaves there")
    return wire
