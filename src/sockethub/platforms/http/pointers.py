"""JSON Pointer (RFC 6901): reading a value, and writing one into objects. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final


class Missing:
    """The type of :data:`MISSING`."""


MISSING: Final = Missing()
"""What a pointer finds where nothing is; ``null`` is something."""

INDEX_DIGITS: Final = 9
"""Of an index into an array; a longer one is into none that fits here."""


def steps(pointer: str) -> tuple[str, ...]:
    """
    >>> steps("/a~1b/m~0n")
    ('a/b', 'm~n')
    """
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def read(document: Any, pointer: str) -> Any:
    """What ``pointer`` names in ``document``, or :data:`MISSING`."""
    found = document
    for step in steps(pointer):
        if isinstance(found, Mapping) and step in found:
            found = found[step]
        elif isinstance(found, list) and _is_index(step) and int(step) < len(found):
            found = found[int(step)]
        else:
            return MISSING
    return found


def write(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Put ``value`` where ``pointer`` says; objects on the way are made, and what is in the way is replaced."""
    *way, last = steps(pointer)
    here = document
    for step in way:
        below = here.get(step)
        if not isinstance(below, dict):
            below = here[step] = {}
        here = below
    here[last] = value


def _is_index(step: str) -> bool:
    plain = step.isascii() and step.isdigit() and len(step) <= INDEX_DIGITS
    return plain and (step == "0" or not step.startswith("0"))
