"""The OpenAPI 3.1 description of what is served by plain HTTP (https://spec.openapis.org/oas/v3.1.0).

``python -m sockethub.gateway.openapi`` in a checkout: write ``schemas/openapi.json`` anew.
"""

from __future__ import annotations

import json
from typing import Any

from sockethub.config.gateway import Http
from sockethub.config.resources import SCHEMAS

REQUEST_ID_PATTERN = "^[A-Za-z0-9._:-]{1,128}$"
_ID = {"type": "string", "pattern": REQUEST_ID_PATTERN}
_LINES = "One JSON object a line: each activity's result, or the activity with `error`."
_REFUSALS = {
    202: "Still running.",
    400: "Malformed, or without a usable request id.",
    401: "No such session, or not its token; no token of a user, or one that does not hold.",
    403: "A page of an origin that is not allowed.",
    404: "No such request, or its results are no longer kept.",
    408: "The body did not come in time.",
    409: "A request with this id is still running.",
    410: "More was missed than is kept; the session is over.",
    413: "Too large, or too many activities.",
    415: "The content type is not application/json.",
    429: "Too many requests or connections from this address.",
    503: "Redis is away.",
}
_REPLAY = (400, 403, 404, 429, 503)
_POST = (400, 403, 408, 409, 413, 415, 429, 503)
_OF_USERS = frozenset({"act", "replay", "replayById", "begin"})
"""Operations whose client shows who it is, where clients do; the others want a session's own token, or nothing."""


def document(declared: Http, *, authenticates: bool = False) -> dict[str, Any]:
    """The description; without the paths of HTTP actions when they are not enabled.

    ``authenticates`` is whether clients show who they are.
    """
    described = _document(declared)
    if authenticates:
        described["components"]["securitySchemes"]["user"] = {"type": "http", "scheme": "bearer"}
        for path in described["paths"].values():
            for operation in path.values():
                if operation["operationId"] in _OF_USERS:
                    operation["security"] = [{"user": []}]
                    operation["responses"] |= _refusals(401)
    return described


def _document(declared: Http) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sockethub", "version": "1", "description": "Commands by HTTP requests."},
        "paths": _probes() | (_actions(declared) | _sessions() if declared.enabled else {}),
        "components": {
            "schemas": _schemas(declared),
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer", "bearerFormat": "SESSION.TOKEN"}},
        },
    }


def text() -> str:
    """The document with HTTP actions enabled and all else by default."""
    return json.dumps(document(Http(enabled=True)), indent=2) + "\n"


def _probes() -> dict[str, Any]:
    return {
        "/livez": {"get": {"operationId": "livez", "responses": {"200": {"description": "The process answers."}}}},
        "/readyz": {
            "get": {
                "operationId": "readyz",
                "responses": {
                    "200": {"description": "Commands can be taken."},
                    "503": {"description": "They cannot: Redis is away, or the gateway is about to stop."},
                },
            }
        },
    }


def _actions(declared: Http) -> dict[str, Any]:
    headers = [_parameter("header", name) for name in ("X-Request-Id", "X-Sockethub-Request-Id")]
    body = {"required": True, "content": {"application/json": {"schema": _ref("Body")}}}
    post = {"operationId": "act", "summary": "Perform activities.", "parameters": headers, "requestBody": body}
    query = [_parameter("query", "requestId", required=True)]
    path = [_parameter("path", "requestId", required=True)]
    return {
        declared.path: {
            "post": post | {"responses": _lines() | _refusals(*_POST)},
            "get": _replay("replay", query),
        },
        f"{declared.path}/{{requestId}}": {"get": _replay("replayById", path)},
    }


