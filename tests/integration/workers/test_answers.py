"""What a worker knows of commands that were answered before it came."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from sockethub import redis_keys
from sockethub.crypto import Binding, Secret, new_key, seal
from sockethub.jobs import RedisLink, Reply, linked
from sockethub.worker.answers import Answers
from sockethub.worker.intent import Intent
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


@pytest.mark.parametrize(
    "plaintext", [b"[]", b"{}", b'{"boot":"b","at":[],"outcome":"result"}', b'{"at":1,"outcome":[]}']
)
async def test_what_makes_no_sense_is_as_good_as_nothing(redis_url: str, plaintext: bytes) -> None:
    """Its worker was taken over before this one came."""
    async with linked(redis_url) as link:
        answers, key = Answers(spec(redis_url), link), redis_keys.answers("ann")
        await _settle(Answers(spec(redis_url), link), link, command(1))
        await link.call("HSET", key, "d", seal(KEY, plaintext, Binding("answer", login="ann", id="d")))
        assert await answers.find(command(1)) == RESULT


async def test_a_record_of_another_type_is_let_go_of(redis_url: str) -> None:
    async with linked(redis_url) as link:
        await link.call("SET", redis_keys.answers("ann"), "no hash")
        answers = Answers(spec(redis_url), link)
        with anyio.fail_after(5):
            assert await answers.find(command(1)) is None
        await _settle(answers, link, command(1))
        assert await Answers(spec(redis_url), link).find(command(1)) == RESULT


@pytest.mark.parametrize("plaintext", [b"[]", b"5", b'{"connected":1,"saved":[],"actor":"ann"}'])
async def test_what_a_login_had_asked_for_makes_sense_or_is_nothing(redis_url: str, plaintext: bytes) -> None:
    async with linked(redis_url) as link:
        await link.call("SET", redis_keys.state("ann"), seal(KEY, plaintext, Binding("state", login="ann")))
        intent = Intent(spec(redis_url), link)
        await intent.load()
        assert (intent.connected, intent.saved, intent.actor) == (False, None, None)
