"""Which rooms we are in, and which we want to be in: what a new connection joins again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sockethub_translators import irc

__all__ = ["MAX_ROOMS", "Room", "Rooms"]

MAX_ROOMS: Final = 1_000
"""Rooms remembered. Servers allow some 20 to 250 (CHANLIMIT); memory must not grow with what a server says."""

Fold = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Room:
    """A room and the key that let us in."""

    name: str
    key: str | None = field(default=None, repr=False)


class Rooms:
    """Keeps account of our own comings and goings; names compare as the server folds them."""

    def __init__(self) -> None:
        self._wanted: dict[str, Room] = {}
        self._present: set[str] = set()

    def restore(self, saved: Mapping[str, Any], fold: Fold) -> None:
        """Take in what :meth:`saved` gave."""
        for entry in saved.get("joins", ())[:MAX_ROOMS]:
            self.want(Room(entry["room"], entry.get("key")), fold)

    def saved(self) -> list[dict[str, str]]:
        """The rooms we want to be in, as small JSON."""
        return [
            {"room": room.name} if room.key is None else {"room": room.name, "key": room.key}
            for room in self._wanted.values()
        ]

    def wanted(self) -> list[Room]:
        return list(self._wanted.values())

    def want(self, room: Room, fold: Fold) -> None:
        """Remember a room, or its new key."""
        key = fold(room.name)
        if key in self._wanted or len(self._wanted) < MAX_ROOMS:
            self._wanted[key] = room

    def forget(self, name: str, fold: Fold) -> None:
        self._wanted.pop(fold(name), None)
        self._present.discard(fold(name))

    def inside(self, name: str, fold: Fold) -> bool:
        """Whether the server has us in this room now."""
        return fold(name) in self._present

    def disconnected(self) -> None:
        """In no room any more; what we want stays."""
        self._present.clear()

    def follow(self, line: irc.Line, env: irc.Env) -> bool:
        """Take note of one line; tell whether what is wanted has changed. ``env`` as it was before the line."""
        fold = env.isupport.fold
        if not line.params or line.command not in ("JOIN", "PART", "KICK"):
            return False
        name = line.params[0]
        if line.command == "KICK":
            if len(line.params) < 2 or fold(line.params[1]) != fold(env.nick):
                return False
        elif line.source is None or fold(irc.nick_of(line.source)) != fold(env.nick):
            return False
        if line.command == "JOIN":
            return self._entered(name, fold)
        known = fold(name) in self._wanted
        self.forget(name, fold)
        return known

    def _entered(self, name: str, fold: Fold) -> bool:
        key = fold(name)
        if key in self._wanted or len(self._present) < MAX_ROOMS:
            self._present.add(key)
        if key in self._wanted:
            return False
        self.want(Room(name), fold)
        return True
