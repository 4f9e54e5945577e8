"""The frames of the plain WebSocket as JSON Schemas, each with an ``$id`` that stays (docs/reference/websocket.md)."""

from __future__ import annotations

from typing import Any, Final

from sockethub.gateway.websocket import EVENT_CHARACTERS, ID_CHARACTERS

__all__ = ["FROM_CLIENT", "FROM_GATEWAY", "SCHEMA_IDS", "frame_schemas"]

SCHEMA_IDS: Final = "https://sockethub.org/schemas/frames/"

FROM_CLIENT: Final = (
    "credentials",
    "command",
    "activity-object",
    "schemas",
    "authenticate",
    "session",
    "resume",
    "end",
)
FROM_GATEWAY: Final = ("acknowledgement", "activity", "error", "registry", "closing", "malformed")

_ID: Final = {
    "description": "Of the client's choice; without it nothing is acknowledged.",
    "type": ["string", "integer", "null"],
    "maxLength": ID_CHARACTERS,
}
_OFFSET: Final = {"description": "Counts what the session was sent.", "type": "integer", "minimum": 1}
_ACTIVITY: Final = {
    "description": "An activity by the schema of its platform; /schemas/registry.json has them all.",
    "type": "object",
}
_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}


def frame_schemas() -> dict[str, dict[str, Any]]:
    """All kinds of frames, by name."""
    return {name: _schema(name, **parts) for name, parts in {**_from_client(), **_from_gateway()}.items()}


def _from_client() -> dict[str, dict[str, Any]]:
    resume = _object(session=_TEXT, token=_TEXT, offset=_COUNT)
    named = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "minLength": 1}}}
    return {
        "credentials": _event("credentials", "What the platform needs to know before `connect`.", _ACTIVITY),
        "command": _event("message", "A command: something to be done.", _ACTIVITY),
        "activity-object": _event("activity-object", "What later activities may name by its id alone.", named),
        "schemas": _event("schemas", "Asks for the registry.", {"type": ["string", "null"]}, optional=True),
        "authenticate": _event("authenticate", "Says who the client is, where it is asked.", _object(token=_TEXT)),
        "session": _event("session", "From now on the session can be resumed.", True, optional=True),
        "resume": _event("resume", "Takes up a session whose connection was lost.", resume),
        "end": _event("end", "The session ends with this connection after all.", True, optional=True),
    }


def _from_gateway() -> dict[str, dict[str, Any]]:
    summary = {"type": "object", "required": ["summary"], "properties": {"summary": _TEXT}}
    closing = _object(code={"type": "integer"}, reason=_TEXT, retryAfter={"type": "number", "minimum": 0})
    return {
        "acknowledgement": {
            "description": "The answer to the event with that `id`.",
            "required": ["id", "ack"],
            "properties": {"id": {**_ID, "type": ["string", "integer"]}, "ack": _ack(), "offset": _OFFSET},
        },
        "activity": _event_told("message", "What a platform tells.", _ACTIVITY),
        "error": _event_told("error", "Something about the connection.", summary),
        "registry": _event_told("schemas", "The registry.", _registry()),
        "closing": {
            "description": "The last frame of a gateway that is stopped: when to come back, in seconds.",
            "required": ["event", "data"],
            "properties": {"event": {"const": "closing"}, "data": closing},
        },
        "malformed": {
            "description": "The frame was no event.",
            "required": ["error"],
            "properties": {"error": _TEXT},
        },
    }


def _ack() -> dict[str, Any]:
    """What an event is answered with."""
    session = _object(session=_TEXT, token=_TEXT, offset=_COUNT, seconds={"type": "number", "minimum": 0})
    resumed = _object(recovered={"const": True}, offset=_COUNT)
    lost = _object(recovered={"const": False}, reason=_TEXT)
    error = {
        "description": "What was submitted, of credentials without their contents, and why it did not happen.",
        "type": "object",
        "required": ["error"],
        "properties": {"error": _TEXT, "outcome": {"const": "unknown"}, "retry": {"const": True}},
    }
    return {
        "anyOf": [
            {"description": "Of credentials and objects: done.", "type": "null"},
            {"description": "Of an object: why it is refused.", "type": "string"},
            error,
            session,
            resumed,
            lost,
            _registry(),
            _object(fingerprint=_TEXT, unchanged={"const": True}),
            _object(user={"type": ["string", "null"]}, expires={"type": ["integer", "null"], "minimum": 0}),
            {
                **_ACTIVITY,
                "description": "Of a command: the platform's result, or what was submitted.",
                "required": ["type"],
            },
            {"description": "Of `end`.", "type": "object", "maxProperties": 0},
        ]
    }


def _registry() -> dict[str, Any]:
    platform = {"type": "object", "required": ["id", "contextUrl", "types", "schemas"]}
    contexts = _object(**{"as": _TEXT, "sockethub": _TEXT})
    platforms = {"type": "array", "items": platform}
    return _object(fingerprint=_TEXT, version=_TEXT, contexts=contexts, platforms=platforms)


def _event(name: str, description: str, data: Any, *, optional: bool = False) -> dict[str, Any]:
    required = ["event"] if optional else ["event", "data"]
    properties = {"id": _ID, "event": {"const": name, "maxLength": EVENT_CHARACTERS}, "data": data}
    return {"description": description, "required": required, "properties": properties}


def _event_told(name: str, description: str, data: dict[str, Any]) -> dict[str, Any]:
    properties = {"event": {"const": name}, "data": data, "offset": _OFFSET}
    return {"description": description, "required": ["event", "data", "offset"], "properties": properties}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties, "additionalProperties": False}


def _schema(name: str, **parts: Any) -> dict[str, Any]:
    return {"$id": f"{SCHEMA_IDS}{name}.json", "type": "object", **parts, "additionalProperties": False}
