"""WHOIS: its rows as partial profiles, and the question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from ..errors import TranslationError
from .entities import person
from .env import Activity, Env
from .fields import is_nick, nickname, object_of
from .frame import Wire, frame, unframe, write
from .line import Line

__all__ = ["ROWS", "get_row", "put_query_profile", "put_row"]

# For each numeric, the profile members that stand in the parameters after ``me nick``; None marks one kept aside.
Columns: TypeAlias = tuple[str | None, ...]
ROWS: Final[Mapping[str, Columns]] = {
    "311": ("irc:user", "irc:host", None, "name"),
    "312": ("server", "irc:server-info"),
    "313": ("operator",),
    "317": ("idle", "signon", None),
    "319": ("channels",),
    "330": ("irc:account", None),
    "338": ("irc:address", None),
    "378": ("irc:connecting",),
    "671": ("secure",),
}
_NUMBERS: Final = frozenset({"idle", "signon"})
_FLAGS: Final = frozenset({"313", "671"})


def get_row(line: Line, env: Env) -> list[Activity] | None:
    """One row of a WHOIS answer: what it says of the person."""
    if len(line.params) != len(ROWS[line.command]) + 2 or not is_nick(line.params[1], env):
        return None
    me, nick, *values = line.params
    profile: dict[str, Any] = {"type": "profile"}
    aside = [me]
    for column, value in zip(ROWS[line.command], values, strict=True):
        if line.command in _FLAGS:
            profile[str(column)] = True
            aside.append(value)
        elif column is None:
            aside.append(value)
        elif column in _NUMBERS:
            if not (value.isascii() and value.isdigit() and len(value) < 16 and value == str(int(value))):
                return None
            profile[column] = int(value)
        else:
            profile[column] = value.split(" ") if column == "channels" else value
    wire: Wire = {"command": line.command, "params": aside}
    return [frame(line, env, "query", person(env.nick, env), profile, actor=person(nick, env), wire=wire)]


def put_row(activity: Activity, env: Env, wire: Wire) -> Line:
    command = wire["command"]
    profile = object_of(activity)
    kept: list[str] = wire.get("params", [])
    aside = iter(kept)
    me = next(aside, env.nick)
    values = []
    for column in ROWS[command]:
        if column is None or command in _FLAGS:
            values.append(next(aside, ""))
            continue
        value = profile.get(column)
        if column == "channels" and isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = " ".join(value)
        if not isinstance(value, int if column in _NUMBERS else str) or isinstance(value, bool):
            raise TranslationError(f"$.object['{column}']", "missing or of the wrong type")
        values.append(str(value))
    nick = nickname(activity.get("actor"), env, "$.actor")
    return unframe(activity, env, wire, command, me, nick, *values)


def put_query_profile(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    """``query`` a person's profile: WHOIS."""
    nick = nickname(activity.get("target"), env, "$.target")
    return [write(activity, env, wire, "WHOIS", nick)]
