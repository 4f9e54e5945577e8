"""What all that is served by plain HTTP has in common: refusals, bodies, and who may read the answers (CORS)."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import quart
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from sockethub.gateway import wire
from sockethub.gateway.origins import Origins

__all__ = ["Refused", "allow", "json_answer", "read_body"]

PREFLIGHT_SECONDS: Final = 600
"""How long a browser need not ask again whether it may."""


class Refused(Exception):
    """The request as a whole is refused."""

    def __init__(self, status: int, text: str, *, request: str = "", retry_after: int = 0) -> None:
        super().__init__(text)
        self.status = status
        self.body = {"error": text, "requestId": request} if request else {"error": text}
        self.retry_after = retry_after

    def answer(self) -> quart.Response:
        response = json_answer(self.body, self.status)
        if self.retry_after:
            response.headers["Retry-After"] = str(self.retry_after)
        if self.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response


def json_answer(body: dict[str, Any], status: int) -> quart.Response:
    return quart.Response(wire.write(body), status, content_type="application/json")


def allow(response: quart.Response, origins: Origins, methods: str, headers: tuple[str, ...]) -> None:
    """CORS (Fetch Standard §3.2): for the origins that may connect, and for no other. Nothing is to be cached."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    origin = quart.request.headers.get("Origin")
    if origin is None or not origins.allows(quart.request.scope):
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Allow-Methods"] = methods
    response.headers["Access-Control-Allow-Headers"] = ", ".join(("Content-Type", *headers))
    response.headers["Access-Control-Expose-Headers"] = "X-Request-Id, X-Idempotent-Replay, Retry-After"
    response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)


async def read_body(seconds: float, most: int) -> bytes:
    """The request's JSON text, not yet read. Raises :class:`Refused`."""
    if quart.request.mimetype != "application/json":
        raise Refused(415, "the content type must be application/json")
    try:
        async with asyncio.timeout(seconds):
            return await quart.request.get_data(cache=False, as_text=False, parse_form_data=False)
    except RequestEntityTooLarge:
        raise Refused(413, f"the body is larger than {most} bytes") from None
    except TimeoutError:
        raise Refused(408, f"the body did not come within {seconds:g} seconds") from None
    except HTTPException as error:
        raise Refused(error.code or 400, "the body cannot be read") from None
