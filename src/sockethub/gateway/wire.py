"""JSON from and for clients: parsed once, written once for each message."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

from sockethub.errors import MalformedMessage

MAX_DEPTH: Final = 64
"""Nesting of what a client may send; activities have four or five levels, and recursion elsewhere has its limits."""


def parse(text: str) -> Any:
    """One JSON value; raises :class:`~sockethub.errors.MalformedMessage`."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise MalformedMessage(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    # Counting is fast, and says at once that nearly every message is shallow.
    if text.count("[") + text.count("{") > MAX_DEPTH and _deeper_than(value, MAX_DEPTH):
        raise MalformedMessage(f"nested more than {MAX_DEPTH} levels deep")
    return value


def write(value: Any) -> str:
    """``value`` as compact JSON."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # a lone surrogate or a number beyond 64 bits; JSON itself has no objection
        return json.dumps(value, separators=(",", ":"))


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            member
            for container in level
            if isinstance(container, dict | list)
            for member in (container.values() if isinstance(container, dict) else container)
        ]
        if not level:
            return False
    return any(isinstance(member, dict | list) for member in level)
