"""From a canonical activity to a client's dialect."""

from __future__ import annotations

from typing import Any

from ..activity import Activity, Entity
from ..ids import ADDRESSED, format_id, parse_id
from .as2 import write_as2
from .contexts import PUBLISHED, context_array, is_activity
from .dialect import Dialect, DialectEnv

__all__ = ["encode"]


def encode(activity: Activity, dialect: Dialect, env: DialectEnv | None = None) -> dict[str, Any]:
    """Write ``activity`` in ``dialect``. Total on canonical activities."""
    if dialect.context == "as2":
        return write_as2(activity)
    env = env or DialectEnv()
    raw = _activity(activity, dialect, env)
    if isinstance(raw.get("items"), list):
        raw["items"] = [_activity(each, dialect, env) if is_activity(each) else each for each in raw["items"]]
    return raw


def _activity(activity: Activity, dialect: Dialect, env: DialectEnv) -> dict[str, Any]:
    platform = activity["context"]
    raw: dict[str, Any] = {"type": activity["type"]}
    if dialect.context == "array":
        raw["@context"] = context_array(platform)
    else:
        raw["context"] = platform
    for key, value in activity.items():
        if key in ("actor", "target"):
            raw[key] = _entity(value, platform, dialect, env)
        elif key == "object" and activity["type"] != PUBLISHED:
            raw[key] = _object(value, platform, dialect, env)
        elif key not in ("type", "context"):
            raw[key] = value
    return raw


def _entity(entity: Any, platform: str, dialect: Dialect, env: DialectEnv) -> Any:
    if platform not in ADDRESSED or not isinstance(entity, dict) or entity.get("type") not in ("person", "room"):
        return entity
    name = parse_id(entity["id"], kind=entity["type"], name=entity.get("name"), chantypes=env.chantypes)
    form = dialect.rooms if name.room else dialect.people
    text = format_id(name, form, server=env.server, chantypes=env.chantypes)
    written: Entity = {**entity, "id": text}
    if text == name.name and written.get("name") == text:
        del written["name"]  # a bare id says it
    return written


def _object(value: Any, platform: str, dialect: Dialect, env: DialectEnv) -> Any:
    if not isinstance(value, dict):
        return value
    kind = value.get("type")
    if kind == "message" and dialect.note:
        return {**value, "type": "note"}
    if kind in ("person", "room"):
        return _entity(value, platform, dialect, env)
    if kind == "relationship" and "object" in value:
        return {**value, "object": _entity(value["object"], platform, dialect, env)}
    if kind == "attendance" and isinstance(value.get("members"), list):
        return {**value, "members": [_entity(member, platform, dialect, env) for member in value["members"]]}
    return value
