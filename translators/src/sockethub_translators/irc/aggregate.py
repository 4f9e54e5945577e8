"""Answers that take many lines: NAMES, WHO, WHOIS, LIST, lists of bans, the message of the day, topics, batches.

::

    state = Aggregator()
    state, activities = feed(state, line, env)      # for every line, instead of to_activity
    state, activities = flush(state, env)           # when the connection ends

:func:`feed` is :func:`~.translate.to_activity` for all other lines. Pure: a state is a value. Bounded: so many open
answers of a kind, so many entries in each; what is beyond is dropped and the result says ``irc:truncated``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from ..entries import MAX_OPEN, Entries, added, dropped, empty
from .batch import Batch, close_batch, open_batch
from .entities import person, room, service
from .env import Activity, Env
from .fields import is_channel
from .frame import keep, moment_of, timestamp
from .line import Line
from .modes import role_of
from .presence import member_of
from .translate import strip, to_activity
from .whois import ROWS

__all__ = ["Aggregator", "feed", "flush"]

MAX_CHANNELS: Final = 1_000
"""Channels in one WHOIS answer."""

Result: TypeAlias = "tuple[Aggregator, list[Activity]]"


@dataclass(frozen=True, slots=True)
class Aggregator:
    """What has been collected so far; the keys are channels and nicknames as CASEMAPPING folds them."""

    names: Mapping[str, Entries[Activity]] = field(default_factory=empty)
    who: Entries[Activity] = field(default_factory=Entries)
    masks: Mapping[str, Entries[dict[str, Any]]] = field(default_factory=empty)
    topics: Mapping[str, Activity] = field(default_factory=empty)
    whois: Mapping[str, Activity] = field(default_factory=empty)
    rooms: Entries[dict[str, Any]] = field(default_factory=Entries)
    motd: Entries[str] = field(default_factory=Entries)
    batches: Mapping[str, Batch] = field(default_factory=empty)


def feed(state: Aggregator, line: Line, env: Env) -> Result:
    """Take one line in; return what is complete, and what needs no completing, as activities."""
    ref = line.tags.get("batch") if line.tags else None
    if line.command == "BATCH":
        return _batch(state, line, env)
    if ref is not None and ref in state.batches:
        return _into_batch(state, ref, line, env)
    handler = _HANDLERS.get(line.command)
    before: list[Activity] = []
    if state.topics and line.command not in _BURST:
        before = list(state.topics.values())
        state = replace(state, topics=empty())
    if handler is None:
        return state, before + to_activity(line, env)
    state, after = handler(state, line, env)
    return state, before + after


def flush(state: Aggregator, env: Env) -> Result:
    """Give out what was waiting for an end that will not come, as far as it is worth having."""
    out = list(state.topics.values())
    for ref in list(state.batches):
        out += close_batch(state.batches[ref], env)
    return Aggregator(), out


def _ended(activity: Activity, truncated: bool) -> Activity:
    activity = strip(activity)
    return keep(activity, truncated=True) if truncated else activity


# --- NAMES and WHO ----------------------------------------------------------------------------------------------------


def _names_row(state: Aggregator, line: Line, env: Env) -> Result:
    activities = to_activity(line, env)
    if len(line.params) != 4 or activities[0]["type"] == "irc:raw":
        return state, activities
    key = env.isupport.fold(line.params[2])
    state, before = _topic_due(state, key)
    members: Entries[Activity] = state.names.get(key, Entries())
    members = members.add([_member(activity) for activity in activities])
    return replace(state, names=added(state.names, key, members)), before + activities


def _member(activity: Activity) -> dict[str, Any]:
    about = {key: value for key, value in activity["object"].items() if key != "type"}
    return {**activity["actor"], **about}


def _names_end(state: Aggregator, line: Line, env: Env) -> Result:
    (activity,) = to_activity(line, env)
    if activity["type"] == "irc:raw":
        return state, [activity]
    key = env.isupport.fold(line.params[1])
    state, before = _topic_due(state, key)
    members: Entries[Activity] = state.names.get(key, Entries())
    activity["object"]["members"] = list(members)
    ended = _ended(activity, members.truncated)
    return replace(state, names=dropped(state.names, key)), [*before, ended]


def _who_row(state: Aggregator, line: Line, env: Env) -> Result:
    activities = to_activity(line, env)
    if activities[0]["type"] == "irc:raw":
        return state, activities
    return replace(state, who=state.who.add([_member(activities[0])])), activities


def _who_end(state: Aggregator, line: Line, env: Env) -> Result:
    """315 RPL_ENDOFWHO: ``me mask :text``."""
    if len(line.params) < 2:
        return state, to_activity(line, env)
    about = room(line.params[1], env) if is_channel(line.params[1], env) else service(env)
    obj = {"type": "attendance", "members": list(state.who)}
    activity = _query(env, about, obj)
    return replace(state, who=Entries()), [_ended(activity, state.who.truncated)]


def _query(env: Env, actor: dict[str, Any], obj: dict[str, Any]) -> Activity:
    activity = {"context": "irc", "type": "query", "actor": actor, "target": person(env.nick, env), "object": obj}
    if env.now is not None:
        activity["published"] = env.now
    return activity


# --- Topics -----------------------------------------------------------------------------------------------------------


def _topic(state: Aggregator, line: Line, env: Env) -> Result:
    (activity,) = to_activity(line, env)
    if activity["type"] == "irc:raw" or line.command == "331":
        return state, [activity]
    key = env.isupport.fold(line.params[1])
    state, before = _topic_due(state, key)
    return replace(state, topics=added(state.topics, key, activity)), before


def _topic_setter(state: Aggregator, line: Line, env: Env) -> Result:
    (setter,) = to_activity(line, env)
    key = env.isupport.fold(line.params[1]) if len(line.params) > 1 else ""
    topic = state.topics.get(key)
    if topic is None or setter["type"] == "irc:raw":
        return state, [setter]
    activity = strip(topic)
    activity["actor"] = setter["actor"]
    activity["published"] = setter["published"]
    return replace(state, topics=dropped(state.topics, key)), [activity]


def _topic_due(state: Aggregator, key: str) -> Result:
    """A topic whose setter did not come is given out as it is."""
    if key not in state.topics:
        return state, []
    return replace(state, topics=dropped(state.topics, key)), [state.topics[key]]


# --- Lists of masks ---------------------------------------------------------------------------------------------------


def _mask_row(state: Aggregator, line: Line, env: Env) -> Result:
    """346, 348, 367: ``me channel mask``, and often who set it and when, in seconds since 1970."""
    (activity,) = to_activity(line, env)
    if activity["type"] == "irc:raw":
        return state, [activity]
    row: dict[str, Any] = {"mode": activity["object"]["modes"][0]}
    if len(line.params) > 3:
        row["by"] = line.params[3].encode("utf-8", "replace").decode()
    if len(line.params) > 4 and (moment := moment_of(line.params[4])) is not None:
        row["published"] = moment
    key = f"{line.command} {env.isupport.fold(line.params[1])}"
    rows: Entries[dict[str, Any]] = state.masks.get(key, Entries())
    return replace(state, masks=added(state.masks, key, rows.add([row]))), []


def _mask_end(state: Aggregator, line: Line, env: Env) -> Result:
    """347, 349, 368: ``me channel :text``. ``irc:masks`` says who set each, and when, where the server told."""
    if len(line.params) < 2 or not is_channel(line.params[1], env):
        return state, to_activity(line, env)
    key = f"{int(line.command) - 1} {env.isupport.fold(line.params[1])}"
    rows: Entries[dict[str, Any]] = state.masks.get(key, Entries())
    obj: dict[str, Any] = {"type": "mode", "modes": [row["mode"] for row in rows]}
    told = [{"mask": row["mode"][2], **{k: v for k, v in row.items() if k != "mode"}} for row in rows if len(row) > 1]
    if told:
        obj["irc:masks"] = told
    activity = _query(env, room(line.params[1], env), obj)
    return replace(state, masks=dropped(state.masks, key)), [_ended(activity, rows.truncated)]


# --- WHOIS ------------------------------------------------------------------------------------------------------------


def _whois_row(state: Aggregator, line: Line, env: Env) -> Result:
    (activity,) = to_activity(line, env)
    if activity["type"] == "irc:raw":
        return state, [activity]
    key = env.isupport.fold(line.params[1])
    known = state.whois.get(key)
    if known is None:
        known = strip(activity)
        known["object"] = {"type": "profile"}
    profile = {**known["object"], **activity["object"]}
    if line.command == "319":
        rooms = [_whois_room(entry, env) for entry in activity["object"]["channels"] if entry]
        profile["channels"] = known["object"].get("channels", []) + rooms
        profile["channels"] = profile["channels"][:MAX_CHANNELS]
    return replace(state, whois=added(state.whois, key, {**known, "object": profile})), []


def _whois_room(entry: str, env: Env) -> dict[str, Any]:
    modes, _, _ = member_of(entry, env)
    name = entry[len(modes) :]
    return {**room(name, env), "role": role_of(modes, env.isupport)}


def _away_row(state: Aggregator, line: Line, env: Env) -> Result:
    activities = to_activity(line, env)
    key = env.isupport.fold(line.params[1]) if len(line.params) == 3 else ""
    known = state.whois.get(key)
    if known is None:
        return state, activities
    profile = {**known["object"], "away": line.params[2]}
    return replace(state, whois=added(state.whois, key, {**known, "object": profile})), []


def _whois_end(state: Aggregator, line: Line, env: Env) -> Result:
    key = env.isupport.fold(line.params[1]) if len(line.params) > 1 else ""
    known = state.whois.get(key)
    if known is None:
        return state, to_activity(line, env)
    return replace(state, whois=dropped(state.whois, key)), [known]


# --- LIST and the message of the day ----------------------------------------------------------------------------------


def _list_start(state: Aggregator, line: Line, env: Env) -> Result:
    return replace(state, rooms=Entries()), []


def _list_row(state: Aggregator, line: Line, env: Env) -> Result:
    (activity,) = to_activity(line, env)
    if activity["type"] == "irc:raw":
        return state, [activity]
    return replace(state, rooms=state.rooms.add(activity["object"]["rooms"])), []


def _list_end(state: Aggregator, line: Line, env: Env) -> Result:
    activity = _query(env, service(env), {"type": "room-list", "rooms": list(state.rooms)})
    return replace(state, rooms=Entries()), [_ended(activity, state.rooms.truncated)]


def _motd_start(state: Aggregator, line: Line, env: Env) -> Result:
    return replace(state, motd=Entries()), []


def _motd_row(state: Aggregator, line: Line, env: Env) -> Result:
    return replace(state, motd=state.motd.add(line.params[-1:])), []


def _motd_end(state: Aggregator, line: Line, env: Env) -> Result:
    lines = [entry.encode("utf-8", "replace").decode() for entry in state.motd]
    activity = {"context": "irc", "type": "update", "actor": service(env), "target": service(env)}
    activity["object"] = {"type": "topic", "content": "\n".join(lines)}
    published = timestamp(line.tags["time"]) if "time" in line.tags else env.now
    if published is not None:
        activity["published"] = published
    return replace(state, motd=Entries()), [keep(_ended(activity, state.motd.truncated), lines=lines)]


# --- Batches ----------------------------------------------------------------------------------------------------------


def _batch(state: Aggregator, line: Line, env: Env) -> Result:
    mark, ref = (line.params[0][:1], line.params[0][1:]) if line.params else ("", "")
    if mark == "+" and ref and len(line.params) > 1 and ref not in state.batches and len(state.batches) < MAX_OPEN:
        return replace(state, batches=added(state.batches, ref, open_batch(line))), []
    if mark == "-" and ref in state.batches:
        batch = state.batches[ref]
        state = replace(state, batches=dropped(state.batches, ref))
        activities = close_batch(batch, env)
        if batch.parent is not None and batch.parent in state.batches:
            return _collect(state, batch.parent, activities), []
        return state, activities
    return state, to_activity(line, env)


def _into_batch(state: Aggregator, ref: str, line: Line, env: Env) -> Result:
    tags = {key: value for key, value in line.tags.items() if key != "batch"}
    state, activities = feed(state, replace(line, tags=tags), env)
    if state.batches[ref].type == "draft/multiline" and "draft/multiline-concat" in tags:
        activities = [keep(activity, concat=True) for activity in activities]
    return _collect(state, ref, activities), []


def _collect(state: Aggregator, ref: str, activities: list[Activity]) -> Aggregator:
    batch = state.batches[ref]
    return replace(state, batches=added(state.batches, ref, replace(batch, items=batch.items.add(activities))))


_HANDLERS: Final[Mapping[str, Callable[[Aggregator, Line, Env], Result]]] = {
    **dict.fromkeys(ROWS, _whois_row),
    "301": _away_row,
    "315": _who_end,
    "318": _whois_end,
    "321": _list_start,
    "322": _list_row,
    "323": _list_end,
    "346": _mask_row,
    "347": _mask_end,
    "348": _mask_row,
    "349": _mask_end,
    "367": _mask_row,
    "368": _mask_end,
    "331": _topic,
    "332": _topic,
    "333": _topic_setter,
    "352": _who_row,
    "353": _names_row,
    "354": _who_row,
    "366": _names_end,
    "372": _motd_row,
    "375": _motd_start,
    "376": _motd_end,
}
_BURST: Final = frozenset({"331", "332", "333", "353", "366"})
