"""The console page: one static page, no build step, on the JavaScript client that every page may use.

The page knows no platform: platforms, verbs and credential fields come from the gateway's registry. Only suggestions
for the login form are handed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from quart import Blueprint, Response, jsonify, send_from_directory

STATIC: Final = Path(__file__).parent / "static"

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page loads its own files and talks to its own host; nothing else."""


def console_blueprint(*, websocket_path: str, credentials: Mapping[str, Mapping[str, Any]]) -> Blueprint:
    """The page at ``/``, its files below ``/console/``.

    ``credentials`` holds suggestions for the login form by platform id, such as ``{"irc": {"server": "127.0.0.1"}}``;
    never secrets.
    """
    blueprint = Blueprint("console", __name__)
    defaults = {"websocket_path": websocket_path, "credentials": credentials}

    @blueprint.get("/")
    async def page() -> Response:
        return await _static("index.html")

    @blueprint.get("/console/defaults.json")
    async def suggestions() -> Response:
        return jsonify(defaults)

    @blueprint.get("/console/<path:name>")
    async def file(name: str) -> Response:
        return await _static(name)

    return blueprint


async def _static(name: str) -> Response:
    response = await send_from_directory(STATIC, name)
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-cache"
    return response
