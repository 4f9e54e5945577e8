"""The past: CHATHISTORY asks for it, MARKREAD says how far it was read.

Sources: IRCv3 ``chathistory`` and ``read-marker``. The answer to CHATHISTORY is a batch, see :mod:`.batch`.
"""

from __future__ import annotations

from typing import Any, Final

from ..errors import TranslationError, Unsupported
from .entities import name_of, named
from .env import Activity, Env
from .fields import is_channel, is_nick, is_word, message_id, object_of, text, word
from .frame import Wire, frame, timestamp, write
from .line import Line

__all__ = ["get_chathistory", "get_markread", "put_history", "put_marker", "put_query_marker"]

CAPABILITIES: Final = frozenset({"chathistory", "draft/chathistory"})
MARKER_CAPABILITIES: Final = frozenset({"draft/read-marker", "read-marker"})
DEFAULT_LIMIT: Final = 50
"""Messages asked for where the activity does not say."""
MAX_LIMIT: Final = 1000
"""What we ask for at most; servers give less (ISUPPORT CHATHISTORY)."""

_BY_ONE: Final = {"BEFORE": "before", "AFTER": "after", "AROUND": "around"}


def get_chathistory(line: Line, env: Env) -> list[Activity] | None:
    """CHATHISTORY: ``query`` of ``history`` before, after or around a message or time, or the latest."""
    if len(line.params) < 4:
        return None
    command, name, *points, limit = line.params
    if not (is_channel(name, env) or is_nick(name, env)) or not (limit.isascii() and limit.isdigit()):
        return None
    if len(limit) > 4 or str(int(limit)) != limit or not 1 <= int(limit) <= MAX_LIMIT:
        return None
    read = [_read_point(point) for point in points]
    obj: dict[str, Any] = {"type": "history", "limit": int(limit)}
    if command == "LATEST" and points == ["*"]:
        pass
    elif command in _BY_ONE and len(points) == 1 and read[0] is not None:
        obj[_BY_ONE[command]] = read[0]
    elif command == "BETWEEN" and len(points) == 2 and None not in read:
        obj["after"], obj["before"] = read
    else:
        return None
    return [frame(line, env, "query", named(name, env), obj)]


def put_history(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    if wire is None and not CAPABILITIES & env.caps:
        raise Unsupported("$.object.type", "the server keeps no history")
    name = _conversation(activity, env)
    obj = object_of(activity)
    limit = obj.get("limit", DEFAULT_LIMIT)
    if type(limit) is not int or not 1 <= limit <= MAX_LIMIT:
        raise TranslationError("$.object.limit", f"not a number from 1 to {MAX_LIMIT}")
    given = {key: _write_point(obj[key], f"$.object.{key}") for key in ("after", "before", "around") if key in obj}
    if not given:
        params = ["LATEST", name, "*", str(limit)]
    elif given.keys() == {"after", "before"}:
        params = ["BETWEEN", name, given["after"], given["before"], str(limit)]
    elif len(given) == 1:
        ((key, point),) = given.items()
        params = [key.upper(), name, point, str(limit)]
    else:
        raise TranslationError("$.object.around", "cannot be combined")
    return [write(activity, env, wire, "CHATHISTORY", *params)]


def _read_point(text_: str) -> Any:
    key, _, value = text_.partition("=")
    if key == "timestamp" and timestamp(value) == value:
        return value
    return {"type": "message", "id": value} if key == "msgid" and is_word(text_) and value else None


def _write_point(point: Any, path: str) -> str:
    """A time, or a message by its id."""
    if isinstance(point, str):
        moment = timestamp(point)
        if moment is None:
            raise TranslationError(path, "not an RFC 3339 time")
        return f"timestamp={moment}"
    id_ = message_id(point, path)
    if not id_:
        raise TranslationError(f"{path}.id", "empty")
    return word(f"msgid={id_}", f"{path}.id")


def get_markread(line: Line, env: Env) -> list[Activity] | None:
    """MARKREAD: ``update`` of the ``marker`` to a time; without one, the question where it is."""
    if len(line.params) not in (1, 2):
        return None
    name = line.params[0]
    if not (is_channel(name, env) or is_nick(name, env)):
        return None
    if len(line.params) == 1:
        return [frame(line, env, "query", named(name, env), {"type": "marker"})]
    key, _, moment = line.params[1].partition("=")
    if key != "timestamp" or timestamp(moment) != moment:
        return None
    return [frame(line, env, "update", named(name, env), {"type": "marker", "published": moment})]


def put_marker(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    moment = timestamp(text(object_of(activity), "published", "$.object.published"))
    if moment is None:
        raise TranslationError("$.object.published", "not an RFC 3339 time")
    return [_markread(activity, env, wire, _conversation(activity, env), f"timestamp={moment}")]


def put_query_marker(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    return [_markread(activity, env, wire, _conversation(activity, env))]


def _markread(activity: Activity, env: Env, wire: Wire | None, *params: str) -> Line:
    if wire is None and not MARKER_CAPABILITIES & env.caps:
        raise Unsupported("$.object.type", "the server keeps no read markers")
    return write(activity, env, wire, "MARKREAD", *params)


def _conversation(activity: Activity, env: Env) -> str:
    name = word(name_of(activity.get("target"), env, "$.target"), "$.target.id")
    if not (is_channel(name, env) or is_nick(name, env)):
        raise TranslationError("$.target.id", "neither a channel nor a nickname")
    return name
