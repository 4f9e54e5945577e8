"""Asks the members, and waits for what they answer."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import anyio
import redis.asyncio

from sockethub import redis_keys
from sockethub.errors import CryptoError
from sockethub.jobs.inbox import INBOX_LENGTH
from sockethub.operations.metrics import Role
from sockethub.operations.orders import open_answer, seal_order

__all__ = ["ANSWER_SECONDS", "SILENT", "Member", "Situation", "ask", "members", "situation"]

ANSWER_SECONDS: Final = 3.0
"""How long a member may take to report: one that takes longer is stopped, or far too busy."""

SILENT: Final = "it does not answer"
"""What is said of a member that takes longer."""

UNREAD_SECONDS: Final = 120
"""How long an order waits for a machine that does not read, and then never will."""

BLOCK_SECONDS: Final = 2.0
"""How long one look waits at Redis: less than a command may take."""

SCAN_BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Member:
    """A gateway, or the workers of one machine."""

    id: str
    role: Role

    @property
    def inbox(self) -> str:
        return redis_keys.inbox(self.id) if self.role == "gateway" else redis_keys.supervisor_inbox(self.id)


@dataclass(frozen=True, slots=True)
class Situation:
    """What all reported, and the members that said nothing though they count as alive."""

    reports: Sequence[dict[str, Any]]
    silent: Sequence[Member]

    def to_json(self) -> dict[str, Any]:
        """As ``sockethub status --json`` has it."""
        silent = [{"id": member.id, "role": member.role} for member in self.silent]
        return {
            "gateways": [report for report in self.reports if report["role"] == "gateway"],
            "machines": [report for report in self.reports if report["role"] == "workers"],
            "silent": silent,
        }


async def members(client: redis.asyncio.Redis) -> list[Member]:
    """All that have given a sign of life lately. Raises ``redis.RedisError``."""
    found: list[Member] = []
    roles: tuple[tuple[Role, str], ...] = (
        ("gateway", redis_keys.gateway_alive("*")),
        ("workers", redis_keys.supervisor_alive("*")),
    )
    for role, pattern in roles:
        keys = [key.decode() async for key in client.scan_iter(pattern, count=SCAN_BATCH)]
        found += (Member(key.partition("{")[2].partition("}")[0], role) for key in keys)
    return sorted(found, key=lambda member: (member.role, member.id))


async def ask(
    client: redis.asyncio.Redis, key: bytes, asked: Sequence[Member], *, seconds: float = ANSWER_SECONDS, **fields: Any
) -> dict[str, dict[str, Any]]:
    """Give all of them one order; the answers by member, of those that answered within ``seconds``.

    ``key`` is that of operations. Raises ``redis.RedisError``.
    """
    if not asked:
        return {}
    order = os.urandom(16).hex()
    pipeline = client.pipeline(transaction=False)
    for member in asked:
        pipeline.xadd(member.inbox, seal_order(key, member.id, order, fields), maxlen=INBOX_LENGTH, approximate=True)
        if member.role == "workers":  # a gateway renews its own
            pipeline.expire(member.inbox, UNREAD_SECONDS)
    await pipeline.execute()
    answers: dict[str, dict[str, Any]] = {}
    deadline = anyio.current_time() + seconds
    while len(answers) < len(asked) and (left := deadline - anyio.current_time()) > 0:
        popped: Any = await client.blpop([redis_keys.operations_answers(order)], timeout=min(left, BLOCK_SECONDS))
        if popped is None:
            continue
        try:
            answer = open_answer(key, order, popped[1])
        except (CryptoError, json.JSONDecodeError):
            continue  # not of anybody who has the key
        answers[answer.pop("member")] = answer
    return answers


async def situation(client: redis.asyncio.Redis, key: bytes) -> Situation:
    """What runs now, as everybody reports it. Raises ``redis.RedisError``."""
    known = await members(client)
    answers = await ask(client, key, known, do="report")
    reports = [answers[member.id] for member in known if member.id in answers]
    return Situation(reports, [member for member in known if member.id not in answers])
