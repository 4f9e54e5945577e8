"""The asyncio consumer against a real Redis: order, nothing lost, nothing done twice, away and back."""

from __future__ import annotations

import anyio
import dramatiq
import pytest

from sockethub.errors import QueueFull, QueueUnavailable
from sockethub.jobs import AsyncProducer, connect, current_delivery, linked
from sockethub.jobs.names import GROUP
from tests.support.jobs import DEAD, STREAM, WITHIN_SECONDS, Actor, empty, enqueue, message, until, working

pytestmark = pytest.mark.anyio


async def test_messages_are_done_in_order_and_leave_nothing_behind(redis_url: str) -> None:
    done: list[int] = []

    async def act(number: int) -> None:
        await anyio.sleep(0.001 * (5 - number))  # the first takes longest
        done.append(number)

    async with working(redis_url, act):
        await enqueue(redis_url, 1, 2, 3, 4, 5)
        await empty(redis_url)
    assert done == [1, 2, 3, 4, 5]


async def test_order_survives_a_worker_that_dies(redis_url: str) -> None:
    """1..5 are on the queue; the first worker dies in the middle of 2; the second sees 2, 3, 4, 5, and knows."""
    done: list[tuple[int, int]] = []
    stuck = anyio.Event()

    async def dies(number: int) -> None:
        if number == 2:
            stuck.set()
            await anyio.sleep_forever()
        done.append((number, current_delivery().attempts))

    async def lives(number: int) -> None:
        done.append((number, current_delivery().attempts))

    await enqueue(redis_url, 1, 2, 3, 4, 5)
    async with working(redis_url, dies):
        with anyio.fail_after(WITHIN_SECONDS):
            await stuck.wait()
    async with working(redis_url, lives, consumer="two"):
        await empty(redis_url)
    assert done == [(1, 1), (2, 2), (3, 1), (4, 1), (5, 1)]


async def test_only_the_named_consumer_is_taken_over(redis_url: str) -> None:
    """In a pool, what a living neighbour has under way stays with it."""
    held = {"a": anyio.Event(), "b": anyio.Event()}
    again: list[int] = []

    def holding(name: str) -> Actor:
        async def act(number: int) -> None:
            held[name].set()
            await anyio.sleep_forever()

        return act

    async def act(number: int) -> None:
        again.append(number)

    async with working(redis_url, holding("a"), consumer="a"):
        await enqueue(redis_url, 1)
        await held["a"].wait()
        async with working(redis_url, holding("b"), consumer="b", claim_from=()):
            await enqueue(redis_url, 2)
            await held["b"].wait()
        async with working(redis_url, act, consumer="c", claim_from=("b",)):
            await until(lambda: again == [2])


async def test_what_nobody_settles_for_long_is_taken_over(redis_url: str) -> None:
    """A whole pool may die with its supervisor: nobody can name its consumers then."""
    stuck = anyio.Event()
    done: list[int] = []

    async def dies(number: int) -> None:
        stuck.set()
        await anyio.sleep_forever()

    async def act(number: int) -> None:
        done.append(current_delivery().attempts)

    async with working(redis_url, dies, consumer="gone", claim_from=()):
        await enqueue(redis_url, 1)
        await stuck.wait()
    async with working(redis_url, act, consumer="new", claim_from=(), abandoned_seconds=0.2):
        await empty(redis_url)
    assert done == [2]


async def test_a_consumer_that_was_taken_over_is_forgotten(redis_url: str) -> None:
    async def act(number: int) -> None:
        pass

    async with working(redis_url, act, consumer="old", claim_from=()):
        await enqueue(redis_url, 1)
        await empty(redis_url)
    async with working(redis_url, act, consumer="new", claim_from=("old",)), connect(redis_url) as client:
        await enqueue(redis_url, 2)
        await empty(redis_url)
        assert [row["name"] for row in await client.xinfo_consumers(STREAM, GROUP)] == [b"new"]


