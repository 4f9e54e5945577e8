"""JSON from and for clients: parsed once, written once for each message."""

from __future__ import annotations

from typing import Any, Final

import orjson

from sockethub import jsontext
from sockethub.errors import MalformedMessage

MAX_DEPTH: Final = 64
"""Nesting of what a client may send; activities have four or five levels, and recursion elsewhere has its limits."""

MAX_VALUES: Final = 20_000
"""Values in what a client may send. An activity has some dozens, a block list of a thousand people three thousand. In a
text a value may take two bytes, in memory it takes up to a hundred, and time in all that looks at it."""


def parse(text: str) -> Any:
    """One JSON value; raises :class:`~sockethub.errors.MalformedMessage`."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise MalformedMessage(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    # So many take two characters each, but for the last.
    if len(text) >= 2 * MAX_VALUES and jsontext.more_values_than(value, MAX_VALUES):
        raise MalformedMessage(f"more than {MAX_VALUES} values in one message")
    # Counting is fast, and says at once that nearly every message is shallow.
    if text.count("[") + text.count("{") > MAX_DEPTH and _deeper_than(value, MAX_DEPTH):
        raise MalformedMessage(f"nested more than {MAX_DEPTH} levels deep")
    return value


def write(value: Any) -> str:
    """``value`` as compact JSON."""
    return jsontext.dumps(value).decode()


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
