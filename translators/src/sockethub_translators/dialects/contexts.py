"""Which platform an activity is for: ``"context": "irc"``, or a JSON-LD ``@context`` that names it."""

from __future__ import annotations

from typing import Any

from ..errors import DialectError

__all__ = ["AS2_CONTEXT", "SOCKETHUB_CONTEXT", "context_array", "platform_context", "platform_of"]

AS2_CONTEXT = "https://www.w3.org/ns/activitystreams"
SOCKETHUB_CONTEXT = "https://sockethub.org/ns/context/v1.jsonld"
_PREFIX = "https://sockethub.org/ns/context/platform/"
_SUFFIX = "/v1.jsonld"

NOT_REGISTERED = "platform context URL not registered with this Sockethub instance."


def platform_context(platform: str) -> str:
    """The context URL of a platform."""
    return f"{_PREFIX}{platform}{_SUFFIX}"


def context_array(platform: str) -> list[str]:
    """The three contexts of an activity for a platform."""
    return [AS2_CONTEXT, SOCKETHUB_CONTEXT, platform_context(platform)]


def platform_of(raw: Any) -> str:
    """The platform id; raises :class:`~sockethub_translators.errors.DialectError` where none, or several, are named."""
    if not isinstance(raw, dict):
        raise DialectError("$", "message received is not an object.")
    context = raw.get("@context")
    if context is None:
        return _from_string(raw)
    if not isinstance(context, list):
        raise DialectError("$.@context", "activity stream must contain an @context array.")
    found = [url for url in context if url not in (AS2_CONTEXT, SOCKETHUB_CONTEXT)]
    if not found:
        raise DialectError("$.@context", f"{NOT_REGISTERED} No platform @context values were provided.")
    if len(found) > 1:
        listed = ", ".join(map(str, found))
        raise DialectError("$.@context", f"{NOT_REGISTERED} Multiple platform @context values were provided: {listed}.")
    url = found[0]
    if not (isinstance(url, str) and url.startswith(_PREFIX) and url.endswith(_SUFFIX)):
        raise DialectError("$.@context", f"{NOT_REGISTERED} Unregistered platform @context value: {url}")
    return url[len(_PREFIX) : -len(_SUFFIX)]


def _from_string(raw: dict[str, Any]) -> str:
    context = raw.get("context")
    if context is None:
        raise DialectError(
            "$.@context", "activity stream must contain an @context array. (Or a `context` that names the platform.)"
        )
    if not isinstance(context, str) or not context:
        raise DialectError("$.context", "must name the platform, such as irc")
    return context
