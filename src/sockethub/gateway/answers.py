"""What a client is answered: the result, or what it submitted, without secrets, and with the error if there was one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sockethub.activity.platforms import CREDENTIALS

UNKNOWN: Final = "outcome: unknown"

_TYPE_MEMBERS: Final = ("type", "@type", "sh:verb", "sh:kind")
"""Where dialects say what something is."""

_OURS: Final = ("outcome", "retry")
"""What the gateway says of a failure, and nobody else: a client that submits it is not told it of itself."""


def succeeded(raw: dict[str, Any], result: dict[str, Any] | None) -> dict[str, Any]:
    """The platform's result, or the submitted activity when that says it all."""
    if result is None:
        return without_secrets(raw)
    if "id" in raw and "id" not in result:
        return {**result, "id": raw["id"]}
    return result


def failed(raw: Any, text: str, *, retry: bool = False) -> dict[str, Any]:
    """The submitted activity, and why it did not happen; ``retry``: it would on the next connection."""
    submitted = without_secrets(raw) if isinstance(raw, Mapping) else {}
    said = {member: value for member, value in submitted.items() if member not in _OURS}
    return {**said, "error": text, **({"retry": True} if retry else {})}


def unknown(raw: Any, text: str) -> dict[str, Any]:
    """The submitted activity, of which nobody knows whether it happened."""
    return {**failed(raw, f"{UNKNOWN} ({text})"), "outcome": "unknown"}


def without_secrets(raw: Mapping[str, Any]) -> dict[str, Any]:
    """``raw``; of an object with credentials its type alone."""
    given = raw.get("object")
    secret = says_credentials(raw) or (isinstance(given, Mapping) and says_credentials(given))
    return {**raw, "object": {"type": CREDENTIALS}} if secret and given is not None else dict(raw)


def says_credentials(raw: Mapping[str, Any]) -> bool:
    """Whether it is of credentials in any dialect, also where it is not valid there."""
    return any(str(raw[key]).casefold() == CREDENTIALS for key in _TYPE_MEMBERS if key in raw)
