"""The ``as2`` dialect: activities as ActivityStreams 2.0 that any JSON-LD processor and ActivityPub server can read.

::

    >>> from sockethub_translators import dialects
    >>> activity = {"context": "irc", "type": "send", "actor": {"id": "al@irc.example", "type": "person", "name": "al"},
    ...             "target": {"id": "#a@irc.example", "type": "room", "name": "#a"},
    ...             "object": {"type": "message", "content": "hello"}, "irc:statusmsg": "@"}
    >>> note = dialects.encode(activity, dialects.AS2)
    >>> note["type"], note["actor"]["id"], note["to"], note["object"]
    ('Create', 'irc://al@irc.example', ['irc://irc.example/%23a'], {'type': 'Note', 'content': 'hello', 'mediaType': \
'text/plain'})
    >>> dialects.decode(note) == activity
    True

Three layers, each undone by its inverse: words (:mod:`.as2_terms`), the plain form with the members of the canonical
one (here), the shapes that AS2 has for some of them (:mod:`.as2_shapes`).
"""

from __future__ import annotations

from typing import Any, Final

from ..activity import Activity
from ..errors import DialectError
from ..ids import ADDRESSED, parse_id
from .as2_shapes import plain, plain_collection, shaped, shaped_collection
from .as2_terms import (
    CONTEXT,
    ENTITIES,
    KIND,
    OPAQUE,
    VERB,
    read_id,
    read_key,
    read_kind,
    read_message_id,
    type_of_kind,
    type_of_verb,
    verb_of,
    write_id,
    write_key,
    write_message_id,
)
from .contexts import PLATFORM, platform_of, platform_of_iri
from .dialect import DialectEnv

__all__ = ["read_as2", "write_as2"]

MAX_DEPTH: Final = 32
"""Levels that are translated; what lies deeper stays as it is, both ways. Activities have about six."""

_PLAIN_TEXT: Final = "text/plain"
_EXACT_MEDIA_TYPE: Final = "sh-mediaType"


def write_as2(activity: Activity) -> dict[str, Any]:
    """Write a canonical activity. Total on canonical activities; a member beyond AS2's goes into our namespace."""
    return {"@context": CONTEXT, **_write_activity(activity, 0)}


def _write_activity(activity: Activity, depth: int) -> dict[str, Any]:
    platform = activity["context"]
    type_, exact = type_of_verb(activity["type"])
    raw: dict[str, Any] = {"type": type_, PLATFORM: platform}
    if exact is not None:
        raw[VERB] = exact
    members = {key: value for key, value in activity.items() if key not in ("context", "type", "id")}
    if "id" in activity:
        raw["id"] = write_message_id(activity["id"]) if isinstance(activity["id"], str) else activity["id"]
    raw.update(_write_members(members, platform, depth))
    return shaped(raw)


