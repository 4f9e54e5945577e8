"""What was set aside: messages that ended their worker more than once, or that do not open. Still sealed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import dramatiq
import redis
from dramatiq.errors import DecodeError

from sockethub import redis_keys
from sockethub.crypto import KeyRing
from sockethub.errors import CryptoError
from sockethub.jobs.commands import order
from sockethub.jobs.envelope import Envelope
from sockethub.jobs.names import FIELD, Naming

__all__ = ["DeadLetter", "dead_letters", "remove"]

SCAN_BATCH: Final = 1_000

_ID: Final = re.compile(r"[0-9a-f]{32}")
"""What jobs are called. Workers write here, and one that was taken over writes what it likes."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One of them. ``id`` is its place among those of ``queue``; ``job`` is None where it is no message of ours."""

    queue: str
    id: str
    at: datetime | None
    """None where its entry's id tells no time."""
    job: str | None
    platform: str
    login: str | None
    verb: str | None
    """What it asked for, where the root key that it is sealed under is at hand. Nothing else of it is ever shown."""


def dead_letters(client: redis.Redis, keys: KeyRing | None) -> list[DeadLetter]:
    """All of them, oldest first. Raises :class:`redis.RedisError`."""
    dead = Naming().dead("*")
    found = []
    for key in client.scan_iter(match=dead, count=SCAN_BATCH, _type="stream"):
        queue = redis_keys.queue_of_dead_letters(key.decode(errors="replace"))
        entries: Any = client.xrange(key)
        found += [_read(queue, entry.decode(), fields.get(FIELD.encode(), b""), keys) for entry, fields in entries]
    return sorted(found, key=lambda letter: order(letter.id.encode()))


def remove(client: redis.Redis, letter: DeadLetter) -> None:
    """Forget one. Raises :class:`redis.RedisError`."""
    client.xdel(Naming().dead(letter.queue), letter.id)


def _read(queue: str, entry: str, encoded: bytes, keys: KeyRing | None) -> DeadLetter:
    at = _time(entry)
    platform = queue.partition(".")[0]
    try:
        message: dramatiq.Message[Any] = dramatiq.Message.decode(encoded)
    except DecodeError:
        return DeadLetter(queue, entry, at, None, platform, None, None)
    job = message.message_id if _is_id(message.message_id) else None
    try:
        envelope = Envelope.from_kwargs(message.kwargs)
    except CryptoError:
        return DeadLetter(queue, entry, at, job, platform, None, None)
    verb = None if keys is None or job is None else _verb(envelope, platform, job, keys)
    return DeadLetter(queue, entry, at, job, platform, envelope.login, verb)


def _time(entry: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(entry.partition("-")[0]) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None  # whoever appends to a stream chooses the id


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _verb(envelope: Envelope, platform: str, job_id: str, keys: KeyRing) -> str | None:
    try:
        job, _ = envelope.open(keys.login_key(platform, envelope.login), job_id)
    except CryptoError:
        return None
    return job.kind if job.activity is None else str(job.activity.get("type"))