def _sessions() -> dict[str, Any]:
    """A session, followed as server-sent events (WHATWG HTML §9.2)."""
    own: dict[str, Any] = {"security": [{"session": []}]}
    told = {"description": "It has begun.", "content": {"application/json": {"schema": _ref("Session")}}}
    seen = {"in": "header", "name": "Last-Event-ID", "schema": {"type": "string", "pattern": "^[0-9]{1,15}$"}}
    events = {"description": "Frames as events, until either side ends it.", "content": {"text/event-stream": {}}}
    body = {"required": True, "content": {"application/json": {"schema": _ref("Frame")}}}
    taken = {"description": "Taken; the answer comes in the stream.", "content": {"application/json": {}}}
    return {
        "/sessions": {
            "post": {
                "operationId": "begin",
                "summary": "Begin a session.",
                "responses": {"201": told} | _refusals(403, 429),
            },
            "delete": own
            | {
                "operationId": "end",
                "summary": "End it.",
                "responses": {"204": {"description": "It is over."}} | _refusals(401, 403),
            },
        },
        "/events": {
            "get": own
            | {
                "operationId": "follow",
                "summary": "Follow a session.",
                "parameters": [seen],
                "responses": {"200": events} | _refusals(400, 401, 403, 410),
            }
        },
        "/messages": {
            "post": own
            | {
                "operationId": "say",
                "summary": "Say what a plain WebSocket would.",
                "requestBody": body,
                "responses": {"202": taken} | _refusals(400, 401, 403, 408, 413, 415, 429),
            }
        },
    }


def _replay(name: str, parameters: list[Any]) -> dict[str, Any]:
    running = {"202": _answer(202, "Running")}
    responses = _lines() | running | _refusals(*_REPLAY)
    return {"operationId": name, "summary": "Read results again.", "parameters": parameters, "responses": responses}


def _lines() -> dict[str, Any]:
    headers = {
        "X-Request-Id": {"schema": _ID},
        "X-Idempotent-Replay": {"schema": {"const": "true"}, "description": "These are kept results."},
    }
    content = {"application/x-ndjson": {"schema": {"type": "string"}}}
    return {"200": {"description": _LINES, "headers": headers, "content": content}}


def _refusals(*codes: int) -> dict[str, Any]:
    return {str(code): _answer(code, "Refusal") for code in codes}


def _answer(code: int, schema: str) -> dict[str, Any]:
    return {"description": _REFUSALS[code], "content": {"application/json": {"schema": _ref(schema)}}}


def _parameter(where: str, name: str, *, required: bool = False) -> dict[str, Any]:
    return {"in": where, "name": name, "required": required, "schema": _ID}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas(declared: Http) -> dict[str, Any]:
    # What is no activity is answered by a line with `error`, beside the lines of those that are.
    items = {"description": "An Activity."}
    messages = {"type": "array", "items": items, "minItems": 1, "maxItems": declared.actions}
    envelope = {
        "type": "object",
        "required": ["messages"],
        "properties": {"requestId": _ID, "messages": messages},
    }
    return {
        "Activity": {
            "type": "object",
            "description": "An activity by the schema of its platform; `/schemas/registry.json` has them all.",
        },
        "Session": {
            "type": "object",
            "required": ["session", "token", "offset", "seconds"],
            "properties": {
                "session": {"type": "string"},
                "token": {"type": "string"},
                "offset": {"type": "integer", "minimum": 0},
                "seconds": {"type": "number"},
            },
        },
        "Frame": {
            "type": "object",
            "required": ["event"],
            "properties": {
                "id": {"type": ["string", "integer", "null"], "maxLength": 200},
                "event": {"type": "string", "minLength": 1, "maxLength": 60},
                "data": True,
            },
        },
        "Body": {"anyOf": [messages, envelope, _ref("Activity")]},
        "Refusal": {
            "type": "object",
            "required": ["error"],
            "properties": {"error": {"type": "string"}, "requestId": {"type": "string"}},
            "additionalProperties": False,
        },
        "Running": {
            "type": "object",
            "required": ["status", "requestId"],
            "properties": {"status": {"const": "running"}, "requestId": _ID},
            "additionalProperties": False,
        },
    }


if __name__ == "__main__":
    (SCHEMAS / "openapi.json").write_text(text(), encoding="utf-8")
