"""What was set aside: messages that ended their worker more than once, or that do not open. Still sealed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import dramatiq
import redis
from dramatiq.errors import DecodeError

from sockethub.crypto import KeyRing
from sockethub.errors import CryptoError
from sockethub.jobs.envelope import Envelope
from sockethub.jobs.names import FIELD, Naming

__all__ = ["DeadLetter", "dead_letters", "remove"]

SCAN_BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One of them. ``id`` is its place among those of ``queue``; ``job`` is None where it is no message at all."""

    queue: str
    id: str
    at: datetime
    job: str | None
    platform: str
    login: str | None
    verb: str | None
    """What it asked for, where the master key that it is sealed under is at hand. Nothing else of it is ever shown."""


def dead_letters(client: redis.Redis, keys: KeyRing | None) -> list[DeadLetter]:
    """All of them, oldest first. Raises :class:`redis.RedisError`."""
    dead = Naming().dead("*")
    found = []
    for key in client.scan_iter(match=dead, count=SCAN_BATCH):
        queue = key.decode().removeprefix("queue:{").removesuffix("}:dead")
        entries: Any = client.xrange(key)
        found += [_read(queue, entry.decode(), fields.get(FIELD.encode(), b""), keys) for entry, fields in entries]
    return sorted(found, key=lambda letter: (letter.at, letter.id))


def remove(client: redis.Redis, letter: DeadLetter) -> None:
    """Forget one. Raises :class:`redis.RedisError`."""
    client.xdel(Naming().dead(letter.queue), letter.id)


def _read(queue: str, entry: str, encoded: bytes, keys: KeyRing | None) -> DeadLetter:
    at = datetime.fromtimestamp(int(entry.partition("-")[0]) / 1000, UTC)
    platform = queue.partition(".")[0]
    try:
        message: dramatiq.Message[Any] = dramatiq.Message.decode(encoded)
    except DecodeError:
        return DeadLetter(queue, entry, at, None, platform, None, None)
    try:
        envelope = Envelope.from_kwargs(message.kwargs)
    except CryptoError:
        return DeadLetter(queue, entry, at, message.message_id, platform, None, None)
    verb = None if keys is None else _verb(envelope, platform, message.message_id, keys)
    return DeadLetter(queue, entry, at, message.message_id, platform, envelope.login, verb)


def _verb(envelope: Envelope, platform: str, job_id: str, keys: KeyRing) -> str | None:
    try:
        job, _ = envelope.open(keys.login_key(platform, envelope.login), job_id)
    except (CryptoError, json.JSONDecodeError):
        return None
    return job.kind if job.activity is None else str(job.activity.get("type"))