async def test_a_pool_works_on_several_at_once_but_no_more(redis_url: str) -> None:
    running: list[int] = []
    go_on = anyio.Event()

    async def act(number: int) -> None:
        running.append(number)
        await go_on.wait()

    await enqueue(redis_url, *range(10))
    async with working(redis_url, act, concurrency=4), connect(redis_url) as client:
        await until(lambda: len(running) == 4)
        assert (await client.xpending(STREAM, GROUP))["pending"] == 4  # the fifth is not even taken off
        go_on.set()
        await empty(redis_url)
    assert sorted(running) == list(range(10))


async def test_settling_travels_with_other_commands(redis_url: str) -> None:
    async def act(number: int) -> None:
        await current_delivery().settle(("XADD", "replies", "*", "n", number))

    async with working(redis_url, act):
        await enqueue(redis_url, 7)
        await empty(redis_url)
    async with connect(redis_url) as client:
        ((_, fields),) = await client.xrange("replies")
    assert fields == {b"n": b"7"}


async def test_a_failing_actor_fails_its_message_alone(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    async def act(number: int) -> None:
        if number == 1:
            raise RuntimeError("a bug")
        done.append(number)

    async with working(redis_url, act):
        await enqueue(redis_url, 1, 2)
        await empty(redis_url)
    assert done == [2]
    async with connect(redis_url) as client:
        ((_, fields),) = await client.xrange(DEAD)
    assert dramatiq.Message.decode(fields[b"m"]).args == (1,)
    assert "a bug" in caplog.text


async def test_what_is_no_message_is_dropped(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    async def act(number: int) -> None:
        done.append(number)

    async with connect(redis_url) as client:
        await client.xadd(STREAM, {"m": b"\xff not a message"})
        await client.xadd(STREAM, {"other": b"field"})
    await enqueue(redis_url, 3)
    async with working(redis_url, act):
        await empty(redis_url)
    assert done == [3]
    assert "not a message" in caplog.text


async def test_a_full_queue_refuses(redis_url: str) -> None:
    await enqueue(redis_url, *range(10), max_length=10)
    with pytest.raises(QueueFull, match="10 commands are already waiting"):
        await enqueue(redis_url, 11, max_length=10)
    async with connect(redis_url) as client:
        assert await client.xlen(STREAM) == 10


async def test_many_at_once_leave_in_few_writes_and_in_order(redis_url: str) -> None:
    async with connect(redis_url) as client, linked(redis_url) as link:
        producer = AsyncProducer(link)
        async with anyio.create_task_group() as tasks:
            for number in range(300):
                tasks.start_soon(lambda number=number: producer.enqueue(message(number), max_length=1_000))
        entries = await client.xrange(STREAM)
    assert [dramatiq.Message.decode(fields[b"m"]).args[0] for _, fields in entries] == list(range(300))


async def test_more_commands_at_once_than_connections_wait_for_one(redis_url: str) -> None:
    async with connect(redis_url, max_connections=2) as client, anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(lambda number=number: client.set(f"k{number}", "v"))
    async with connect(redis_url) as client:
        assert await client.dbsize() == 50


async def test_no_redis_is_told_at_once() -> None:
    async with linked("unix:///nonexistent/redis.sock") as link:
        with anyio.fail_after(WITHIN_SECONDS), pytest.raises(QueueUnavailable, match="cannot be reached"):
            await AsyncProducer(link).enqueue(message(1), max_length=10)


async def test_a_redis_that_refuses_to_write_is_told(redis_url: str) -> None:
    async with connect(redis_url) as client, linked(redis_url) as link:
        await client.config_set("maxmemory", "1")
        try:
            with pytest.raises(QueueUnavailable, match="refuses to write"):
                await AsyncProducer(link).enqueue(message(1), max_length=10)
        finally:
            await client.config_set("maxmemory", "0")


async def test_an_idle_worker_asks_next_to_nothing(redis_url: str) -> None:
    async def act(number: int) -> None:
        pass

    async with working(redis_url, act), connect(redis_url) as client:
        await enqueue(redis_url, 1)
        await empty(redis_url)
        before = (await client.info("stats"))["total_commands_processed"]
        await anyio.sleep(1.0)
        after = (await client.info("stats"))["total_commands_processed"]
    assert after - before <= 2
