"""Log records on their way to whoever keeps them: how they are written, how many may come, what is believed.

A worker tells its supervisor what it logs by packets ``{"log": RECORD, "left_out": N}`` of its control socket, the
latter being how many it has not told since the last. It may have been taken over: what it says is looked at again.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sockethub import jsontext
from sockethub.errors import SockethubError
from sockethub.logs import HIDDEN, MAX_CHARACTERS, MAX_TRACEBACK, harmless, redact

__all__ = ["LEVELS", "MOST_BYTES", "PREFIX", "Allowance", "NoRecord", "believed", "encode", "packet", "unpacked"]

MOST_BYTES: Final = 4_096
"""Of one record. What is longer keeps only :data:`ESSENTIAL`: a socket holds what a worker may say in two
seconds, and how its login stands beside it."""

PREFIX: Final = b'{"log":'
"""Begins a packet with a record, and no other."""

LEVELS: Final = {
    name.lower(): logging.getLevelNamesMapping()[name] for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
}
"""How severe each is."""

ESSENTIAL: Final = ("event", "level", "timestamp", "platform", "login", "session", "job", "pid")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,63}")
_MOST_LEFT_OUT: Final = 1_000_000
"""Above any true number; a counter shall not believe more."""


class NoRecord(SockethubError):
    """Something that is no log record."""


class Allowance:
    """So many in each span of time, and no more."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._left = most
        self._until = float("-inf")

    def take(self, now: float) -> bool:
        """Whether there may be one more at ``now``, by a clock that only goes forward."""
        if now >= self._until:
            self._left, self._until = self._most, now + self._seconds
        self._left -= 1
        return self._left >= 0


def encode(record: Mapping[str, Any]) -> bytes:
    """As JSON of at most :data:`MOST_BYTES`; ``cut`` says where something is missing."""
    data = jsontext.dumps(record)
    if len(data) <= MOST_BYTES:
        return data
    kept = {name: record[name] for name in ESSENTIAL if name in record}
    return jsontext.dumps({name: _short(value) for name, value in kept.items()} | {"cut": True})


def packet(record: Mapping[str, Any], left_out: int) -> bytes:
    """How a worker tells it."""
    return b'%b%b,"left_out":%d}' % (PREFIX, encode(record), left_out)


def unpacked(raw: bytes) -> tuple[dict[str, Any], int]:
    """Undo :func:`packet`: what is believed of the record, and how many were left out. Raises :class:`NoRecord`."""
    try:
        told = jsontext.mapping(raw)
    except ValueError as error:
        raise NoRecord(str(error)) from None
    left_out = told.get("left_out")
    if not isinstance(left_out, int) or isinstance(left_out, bool) or not 0 <= left_out <= _MOST_LEFT_OUT:
        raise NoRecord("no number of records left out")
    return believed(told.get("log")), left_out


def believed(told: Any) -> dict[str, Any]:
    """What is kept of a record that a worker tells: names that are names, values made harmless once more.

    Raises :class:`NoRecord` where it has no event, level or time.
    """
    if not isinstance(told, dict):
        raise NoRecord("no object")
    event, level, timestamp = (told.get(name) for name in ("event", "level", "timestamp"))
    if not isinstance(event, str) or not isinstance(level, str) or level not in LEVELS or not _is_time(timestamp):
        raise NoRecord("no event, level or time")
    fields = {name: value for name, value in told.items() if _NAME.fullmatch(name) and name != "exception"}
    fields["event"] = _short(event)
    found = dict(redact(None, level, fields))
    traceback = told.get("exception")
    if isinstance(traceback, str):
        found["exception"] = "\n".join(map(harmless, traceback[-MAX_TRACEBACK:].split("\n")))
    return found


def _is_time(value: Any) -> bool:
    if not isinstance(value, str) or not value.endswith("Z"):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= MAX_CHARACTERS else f"{value[:MAX_CHARACTERS]}…"
    return value if isinstance(value, (bool, int, float)) or value is None else HIDDEN
