"""What becomes of a command whose worker dies: done by the next one where it cannot have begun, else never again."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from sockethub import redis_keys
from sockethub.worker.answers import CLOCK_SECONDS
from tests.integration.workers.stage import Client, Stage, careful, staged
from tests.integration.workers.test_supervisor import pid_of
from tests.support.clock import Clock
from tests.support.redis import run_mortal_redis

pytestmark = pytest.mark.anyio


async def test_what_cannot_have_begun_is_done_by_the_replacement(redis_url: str, tmp_path: Path) -> None:
    async with staged(redis_url, careful()) as (stage, _):
        client = _client(stage, tmp_path)
        pid = pid_of((await client.connect()).activity)
        jobs = [await client.send("send", order) for order in ("die before once", "second")]
        replies = [await client.reply(job) for job in jobs]
    assert [reply.outcome for reply in replies] == ["result", "result"]
    assert pid_of(replies[0].activity) != pid
    assert _did(tmp_path) == ["die before once", "second"], "in their order, once"


async def test_what_may_have_begun_is_not_done_again(redis_url: str, tmp_path: Path) -> None:
    async with staged(redis_url, careful()) as (stage, _):
        client = _client(stage, tmp_path)
        await client.connect()
        jobs = [await client.send("send", order) for order in ("die after", "second")]
        replies = [await client.reply(job) for job in jobs]
    assert [reply.outcome for reply in replies] == ["unknown", "result"]
    assert _did(tmp_path) == ["die after", "second"]


async def test_what_kills_its_worker_each_time_is_set_aside(redis_url: str, tmp_path: Path) -> None:
    async with staged(redis_url, careful()) as (stage, _):
        client = _client(stage, tmp_path)
        await client.connect()
        poison = await client.do("send", "die before")
        after = await client.do("send", "alive")
        letters = await stage.client.xrange(redis_keys.dead_letters(client.queue))
    assert (poison.outcome, poison.condition) == ("error", "poisoned")
    assert after.outcome == "result"
    assert _begun(tmp_path) == ["die before", "die before", "alive"]
    ((_, fields),) = letters
    assert b"die before" not in b"".join(fields.values()), "it is sealed there as well"


@pytest.mark.parametrize(
    ("order", "condition"),
    [("segfault", "poisoned"), ("spin", "poisoned"), ("recurse", "internal"), ("hog", "internal")],
)
async def test_a_login_outlives_whatever_its_platform_does(
    order: str, condition: str, redis_url: str, tmp_path: Path
) -> None:
    """One that never returns is killed for hanging, which takes its time: it is not tried twice here."""
    async with staged(redis_url, careful(max_attempts=1)) as (stage, _):
        client, other = _client(stage, tmp_path), Client(stage, "ben", platform="careful", begun=str(tmp_path / "ben"))
        await client.connect()
        pid = pid_of((await other.connect()).activity)
        poison = await client.send("send", order)
        assert pid_of((await other.do("send", "undisturbed")).activity) == pid
        reply = await client.reply(poison)
        assert (reply.outcome, reply.condition) == ("error", condition)
        assert (await client.do("send", "alive")).outcome == "result"
        assert pid_of((await other.do("send", "undisturbed")).activity) == pid
    assert _did(tmp_path) == ["alive"]


async def test_what_the_queue_has_lost_is_not_begun(redis_url: str, tmp_path: Path) -> None:
    async with staged(redis_url, careful()) as (stage, _):
        client = _client(stage, tmp_path)
        await client.connect()
        job = await client.send("send", "dawdle")
        await stage.until(lambda: "dawdling" in str(stage.events))
        await stage.client.delete(redis_keys.queue(client.queue))
        reply = await client.reply(job)
        assert (reply.outcome, reply.condition) == ("error", "queue")
        assert (await client.do("send", "alive")).outcome == "result"
    assert _did(tmp_path) == ["alive"]


async def test_the_same_command_is_answered_from_the_record(redis_url: str, tmp_path: Path) -> None:
    async with staged(redis_url, careful()) as (stage, _):
        client, other = _client(stage, tmp_path), _client(stage, tmp_path)
        await client.connect()
        first = await client.do("send", "hello", id="1")
        again = await client.do("send", "hello", id="1")
        await other.attach()
        elsewhere = await other.do("send", "hello", id="1")
        assert first == again == elsewhere
        assert (await client.do("send", "another", id="1")).outcome == "result", "ids begin anew with each page"
        assert (await client.do("send", "hello")).outcome == "result"
        assert (await client.do("send", "hello")).outcome == "result", "without an id it is another command"
    assert _did(tmp_path) == ["hello", "another", "hello", "hello"]


async def test_the_record_outlives_the_worker(redis_url: str, tmp_path: Path) -> None:
    async with staged(redis_url, careful()) as (stage, _):
        client = _client(stage, tmp_path)
        await client.connect()
        first = await client.do("send", "hello", id="1")
        unknown = await client.do("send", "die after", id="2")
        assert await client.do("send", "hello", id="1") == first
        assert await client.do("send", "die after", id="2") == unknown
        assert unknown.outcome == "unknown"
        for name, sealed in (await stage.client.hgetall(redis_keys.answers("ann"))).items():
            assert b"hello" not in name + sealed
        assert 0 < await stage.client.ttl(redis_keys.answers("ann")) <= 300 + CLOCK_SECONDS
    assert _did(tmp_path) == ["hello", "die after"]


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_that_is_set_forgets_nothing(hours: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the machine that runs workers, and that of Redis."""
    clock = Clock(tmp_path / "clock")
    monkeypatch.setenv("PYTHONPATH", clock.environment["PYTHONPATH"])  # which children are given
    with run_mortal_redis(clock=clock) as server:
        async with staged(server.url, careful()) as (stage, _):
            client = _client(stage, tmp_path)
            pid = pid_of((await client.connect()).activity)
            first = await client.do("send", "hello", id="1")
            before = (await stage.client.time())[0]
            clock.shift(hours * 3600)
            with anyio.fail_after(5):  # it looks now and then
                while abs((await stage.client.time())[0] - before) < 3_500:  # noqa: ASYNC110 - nobody tells
                    await anyio.sleep(0.01)
            assert pid_of((await client.do("query", "who")).activity) == pid, "the login goes on"
            assert await client.do("send", "hello", id="1") == first
            await client.do("send", "die after", id="2")
            assert await client.do("send", "hello", id="1") == first, "the next worker knows it as well"
    assert _did(tmp_path) == ["hello", "die after"]


