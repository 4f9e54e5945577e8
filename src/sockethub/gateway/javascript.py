"""The JavaScript clients, served to pages: ours, and what upstream's pages load by script tags."""

from __future__ import annotations

from typing import Final

from quart import Blueprint, Response, abort, send_from_directory

from sockethub.config.resources import JAVASCRIPT

UPSTREAM: Final = ("socket.io.js", "sockethub-client.js")
"""Served at the top, as upstream's server does."""


def javascript_blueprint() -> Blueprint:
    """``/client/…`` and :data:`UPSTREAM`.

    Any page may load them, as from any place where libraries are kept: whether it may connect is another question.
    """
    blueprint = Blueprint("javascript", __name__)

    @blueprint.get("/client/<name>")
    async def module(name: str) -> Response:
        if not name.endswith((".js", ".d.ts")):
            abort(404)
        return await _file(name)

    for name in UPSTREAM:
        blueprint.add_url_rule(f"/{name}", name.replace(".", "-"), _file, defaults={"name": f"upstream/{name}"})
    return blueprint


async def _file(name: str) -> Response:
    response = await send_from_directory(JAVASCRIPT, name, mimetype="text/javascript")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-cache"
    return response
