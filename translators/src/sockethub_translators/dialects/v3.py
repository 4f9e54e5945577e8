"""What clients of the third version write, in words of today: ``@id``, ``@type``, ``displayName``, ``observe``.

Their times are also numbers since 1970, as a string, of milliseconds as JavaScript counts or of seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from .. import times

__all__ = ["modern"]

_NAMES: Final = {"@id": "id", "@type": "type", "displayName": "name"}
_VERBS: Final = {"observe": "query"}
_KINDS: Final = {"chatroom": "room"}

MAX_DIGITS: Final = 15
_FIRST_MILLISECONDS: Final = 100_000_000_000
"""In seconds this is the year 5138; in milliseconds 1973."""


def modern(raw: Mapping[str, Any]) -> dict[str, Any]:
    """``raw`` with today's names; what is modern stays as it is."""
    activity = _renamed(raw)
    verb = activity.get("type")
    if isinstance(verb, str):
        activity["type"] = _VERBS.get(verb, verb)
    for member in ("actor", "target", "object"):
        if isinstance(activity.get(member), dict):
            activity[member] = _entity(activity[member])
    if "published" in activity:
        activity["published"] = _time(activity["published"])
    return activity


def _renamed(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The old name goes only where the new one is not there."""
    if raw.keys().isdisjoint(_NAMES):
        return dict(raw)
    return {_NAMES[key] if key in _NAMES and _NAMES[key] not in raw else key: value for key, value in raw.items()}


def _entity(raw: Mapping[str, Any]) -> dict[str, Any]:
    entity = _renamed(raw)
    kind = entity.get("type")
    if isinstance(kind, str):
        entity["type"] = _KINDS.get(kind, kind)
    members = entity.get("members")
    if isinstance(members, list):
        entity["members"] = [_entity(each) if isinstance(each, dict) else each for each in members]
    return entity


def _time(value: Any) -> Any:
    digits = str(value) if isinstance(value, str | int) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS):
        return value
    number = int(digits)
    seconds = number / 1000 if number >= _FIRST_MILLISECONDS else number
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError):
        return value  # beyond the year 9999
    return times.write(moment)
