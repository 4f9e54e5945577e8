"""Reads the log records of a whole deployment: asks all members, merges what they say by time, goes on from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import anyio
import redis.asyncio

from sockethub import jsontext
from sockethub.logrecords import NoRecord, believed
from sockethub.operations.asking import SILENT, Member, ask, members
from sockethub.operations.recent import MOST_LINES, Wanted

__all__ = ["Log", "Reader", "Record", "merged"]

DISCOVERY_SECONDS: Final = 5.0
"""How often who follows looks for members that are new, or gone: as often as these show that they are there."""


@dataclass(frozen=True, slots=True)
class Record:
    """One event, and who has logged it: a ``gateway``, a ``worker``, or the supervisor of some (``workers``)."""

    host: str
    member: str
    role: str
    fields: Mapping[str, Any]

    @property
    def order(self) -> tuple[str, str]:
        """By time; at one moment, what a member said stays together."""
        return self.fields["timestamp"], self.member

    def to_json(self) -> dict[str, Any]:
        """As ``sockethub logs --json`` has it."""
        return {"host": self.host, "member": self.member, "role": self.role, "record": dict(self.fields)}


@dataclass(frozen=True, slots=True)
class Log:
    """What one look has found. ``answered`` says of each member since how long it keeps, and how many records it had
    overwritten before they were asked for; ``unable`` are those that do not answer, and why."""

    records: Sequence[Record]
    answered: Sequence[dict[str, Any]]
    unable: Mapping[Member, str]

    def to_json(self) -> dict[str, Any]:
        """As ``sockethub logs --json`` has it."""
        unable = [{"id": member.id, "role": member.role, "reason": reason} for member, reason in self.unable.items()]
        return {
            "records": [record.to_json() for record in self.records],
            "members": list(self.answered),
            "silent": unable,
        }


def merged(records: Iterable[Record], lines: int) -> list[Record]:
    """The last so many of all, by time. The clocks of machines may differ; each member's own order is kept."""
    return sorted(records, key=lambda record: record.order)[-lines:]


class Reader:
    """Reads, and remembers how far it has read each member."""

    def __init__(self, client: redis.asyncio.Redis, key: bytes, wanted: Wanted) -> None:
        """``key`` is that of operations."""
        self._client = client
        self._key = key
        self._wanted = wanted
        self._known: list[Member] = []
        self._looked = float("-inf")
        self._next: dict[str, int] = {}

    async def look(self) -> Log:
        """What has been logged last; from the second time on, since. Raises ``redis.RedisError``."""
        now = anyio.current_time()
        if now - self._looked >= DISCOVERY_SECONDS:
            self._known, self._looked = await members(self._client), now
        self._next = {member.id: self._next[member.id] for member in self._known if member.id in self._next}
        first = not self._next
        wanted = self._wanted if first else replace(self._wanted, lines=MOST_LINES)  # all of it, once it follows
        answers = await ask(self._client, self._key, self._known, do="log", after=self._next, **wanted.to_order())
        records: list[Record] = []
        answered: list[dict[str, Any]] = []
        unable: dict[Member, str] = {}
        for member in self._known:
            answer = answers.get(member.id, {"error": SILENT})
            if "error" in answer:
                unable[member] = answer["error"]
                continue
            self._next[member.id] = answer["next"]
            records += _records(member, answer)
            answered.append({name: answer[name] for name in ("id", "role", "host", "kept_seconds", "missed")})
        return Log(merged(records, wanted.lines if first else len(records)), answered, unable)


def _records(member: Member, answer: Mapping[str, Any]) -> Iterable[Record]:
    for of_worker, text in answer["records"]:
        try:
            fields = believed(jsontext.mapping(text))
        except (ValueError, NoRecord):
            continue
        yield Record(answer["host"], member.id, "worker" if of_worker else member.role, fields)
