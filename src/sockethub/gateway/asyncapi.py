"""The AsyncAPI 3.0 description of the plain WebSocket (https://www.asyncapi.com/docs/reference/specification/v3.0.0).

``python -m sockethub.gateway.asyncapi`` in a checkout: write ``schemas/asyncapi.json`` and ``schemas/frames`` anew.
"""

from __future__ import annotations

import json
from typing import Any, Final

from sockethub import __version__
from sockethub.config.gateway import Gateway
from sockethub.config.resources import SCHEMAS
from sockethub.gateway.frames import FROM_CLIENT, FROM_GATEWAY, frame_schemas

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ANSWERS: Final = ("acknowledgement", "malformed")
_CHANNEL: Final = {"$ref": "#/channels/websocket"}


def document(declared: Gateway) -> dict[str, Any]:
    """The description of a gateway."""
    schemas = frame_schemas()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sockethub",
            "version": __version__,
            "description": "A JSON object a text frame, both ways. Every event with an `id` is answered once.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "gateway": {"host": f"{declared.host}:{declared.port}", "protocol": "wss" if declared.tls else "ws"}
        },
        "channels": {
            "websocket": {
                "address": declared.websocket_path,
                "servers": [{"$ref": "#/servers/gateway"}],
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in schemas},
                "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
            }
        },
        "operations": _operations(),
        "components": {
            "messages": {name: _message(name, schema) for name, schema in schemas.items()},
            "schemas": schemas,
        },
    }


def _operations() -> dict[str, Any]:
    """From the gateway's side: it receives what clients send."""
    told = [name for name in FROM_GATEWAY if name not in ANSWERS]
    reply = {"channel": _CHANNEL, "messages": [_of_channel(name) for name in ANSWERS]}
    return {
        "hear": {
            "action": "receive",
            "channel": _CHANNEL,
            "messages": [_of_channel(name) for name in FROM_CLIENT],
            "reply": reply,
        },
        "tell": {"action": "send", "channel": _CHANNEL, "messages": [_of_channel(name) for name in told]},
    }


def _message(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "summary": schema["description"], "payload": {"$ref": f"#/components/schemas/{name}"}}


def _of_channel(name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/websocket/messages/{name}"}


def files() -> dict[str, str]:
    """What is published, by its path below ``schemas``: all by default."""
    frames = {f"frames/{name}.json": {"$schema": DIALECT, **schema} for name, schema in frame_schemas().items()}
    return {
        path: json.dumps(content, indent=2) + "\n"
        for path, content in {"asyncapi.json": document(Gateway()), **frames}.items()
    }


if __name__ == "__main__":
    for path, text in files().items():
        (SCHEMAS / path).parent.mkdir(exist_ok=True)
        (SCHEMAS / path).write_text(text, encoding="utf-8")
