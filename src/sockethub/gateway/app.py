"""What is served beside Socket.IO: the plain WebSocket, health, schemas, the console."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import quart
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from sockethub.activity.registry import Registry
from sockethub.config.models import Gateway
from sockethub.config.resources import SCHEMAS
from sockethub.console import console_blueprint
from sockethub.gateway.httpactions import HttpActions
from sockethub.gateway.origins import Origins
from sockethub.gateway.websocket import WebSocketEndpoint, bounded

Asgi = Callable[[Any, Any, Any], Awaitable[None]]

SMALL_BODY: Final = 16_384
"""Largest request body here; only HTTP actions take one, and declare their own limit."""


def make_app(
    gateway: Gateway,
    endpoint: WebSocketEndpoint,
    registry: Registry,
    ready: Callable[[], Awaitable[bool]],
    suggestions: dict[str, Any],
    actions: HttpActions,
) -> quart.Quart:
    """The Quart application. ``ready`` tells whether commands can be taken now."""
    app = quart.Quart("sockethub", static_folder=None)
    app.asgi_websocket_class = bounded(gateway.inbound_messages)
    app.config["MAX_CONTENT_LENGTH"] = max(SMALL_BODY, actions.max_body_bytes)
    app.add_websocket(gateway.websocket_path, "websocket", endpoint.serve)

    actions.register(app)

    @app.get("/livez")
    async def livez() -> quart.Response:
        """The process answers."""
        return quart.jsonify(status="alive")

    @app.get("/readyz")
    async def readyz() -> tuple[quart.Response, int]:
        """Commands can be taken: the queue answers, and the gateway is not about to stop."""
        is_ready = await ready()
        return quart.jsonify(status="ready" if is_ready else "not ready"), 200 if is_ready else 503

    @app.get("/schemas/registry.json")
    async def registered() -> quart.Response:
        """What the ``schemas`` event answers."""
        return quart.jsonify(registry.answer())

    @app.get("/schemas/<path:name>")
    async def schema(name: str) -> quart.Response:
        """A shipped schema by its ``$id``'s path."""
        return await quart.send_from_directory(SCHEMAS, name, mimetype="application/schema+json")

    if gateway.console:
        app.register_blueprint(console_blueprint(websocket_path=gateway.websocket_path, credentials=suggestions))
    return app


def compose(app: quart.Quart, socketio: Asgi, path: str, origins: Origins) -> Asgi:
    """One application: Socket.IO below ``path``, the rest to ``app``; pages from elsewhere to neither."""
    prefix = path + "/"

    async def application(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
        elif not origins.allows(scope["headers"]) and _is_api(scope, prefix):
            await _forbid(scope, receive, send)
        elif scope["path"].startswith(prefix):
            await socketio(scope, receive, send)
        else:
            await app(scope, receive, send)

    return application


def _is_api(scope: Scope, prefix: str) -> bool:
    return scope["type"] == "websocket" or str(scope.get("path", "")).startswith(prefix)


async def _forbid(scope: Scope, receive: ASGIReceiveCallable, send: Any) -> None:
    await receive()
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    text = b"this origin may not connect; the operator declares those that may in gateway.origins\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    await send({"type": f"{kind}.start", "status": 403, "headers": headers})
    await send({"type": f"{kind}.body", "body": text, "more_body": False})