async def test_what_was_long_ago_is_forgotten(redis_url: str, tmp_path: Path) -> None:
    async with staged(redis_url, careful(remember_seconds=0.2)) as (stage, _):
        client = _client(stage, tmp_path)
        await client.connect()
        await client.do("send", "hello", id="1")
        await anyio.sleep(0.2)
        await client.do("send", "another", id="2")
        assert await stage.client.hlen(redis_keys.answers("ann")) == 1, "and not kept in Redis either"
        await client.do("send", "hello", id="1")
    assert _did(tmp_path) == ["hello", "another", "hello"]


async def test_what_failed_may_be_tried_again(redis_url: str, tmp_path: Path) -> None:
    async with staged(redis_url, careful()) as (stage, _):
        client = _client(stage, tmp_path)
        await client.connect()
        assert (await client.do("send", "fail", id="1")).outcome == "error"
        assert (await client.do("send", "fail", id="1")).outcome == "error"
    assert _begun(tmp_path) == ["fail", "fail"]


def _client(stage: Stage, tmp_path: Path) -> Client:
    return Client(stage, "ann", platform="careful", begun=str(tmp_path / "begun"))


def _begun(tmp_path: Path) -> list[str]:
    lines = (tmp_path / "begun").read_text().splitlines()
    return [line for line in lines if not line.startswith("did ")]


def _did(tmp_path: Path) -> list[str]:
    lines = (tmp_path / "begun").read_text().splitlines()
    return [line.removeprefix("did ") for line in lines if line.startswith("did ")]
