"""What of a changed declaration takes effect at once, and what when the process starts again.

A setting that can change while it is in use is declared with ``json_schema_extra=LIVE`` in the models; whoever uses it
looks it up each time, or is told by :class:`Live`. Platforms come and go as a whole.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic.fields import FieldInfo

from sockethub.config.models import Declaration
from sockethub.config.section import LIVE_KEY, Section

__all__ = ["Live", "Plan", "Reload", "plan", "unable"]


S = TypeVar("S", bound=Section)


@dataclass(frozen=True, slots=True)
class Plan:
    """``declaration`` is what is in force from now on: the present one with those of its changes that can be made.

    ``changed`` are their keys; ``restart`` are those of the others, which wait for the next start.
    """

    declaration: Declaration
    changed: tuple[str, ...]
    restart: tuple[str, ...]


def plan(present: Declaration, wanted: Declaration) -> Plan:
    """How to get from ``present`` to ``wanted`` without starting anew. Pure."""
    changed: list[str] = []
    restart: list[str] = []
    declaration = _merged(present, wanted, "", changed, restart)
    return Plan(declaration, tuple(changed), tuple(restart))


def _merged(present: S, wanted: S, path: str, changed: list[str], restart: list[str]) -> S:
    update: dict[str, Any] = {}
    for name, field in type(present).model_fields.items():
        before, after, here = getattr(present, name), getattr(wanted, name), f"{path}{name}"
        if before == after:
            continue
        if isinstance(before, Section) and isinstance(after, Section):
            update[name] = _merged(before, after, f"{here}.", changed, restart)
        elif here == "platforms":
            update[name] = dict(_platforms(before, after, changed, restart))
        elif is_live(field):
            update[name] = after
            changed.append(here)
        else:
            restart.append(here)
    return present.model_copy(update=update)


def _platforms(
    present: Mapping[str, Any], wanted: Mapping[str, Any], changed: list[str], restart: list[str]
) -> Iterator[tuple[str, Any]]:
    changed += (f"platforms.{name}" for name in present if name not in wanted)
    for name, after in wanted.items():
        here = f"platforms.{name}"
        if name not in present:
            changed.append(here)
            yield name, after
        else:
            yield name, _merged(present[name], after, f"{here}.", changed, restart)


def is_live(field: FieldInfo) -> bool:
    """Whether the setting may change while it is in use."""
    extra = field.json_schema_extra
    return isinstance(extra, dict) and bool(extra.get(LIVE_KEY))


Told = Callable[[Declaration], Awaitable[None]]

Reload = Callable[[str], Awaitable[dict[str, Any]]]
"""Has the declaration read again, for the order of that id: ``{"changed": …, "restart": …}``, the keys of what has
changed and of what waits for the next start, or ``{"error": text}``. Several parts of one process may be given one
order; it is carried out once."""


async def unable(_order: str) -> dict[str, Any]:
    """The answer of a process that was given its declaration by another, which cannot be asked."""
    return {"error": "it cannot read its declaration again"}


class Live:
    """The declaration that is in force, and those who are told when it changes, in the order they have asked."""

    def __init__(self, declaration: Declaration) -> None:
        self.now = declaration
        self.reload: Reload = unable
        """Set by who can read it."""
        self._told: list[Told] = []

    def watch(self, told: Told) -> None:
        """Have ``told`` called with each declaration that comes into force."""
        self._told.append(told)

    async def become(self, wanted: Declaration) -> Plan:
        """Change what can be changed; what that was. Raises what those raise who are told."""
        found = plan(self.now, wanted)
        if found.changed:
            for told in self._told:
                await told(found.declaration)
            self.now = found.declaration
        return found
