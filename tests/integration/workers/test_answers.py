"""What a worker knows of commands that were answered before it came."""

from __future__ import annotations

from typing import Any

import pytest

from sockethub.crypto import Secret, new_key
from sockethub.jobs import RedisLink, Reply, linked
from sockethub.worker.answers import Answers
from sockethub.worker.spec import WorkerSpec

pytestmark = pytest.mark.anyio

KEY = new_key()
RESULT = Reply("result")


def spec(url: str) -> WorkerSpec:
    return WorkerSpec("parrot", "persistent", "a:B", "ann", "queue", "one", Secret(url), Secret(KEY))


def command(number: int) -> dict[str, Any]:
    return {"type": "send", "id": str(number), "object": {"type": "note", "content": "hello"}}


async def _settle(answers: Answers, link: RedisLink, activity: dict[str, Any]) -> None:
    await link.transact(*answers.remember(activity, RESULT))


async def test_the_worker_before_may_settle_until_the_first_question(redis_url: str) -> None:
    """Its machine was stopped, and wakes up when another has begun; what it had done must not be done again."""
    async with linked(redis_url) as link:
        before, after = Answers(spec(redis_url), link), Answers(spec(redis_url), link)
        await _settle(before, link, command(1))
        assert await after.find(command(1)) == RESULT
        assert await after.find(command(2)) is None


async def test_what_one_remembers_oneself_is_added(redis_url: str) -> None:
    async with linked(redis_url) as link:
        before, after = Answers(spec(redis_url), link), Answers(spec(redis_url), link)
        await _settle(before, link, command(1))
        assert await after.find(command(2)) is None
        await _settle(after, link, command(2))
        assert [await after.find(command(number)) for number in (1, 2)] == [RESULT, RESULT]
