"""From a client's activity to the canonical one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..activity import Activity, Entity
from ..errors import DialectError
from ..ids import ADDRESSED, parse_id
from .as2 import read_as2
from .contexts import PUBLISHED, is_activity, is_as2, platform_of
from .dialect import DialectEnv
from .v3 import modern

__all__ = ["decode"]


def decode(raw: Any, env: DialectEnv | None = None) -> Activity:
    """Read ``raw``, in whichever dialect it is; raises :class:`~sockethub_translators.errors.DialectError`.

    What is not known here is kept as it is: whether it is allowed is for a schema to say.
    """
    env = env or DialectEnv()
    platform = platform_of(raw)
    if is_as2(raw):
        return read_as2(raw, env)
    activity = _activity(raw, platform, env)
    if isinstance(activity.get("items"), list):
        activity["items"] = [
            _activity(each, platform_of(each), env) if is_activity(each) else each for each in activity["items"]
        ]
    return activity


def _activity(raw: dict[str, Any], platform: str, env: DialectEnv) -> Activity:
    raw = modern(raw)
    kind = raw.get("type")
    if not isinstance(kind, str) or not kind:
        raise DialectError("$.type", "activity stream must contain a type property.")
    if raw.get("actor") is None:
        raise DialectError("$.actor", "activity stream must contain an actor property.")
    activity: Activity = {"context": platform, "type": kind}
    for key, value in raw.items():
        if key not in ("context", "@context", "type"):
            activity[key] = value
    activity["actor"] = _entity(raw["actor"], platform, env, "$.actor", "person")
    if raw.get("target") is not None:
        activity["target"] = _entity(raw["target"], platform, env, "$.target", None)
    else:
        activity.pop("target", None)
    if raw.get("object") is not None and kind != PUBLISHED:
        activity["object"] = _object(raw["object"], platform, env)
    return activity


def _entity(value: Any, platform: str, env: DialectEnv, path: str, default: str | None) -> Entity:
    if isinstance(value, str):
        value = {"id": value, **env.objects.get(value, {})}
    elif not isinstance(value, dict):
        raise DialectError(path, "must be an object with an id, or an id")
    text = value.get("id")
    if not isinstance(text, str) or not text:
        raise DialectError(f"{path}.id", f"[{platform}] {path[1:].replace('.', '/')}: must have required property 'id'")
    if platform not in ADDRESSED:
        return value if "type" in value or default is None else {**value, "type": default}
    return _addressed(value, text, env)


def _addressed(value: Mapping[str, Any], text: str, env: DialectEnv) -> Entity:
    kind = value.get("type")
    given = value.get("name")
    name = parse_id(
        text,
        kind=kind if isinstance(kind, str) else None,
        name=given if isinstance(given, str) else None,
        server=env.server,
        chantypes=env.chantypes,
    )
    entity: Entity = {**value, "id": name.id, "type": kind or ("room" if name.room else "person")}
    if entity["type"] in ("person", "room"):
        entity["name"] = name.name
    return entity


def _object(value: Any, platform: str, env: DialectEnv) -> Any:
    if isinstance(value, str):
        value = {"id": value, **env.objects.get(value, {})}
    if not isinstance(value, dict):
        raise DialectError("$.object", "must be an object")
    kind = value.get("type")
    read = _OBJECTS.get(kind) if isinstance(kind, str) else None
    return value if read is None else read(value, platform, env)


def _note(value: dict[str, Any], _platform: str, _env: DialectEnv) -> dict[str, Any]:
    return {**value, "type": "message"}


def _topic(value: dict[str, Any], _platform: str, _env: DialectEnv) -> dict[str, Any]:
    """Older clients put the text into ``topic``."""
    if "content" in value or "topic" not in value:
        return value
    return {**{key: member for key, member in value.items() if key != "topic"}, "content": value["topic"]}


def _members(value: dict[str, Any], platform: str, env: DialectEnv) -> dict[str, Any]:
    members = value.get("members")
    if not isinstance(members, list):
        return value
    read = [
        _entity(m, platform, env, f"$.object.members[{n}]", "person") if isinstance(m, str | dict) else m
        for n, m in enumerate(members)
    ]
    return {**value, "members": read}


def _relationship(value: dict[str, Any], platform: str, env: DialectEnv) -> dict[str, Any]:
    """The role of the target is one in a room."""
    room = value.get("object")
    if not isinstance(room, str | dict):
        return value
    return {**value, "object": _entity(room, platform, env, "$.object.object", None)}


def _person(value: dict[str, Any], platform: str, env: DialectEnv) -> dict[str, Any]:
    return _entity(value, platform, env, "$.object", None) if "id" in value else value


_OBJECTS: dict[str, Callable[[dict[str, Any], str, DialectEnv], dict[str, Any]]] = {
    "note": _note,
    "topic": _topic,
    "attendance": _members,
    "relationship": _relationship,
    "person": _person,
    "room": _person,
}
