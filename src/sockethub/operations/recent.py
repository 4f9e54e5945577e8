"""The log records of a process, as many of the last as fit: what `sockethub logs` is answered with.

They are in memory and nowhere else. A gateway keeps its own; a supervisor its own and those of its workers.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sockethub import jsontext
from sockethub.logrecords import LEVELS, encode
from sockethub.operations.orders import OrderRefused

__all__ = ["ANSWER_BYTES", "MOST_LINES", "Recent", "Wanted"]

MOST_LINES: Final = 1_000
"""Records in one answer: a terminal holds no more that anybody reads."""

ANSWER_BYTES: Final = 262_144
"""Of the records in one answer: each member's waits in Redis for a moment."""

OVERHEAD_BYTES: Final = 300
"""What keeping a record takes beside its text: the objects around it (measured with tracemalloc: 282)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: of ``level`` and above, not older than ``age_seconds``, whose login begins so, of a platform."""

    level: str = "debug"
    age_seconds: float | None = None
    login: str = ""
    platform: str = ""
    lines: int = 100

    def to_order(self) -> dict[str, Any]:
        """As an order says it."""
        return asdict(self)

    @classmethod
    def parse(cls, order: Mapping[str, Any]) -> Wanted:
        """Undo :meth:`to_order`; what the order lacks is not asked for. Raises OrderRefused."""
        try:
            wanted = cls(**{name: order[name] for name in cls.__slots__ if name in order})
            if wanted.level not in LEVELS or not 1 <= wanted.lines <= MOST_LINES:
                raise ValueError
            if wanted.age_seconds is not None and not wanted.age_seconds >= 0:
                raise ValueError
        except (TypeError, ValueError):
            raise OrderRefused("it does not understand which records are wanted") from None
        return wanted


@dataclass(frozen=True, slots=True)
class _Kept:
    number: int
    at: float
    level: int
    login: str
    platform: str
    of_worker: bool
    text: str

    @property
    def size(self) -> int:
        return len(self.text) + OVERHEAD_BYTES


class Recent:
    """Keeps what it is told, up to ``most_bytes``; the oldest goes first. Threads may tell it something."""

    def __init__(self, most_bytes: int, clock: Callable[[], float] = time.time) -> None:
        self._most = most_bytes
        self._clock = clock
        self._kept: deque[_Kept] = deque()
        self._bytes = 0
        self._number = 0
        self._lock = threading.Lock()
        self._passed_to: Callable[[Mapping[str, Any]], None] | None = None

    def add(self, record: Mapping[str, Any], *, of_worker: bool = False) -> None:
        """Keep a record (:func:`sockethub.logs.flat`)."""
        if self._passed_to is not None:
            self._passed_to(record)
            return
        text = encode(record).decode()
        login, platform = (
            value if isinstance(value := record.get(name), str) else "" for name in ("login", "platform")
        )
        level = LEVELS.get(str(record.get("level")), LEVELS["error"])
        with self._lock:
            kept = _Kept(self._number, self._clock(), level, login, platform, of_worker, text)
            self._number += 1
            self._kept.append(kept)
            self._bytes += kept.size
            while self._bytes > self._most:
                self._bytes -= self._kept.popleft().size

    def pass_on(self, to: Callable[[Mapping[str, Any]], None]) -> None:
        """From now on another process keeps them: tell ``to`` what is here, and then whatever comes."""
        with self._lock:
            kept, self._passed_to = list(self._kept), to
            self._kept.clear()
            self._bytes = 0
        for each in kept:
            to(jsontext.mapping(each.text))

    def answer(self, order: Mapping[str, Any], member: str) -> dict[str, Any]:
        """What ``member`` answers an order for records (:mod:`sockethub.operations.orders`): those from the number
        that ``after`` has for it, else the last ones."""
        wanted, cursors = Wanted.parse(order), order.get("after") or {}
        cursor = cursors.get(member) if isinstance(cursors, dict) else None
        with self._lock:
            kept, following = list(self._kept), self._number
        first = kept[0].number if kept else following
        matching = self._matching(wanted)
        if isinstance(cursor, int):
            found, following = _from(kept[max(0, cursor - first) :], matching, wanted.lines, following)
            missed = max(0, first - cursor)
        else:
            found, missed = _last(kept, matching, wanted.lines), 0
        return {
            "records": [[each.of_worker, each.text] for each in found],
            "next": following,
            "missed": missed,
            "kept_seconds": round(self._clock() - kept[0].at, 1) if kept else 0.0,
        }

    def _matching(self, wanted: Wanted) -> Callable[[_Kept], bool]:
        level = LEVELS[wanted.level]
        since = float("-inf") if wanted.age_seconds is None else self._clock() - wanted.age_seconds

        def matches(kept: _Kept) -> bool:
            return (
                kept.level >= level
                and kept.at >= since
                and kept.login.startswith(wanted.login)
                and wanted.platform in ("", kept.platform)
            )

        return matches


def _last(kept: list[_Kept], matches: Callable[[_Kept], bool], lines: int) -> list[_Kept]:
    """The last that match and fit into an answer, the oldest first."""
    return list(_fitting((each for each in reversed(kept) if matches(each)), lines))[::-1]


def _from(kept: list[_Kept], matches: Callable[[_Kept], bool], lines: int, following: int) -> tuple[list[_Kept], int]:
    """The first that match and fit, and the number to go on from: that of the first that did not."""
    matching = [each for each in kept if matches(each)]
    found = list(_fitting(iter(matching), lines))
    return found, following if len(found) == len(matching) else matching[len(found)].number


def _fitting(records: Iterator[_Kept], lines: int) -> Iterator[_Kept]:
    room = ANSWER_BYTES
    for _, each in zip(range(lines), records, strict=False):
        room -= len(each.text)
        if room < 0:
            return
        yield each
