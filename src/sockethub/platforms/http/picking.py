"""From the answer to an activity: members by JSON Pointer. Pure.

A rule is a pointer into the answer; or ``{"value": …}``, the same for all answers; or ``{"at": pointer, "each":
rules}``, a list of objects from a list. What the answer does not have is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sockethub.platforms.http.pointers import MISSING, read, write

ITEMS: Final = 1_000
"""Of a list that are passed on."""

Rules = Mapping[str, Any]


def picked(rules: Rules, answer: Any) -> dict[str, Any]:
    """The members that ``rules`` make of ``answer``, each at its own pointer."""
    made: dict[str, Any] = {}
    for pointer, rule in rules.items():
        value = _value(rule, answer)
        if value is not MISSING:
            write(made, pointer, value)
    return made


def _value(rule: Any, answer: Any) -> Any:
    if isinstance(rule, str):
        return read(answer, rule)
    if "value" in rule:
        return rule["value"]
    found = read(answer, rule["at"])
    return [picked(rule["each"], each) for each in found[:ITEMS]] if isinstance(found, list) else MISSING
