"""Who runs, and which master keys each would have at its next start."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from sockethub.crypto import MasterKeys

__all__ = ["HOLDER_SECONDS", "Holder", "hindrances"]

HOLDER_SECONDS: Final = 15
"""How long a process that fell silent counts as running."""


@dataclass(frozen=True, slots=True)
class Holder:
    """One process, with the ids of its declared keys. ``looked`` is when it was last asked for them, by Redis's clock;
    with ``trouble`` it could not read them then, and what it says is older."""

    role: str
    host: str
    pid: int
    in_use: str
    previous: tuple[str, ...]
    looked: str = ""
    trouble: bool = False

    @classmethod
    def here(cls, role: str, masters: MasterKeys) -> Holder:
        """This process."""
        return cls(role, platform.node(), os.getpid(), masters.in_use.id, tuple(key.id for key in masters.previous))

    @property
    def keys(self) -> Sequence[str]:
        return (self.in_use, *self.previous)

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.role} on {self.host} (process {self.pid})"

    def encode(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def decode(cls, raw: bytes) -> Holder:
        """Undo :meth:`encode`; what is none of it counts as a process in trouble."""
        try:
            fields = json.loads(raw)
            return cls(**{**fields, "previous": tuple(fields["previous"])})
        except (ValueError, TypeError, KeyError):
            return cls("a process of another version", "unknown host", 0, "", (), trouble=True)


def hindrances(holders: Iterable[Holder], stays: str, asked: str) -> list[str]:
    """Why the master key ``stays`` cannot be the only one: processes that could not start with it, for people.

    ``asked`` is when each was asked.
    """
    return [f"{holder.name}: {why}" for holder in holders if (why := _hindrance(holder, stays, asked))]


def _hindrance(holder: Holder, stays: str, asked: str) -> str:
    if holder.trouble:
        return "it could not read its keys; its log says why"
    if holder.looked < asked:
        return "it has not said which keys it has"
    if stays not in holder.keys:
        return f"its declaration does not have {stays}, but {' and '.join(holder.keys)}"
    return ""
