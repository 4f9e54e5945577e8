"""Which platform an activity is for: ``"context": "irc"``, or a JSON-LD ``@context`` that names it.

ActivityStreams 2.0 has neither: there ``sh:platform`` names the platform, or else the ids do (``irc://…``, ``xmpp:…``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ..errors import DialectError

__all__ = [
    "AS2_CONTEXT",
    "IRC_IRI",
    "PLATFORM",
    "PUBLISHED",
    "SOCKETHUB_CONTEXT",
    "context_array",
    "is_activity",
    "is_as2",
    "platform_context",
    "platform_of",
    "platform_of_iri",
]

AS2_CONTEXT = "https://www.w3.org/ns/activitystreams"
SOCKETHUB_CONTEXT = "https://sockethub.org/ns/context/v1.jsonld"
_PREFIX = "https://sockethub.org/ns/context/platform/"
_SUFFIX = "/v1.jsonld"

PLATFORM: Final = "sh:platform"
PUBLISHED: Final = "post"
"""The type of an activity whose object is somebody's publication: there a ``note`` is not something said in a chat."""

IRC_IRI: Final = re.compile(r"ircs?://", re.IGNORECASE)

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
    if is_as2(raw):
        return _from_ids(raw)
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


def is_as2(raw: Mapping[str, Any]) -> bool:
    """Whether a message is AS2 and names no platform by a context URL, as others do."""
    context = raw.get("@context")
    if not isinstance(context, list):
        return context == AS2_CONTEXT
    return AS2_CONTEXT in context and (len(context) == 1 or PLATFORM in raw or any(map(_is_inline, context)))


def _is_inline(context: Any) -> bool:
    return isinstance(context, dict)


def is_activity(value: Any) -> bool:
    """Whether an item of a collection is an activity, which is written and read as one."""
    if not isinstance(value, dict) or not isinstance(value.get("type"), str) or value.get("actor") is None:
        return False
    return isinstance(value.get("context"), str) or isinstance(value.get("@context"), list)


def platform_of_iri(text: str) -> str | None:
    """The platform whose ids look like this."""
    if IRC_IRI.match(text):
        return "irc"
    return "xmpp" if text[:5].lower() == "xmpp:" else None


def _from_ids(raw: dict[str, Any]) -> str:
    named = raw.get(PLATFORM)
    if isinstance(named, str) and named:
        return named
    for member in ("target", "to", "object", "actor"):
        value = raw.get(member)
        for each in value if isinstance(value, list) else [value]:
            text = each.get("id") if isinstance(each, dict) else each
            platform = platform_of_iri(text) if isinstance(text, str) else None
            if platform is not None:
                return platform
    raise DialectError("$.@context", f"{NOT_REGISTERED} No platform @context values were provided.")
