"""A dialect as a value, and how to tell it from what a client sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ..ids import ADDRESSED, CHANTYPES, IdForm
from .contexts import is_as2

__all__ = ["AS2", "SEED", "V4", "V5", "Dialect", "DialectEnv", "detect"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one client writes.

    ``context``: a platform's name in ``context``, or the three URLs in ``@context``, or those of ActivityStreams 2.0,
    where the words of that standard leave nothing else open. ``rooms`` and ``people``: the
    spelling of their ids. ``note``: whether a message's object is called ``note``.
    """

    context: Literal["string", "array", "as2"] = "string"
    rooms: IdForm = "bare"
    people: IdForm = "bare"
    note: bool = True


SEED = Dialect()
"""``"context": "irc"``, ids as people say them, objects of type ``note``."""

V4 = Dialect("string", rooms="slash", people="at", note=False)
"""What the `@sockethub/client` on npm sends."""

V5 = Dialect("array", rooms="at", people="at", note=False)
"""Three contexts, ids with a server."""

AS2 = Dialect("as2", rooms="at", people="at", note=False)
"""ActivityStreams 2.0 with IRIs for ids: what other software of the fediverse reads."""


@dataclass(frozen=True, slots=True)
class DialectEnv:
    """What reading and writing depend on besides the activity.

    ``server`` is what bare ids belong to; ``chantypes`` what begins a room's name there; ``objects`` the actors and
    rooms the client has introduced by ``activity-object``, by id.
    """

    server: str = ""
    chantypes: str = CHANTYPES
    objects: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def detect(raw: Mapping[str, Any], previous: Dialect | None = None) -> Dialect:
    """The dialect of ``raw``; what it does not show stays as in ``previous``."""
    if is_as2(raw):
        return AS2
    array = "@context" in raw
    if previous is None or previous.context == "as2":
        previous = V5 if array else SEED
    dialect = previous
    if (dialect.context == "array") is not array:
        dialect = replace(dialect, context="array" if array else "string")
    platform = raw.get("context") if not array else _platform_name(raw)
    if platform in ADDRESSED:
        for member in ("target", "actor"):
            dialect = _from_entity(raw.get(member), dialect)
    kind = raw["object"].get("type") if isinstance(raw.get("object"), dict) else None
    if kind in ("note", "message") and dialect.note is not (kind == "note"):
        dialect = replace(dialect, note=kind == "note")
    return dialect


def _platform_name(raw: Mapping[str, Any]) -> str | None:
    contexts = raw["@context"] if isinstance(raw["@context"], list) else []
    return next((name for name in ADDRESSED if any(f"/platform/{name}/" in str(url) for url in contexts)), None)


def _from_entity(entity: Any, dialect: Dialect) -> Dialect:
    text = entity.get("id") if isinstance(entity, dict) else entity
    if not isinstance(text, str) or not text:
        return dialect
    kind = entity.get("type") if isinstance(entity, dict) else None
    if kind == "service":
        return dialect
    host, slash, rest = text.partition("/")
    if kind == "room" or text[0] in CHANTYPES or (slash and rest[:1] in CHANTYPES and rest):
        rooms = _room_form(text, host, rest)
        return dialect if dialect.rooms == rooms else replace(dialect, rooms=rooms)
    people: IdForm = "at" if "@" in text or slash else "bare"
    return dialect if dialect.people == people else replace(dialect, people=people)


def _room_form(text: str, host: str, rest: str) -> IdForm:
    if text[0] in CHANTYPES:
        return "at" if "@" in text else "bare"
    if rest and "@" not in host:
        return "slash"
    return "plain" if "@" in text else "bare"
