"""What is served beside Socket.IO: the plain WebSocket, health, schemas, JavaScript clients, the console."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import quart
import structlog
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope
from werkzeug.exceptions import NotFound

from sockethub.activity.registry import Registry
from sockethub.config.gateway import Gateway
from sockethub.config.resources import SCHEMAS
from sockethub.console import console_blueprint
from sockethub.gateway import asyncapi
from sockethub.gateway.forwarding import as_asked, networks, peer
from sockethub.gateway.httpactions import HttpActions
from sockethub.gateway.javascript import javascript_blueprint
from sockethub.gateway.origins import FORBIDDEN, Origins
from sockethub.gateway.websocket import WebSocketEndpoint

log = structlog.get_logger(__name__)

Asgi = Callable[[Any, Any, Any], Awaitable[None]]

SMALL_BODY: Final = 16_384
"""Largest request body here; only HTTP actions take one, and declare their own limit."""

LONGEST_ORIGIN: Final = 200
"""Of one that is logged, in characters: no page has a longer one."""

TWO_LENGTHS: Final = "a request has either Content-Length or Transfer-Encoding, not both"


def make_app(
    gateway: Gateway,
    registry: Registry,
    ready: Callable[[], Awaitable[bool]],
    suggestions: dict[str, Any],
    actions: HttpActions,
) -> quart.Quart:
    """The Quart application. ``ready`` tells whether commands can be taken now."""
    app = quart.Quart("sockethub", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = max(SMALL_BODY, actions.max_body_bytes)

    actions.register(app)

    @app.errorhandler(NotFound)
    async def absent(error: NotFound) -> Any:
        """Of a proxy that does not pass on ``Upgrade``, say what is wrong."""
        if quart.has_request_context() and quart.request.path == gateway.websocket_path:
            return quart.jsonify(error="this is for WebSocket: there is no Upgrade in the request"), 400
        return error

    @app.get("/livez")
    async def livez() -> quart.Response:
        """The process answers."""
        return quart.jsonify(status="alive")

    @app.get("/readyz")
    async def readyz() -> tuple[quart.Response, int]:
        """Commands can be taken: the queue answers, and the gateway is not about to stop."""
        is_ready = await ready()
        return quart.jsonify(status="ready" if is_ready else "not ready"), 200 if is_ready else 503

    described = asyncapi.document(gateway)

    @app.get("/asyncapi.json")
    async def description() -> quart.Response:
        """What is said over the plain WebSocket, for tools."""
        return quart.jsonify(described)

    @app.get("/schemas/registry.json")
    async def registered() -> quart.Response:
        """What the ``schemas`` event answers."""
        return quart.jsonify(registry.answer())

    @app.get("/schemas/<path:name>")
    async def schema(name: str) -> quart.Response:
        """A shipped schema by its ``$id``'s path."""
        return await quart.send_from_directory(SCHEMAS, name, mimetype="application/schema+json")

    app.register_blueprint(javascript_blueprint())
    if gateway.console:
        app.register_blueprint(console_blueprint(websocket_path=gateway.websocket_path, credentials=suggestions))
    return app


def compose(app: quart.Quart, socketio: Asgi, endpoint: WebSocketEndpoint, gateway: Gateway, origins: Origins) -> Asgi:
    """One application: Socket.IO below its path, plain WebSocket at its own, the rest to ``app``; pages from elsewhere
    to none of them.

    All see clients as they are, whatever proxies stand between, and no request whose end two could see differently.
    """
    prefix, plain = gateway.socketio_path + "/", gateway.websocket_path
    trusted, kind = networks(gateway.trusted_proxies), gateway.forwarded_header

    def application(scope: Any, receive: ASGIReceiveCallable, send: ASGISendCallable) -> Awaitable[None]:
        # No coroutine: it would keep the request for as long as the connection lasts.
        address = (scope.get("client") or ("",))[0]
        scope = as_asked(scope, peer(address, scope["headers"], trusted, kind))
        if _has_two_lengths(scope):
            return _refuse(scope, receive, send, 400, TWO_LENGTHS, (b"connection", b"close"))
        if _is_api(scope, prefix) and (origin := origins.refused(scope)) is not None:
            log.info("a page is not let in: `gateway.origins` does not name it", origin=origin[:LONGEST_ORIGIN])
            return _refuse(scope, receive, send, 403, FORBIDDEN)
        if scope["path"].startswith(prefix):
            return socketio(scope, receive, send)
        if scope["type"] == "websocket" and scope["path"] == plain:
            return endpoint.serve(scope, receive, send)
        return app(scope, receive, send)

    return application


def _is_api(scope: Scope, prefix: str) -> bool:
    return scope["type"] == "websocket" or str(scope.get("path", "")).startswith(prefix)


def _has_two_lengths(scope: Any) -> bool:
    """Whether a request says in two ways where it ends: a proxy may believe the other one (RFC 9112 §6.1)."""
    return {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope["headers"]}


async def _refuse(
    scope: Scope, receive: ASGIReceiveCallable, send: Any, status: int, why: str, *more: tuple[bytes, bytes]
) -> None:
    await receive()
    text = f"{why}\n".encode()
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode()), *more]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": text, "more_body": False})
