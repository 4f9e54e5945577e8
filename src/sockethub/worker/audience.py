"""Who hears of a login, and what happened while nobody did. Pure but for what it keeps.

A session is attached from its first command to its end. One whose client has lost its connection, and may come back, is
attached but away: its gateway keeps for it what it misses. What happens while nobody is present is kept here, for
whoever comes next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sockethub.worker.interface import Activity

__all__ = ["Audience", "Missed"]

MISSED_CHARACTERS: Final = 1_048_576
"""Of what is kept for who comes next, in JSON: as much as a gateway keeps for one session."""

MOMENTARY: Final = frozenset({"typing"})
"""Objects of updates that tell of this moment alone."""


class Audience:
    """The sessions attached to a login, with their gateways, and which of them are away."""

    def __init__(self) -> None:
        self._sessions: dict[str, str] = {}
        self._away: set[str] = set()
        self._forgotten: set[str] = set()
        """The sessions of the gateway that was forgotten last: should it live after all, they come back."""

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._sessions))

    @property
    def gateways(self) -> set[str]:
        return set(self._sessions.values())

    @property
    def present(self) -> bool:
        """Whether somebody hears of what happens now."""
        return len(self._sessions) > len(self._away)

    def begin(self, sessions: Mapping[str, str]) -> None:
        """Sessions and their gateways, as a worker finds them when it starts."""
        self._sessions = dict(sessions)
        self._away.clear()

    def arrive(self, session: str, gateway: str) -> bool:
        """A session is present; whether it is a new one."""
        new = session not in self._sessions
        self._sessions[session] = gateway
        self._away.discard(session)
        return new

    def step_out(self, session: str) -> None:
        """A session's client has lost its connection, and may come back."""
        if session in self._sessions:
            self._away.add(session)

    def leave(self, session: str) -> None:
        """A session has ended."""
        self._sessions.pop(session, None)
        self._away.discard(session)

    def forget(self, gateway: str) -> None:
        """A gateway is gone, and its sessions with it."""
        gone = {session for session, at in self._sessions.items() if at == gateway}
        if gone:
            self._forgotten = gone
        for session in gone:
            self.leave(session)

    def was_forgotten(self, session: str) -> bool:
        """Whether it was attached until its gateway was taken for gone."""
        return session in self._forgotten


class Missed:
    """What happened while nobody was present: at most so many activities; the oldest are let go of, and counted."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: deque[tuple[int, Activity]] = deque()
        self._size = 0
        self._lost = 0

    def add(self, activity: Mapping[str, Any], size: int, now: str) -> None:
        """Keep an activity of ``size`` characters that happened ``now``, a time of RFC 3339."""
        if activity["type"] == "update" and activity.get("object", {}).get("type") in MOMENTARY:
            return
        self._kept.append((size, {"published": now, **activity}))
        self._size += size
        while len(self._kept) > self._most or self._size > MISSED_CHARACTERS:
            self._size -= self._kept.popleft()[0]
            self._lost += 1

    def take(self) -> tuple[int, list[Activity]]:
        """How many are lost, and the others, oldest first; nothing is left."""
        lost, kept = self._lost, [activity for _, activity in self._kept]
        self._kept.clear()
        self._size = self._lost = 0
        return lost, kept