def _write(value: Any, platform: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        return value
    if isinstance(value, list):
        return [_write(item, platform, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("type")
    if isinstance(value.get("context"), str) and isinstance(kind, str):
        return _write_activity(value, depth)
    raw: dict[str, Any] = {}
    if isinstance(kind, str):
        raw["type"], exact = type_of_kind(kind)
        if exact is not None:
            raw[KIND] = exact
    elif "type" in value:
        raw["type"] = kind
    id_ = value.get("id")
    if isinstance(id_, str):
        raw["id"] = (
            write_id(id_, platform, kind) if isinstance(kind, str) and kind in ENTITIES else write_message_id(id_)
        )
    elif "id" in value:
        raw["id"] = id_
    members = {key: member for key, member in value.items() if key not in ("type", "id")}
    raw.update(_write_members(members, platform, depth, plain_text=kind != "reaction"))
    return shaped_collection(raw, kind)


def _write_members(members: dict[str, Any], platform: str, depth: int, *, plain_text: bool = True) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    is_text = isinstance(members.get("content"), str)
    for key, value in members.items():
        if key == "mediaType" and is_text and value == _PLAIN_TEXT:
            raw[_EXACT_MEDIA_TYPE] = value
        else:
            raw[write_key(key)] = value if key in OPAQUE else _write(value, platform, depth + 1)
    if is_text and plain_text and "mediaType" not in members:
        raw["mediaType"] = _PLAIN_TEXT  # AS2 takes content for HTML where nothing is said
    return raw


def read_as2(raw: dict[str, Any], env: DialectEnv) -> Activity:
    """Read an activity, ours or another's; raises :class:`~sockethub_translators.errors.DialectError`."""
    platform = platform_of(raw)
    if not isinstance(raw.get("type"), str) or not raw["type"]:
        raise DialectError("$.type", "activity stream must contain a type property.")
    if raw.get("actor") is None:
        raise DialectError("$.actor", "activity stream must contain an actor property.")
    activity = _read_activity({**raw, PLATFORM: platform}, env, 0)
    for member in ("actor", "target"):
        if activity.get(member) is not None:
            activity[member] = _read_entity(activity[member], platform, env, member)
        else:
            activity.pop(member, None)
    obj = activity.get("object")
    if isinstance(obj, str):
        is_entity = obj in env.objects or platform_of_iri(obj) is not None
        activity["object"] = _read_entity(obj, platform, env, "object") if is_entity else {"id": read_message_id(obj)}
    elif obj is not None and not isinstance(obj, dict):
        raise DialectError("$.object", "must be an object")
    return activity


def _read_activity(raw: dict[str, Any], env: DialectEnv, depth: int) -> Activity:
    raw = plain(raw)
    platform, exact = raw[PLATFORM], raw.get(VERB)
    verb = exact if isinstance(exact, str) else verb_of(raw["type"])
    activity: Activity = {"context": platform, "type": verb}
    if "id" in raw:
        activity["id"] = read_message_id(raw["id"]) if isinstance(raw["id"], str) else raw["id"]
    members = {key: value for key, value in raw.items() if key not in ("type", "id", "@context", PLATFORM, VERB)}
    activity.update(_read_members(members, platform, env, depth))
    return activity


def _read(value: Any, platform: str, env: DialectEnv, depth: int) -> Any:
    if depth > MAX_DEPTH:
        return value
    if isinstance(value, list):
        return [_read(item, platform, env, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get(PLATFORM), str) and isinstance(value.get("type"), str):
        return _read_activity(value, env, depth)
    value = plain_collection(value)
    kind = read_kind(value)
    read: dict[str, Any] = {"type": kind} if "type" in value else {}
    id_ = value.get("id")
    if isinstance(id_, str):
        is_entity = isinstance(kind, str) and kind in ENTITIES
        read["id"] = _read_entity_id(id_, platform, kind, env) if is_entity else read_message_id(id_)
    elif "id" in value:
        read["id"] = id_
    members = {key: member for key, member in value.items() if key not in ("type", "id", KIND)}
    read.update(_read_members(members, platform, env, depth))
    return read


def _read_members(members: dict[str, Any], platform: str, env: DialectEnv, depth: int) -> dict[str, Any]:
    read: dict[str, Any] = {}
    drop = isinstance(members.get("content"), str) and members.get("mediaType") == _PLAIN_TEXT
    for key, value in members.items():
        if key == "mediaType" and drop:
            continue
        name = read_key(key)
        if key == "inReplyTo" and isinstance(value, str):
            value = {"type": "Note", "id": value}
        read[name] = value if name in OPAQUE else _read(value, platform, env, depth + 1)
    return read


def _read_entity_id(text: str, platform: str, kind: Any, env: DialectEnv) -> str:
    return read_id(text, platform, kind, server=env.server, chantypes=env.chantypes)


def _read_entity(value: Any, platform: str, env: DialectEnv, member: str) -> dict[str, Any]:
    """An actor or target: an object with an id, or the id alone, of which its form tells what it is."""
    if isinstance(value, str):
        known = env.objects.get(value)
        if known is None:
            value = {"id": _read_entity_id(value, platform, None, env)}
        else:
            value = _read({**known, "id": value}, platform, env, 0)
    if not isinstance(value, dict):
        raise DialectError(f"$.{member}", "must be an object with an id, or an id")
    if not isinstance(value.get("id"), str) or not value["id"]:
        raise DialectError(f"$.{member}.id", f"[{platform}] /{member}: must have required property 'id'")
    if platform not in ADDRESSED:
        return value if "type" in value or member != "actor" else {**value, "type": "person"}
    kind = value.get("type")
    if kind is None:
        local, at, _ = value["id"].rpartition("@")
        kind = "room" if local[:1] in env.chantypes and at and local else "person" if at else "service"
    entity = {**value, "type": kind}
    if kind in ("person", "room") and "name" not in entity:
        entity["name"] = parse_id(value["id"], kind=kind, chantypes=env.chantypes).name
    return entity
