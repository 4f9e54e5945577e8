"""The asyncio consumer against a real Redis: order, nothing lost, nothing done twice, away and back."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import anyio
import dramatiq
import pytest
from anyio import to_thread

from sockethub.errors import QueueError, QueueFull, QueueLost, QueueUnavailable
from sockethub.jobs import AsyncProducer, AsyncWorker, StreamBroker, connect, current_delivery, linked
from sockethub.jobs import worker as worker_module
from sockethub.jobs.commands import pairs
from sockethub.jobs.link import ServerLink
from sockethub.jobs.names import FIELD, GROUP
from sockethub.jobs.producer import TOGETHER
from sockethub.jobs.worker import AT_HAND
from tests.support.jobs import DEAD, QUEUE, STREAM, WITHIN_SECONDS, Actor, empty, enqueue, message, until, working

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


async def test_the_next_message_is_at_hand_and_has_not_begun(redis_url: str) -> None:
    """It comes while the one before is done; where the worker dies, only that one had begun."""
    attempts: dict[int, list[int]] = {1: [], 2: []}
    stuck = anyio.Event()

    async def dies(number: int) -> None:
        attempts[number].append(current_delivery().attempts)
        stuck.set()
        await anyio.sleep_forever()

    async def lives(number: int) -> None:
        attempts[number].append(current_delivery().attempts)

    for consumer in ("one", "two", "three"):
        async with working(redis_url, dies, consumer=consumer), connect(redis_url) as client:
            if consumer == "one":
                await enqueue(redis_url, 1, 2)
            with anyio.fail_after(WITHIN_SECONDS):
                await stuck.wait()
            await _at_hand(client, 2, consumer)
        stuck = anyio.Event()
    async with working(redis_url, lives, consumer="four"):
        await empty(redis_url)
    assert attempts == {1: [1, 2, 3, 4], 2: [1]}


async def test_some_are_at_hand_and_no_more_while_one_is_done(redis_url: str) -> None:
    runs: list[int] = []
    go_on = anyio.Event()

    async def act(number: int) -> None:
        runs.append(number)
        await go_on.wait()

    async with working(redis_url, act), connect(redis_url) as client:
        await enqueue(redis_url, *range(3 * AT_HAND))
        await _at_hand(client, 2)
        await anyio.sleep(0.1)
        assert runs == [0]
        assert (await client.xpending(STREAM, GROUP))["pending"] <= AT_HAND
        go_on.set()
        await empty(redis_url)
    assert runs == list(range(3 * AT_HAND))


async def test_what_was_given_back_and_is_at_hand_begins_for_the_first_time(redis_url: str) -> None:
    """Found by the model: a worker that stops gives back two, of which the next one begins the first."""
    runs: list[tuple[int, int]] = []
    begun, go_on = anyio.Event(), anyio.Event()

    async def act(number: int) -> None:
        runs.append((number, current_delivery().attempts))
        begun.set()
        await go_on.wait()

    async with connect(redis_url) as client:
        await enqueue(redis_url, 1, 2, 3)
        async with working(redis_url, act) as worker:
            with anyio.fail_after(WITHIN_SECONDS):
                await begun.wait()
            await _at_hand(client, 2)
            await client.xreadgroup(GROUP, "one", {STREAM: ">"})
            worker.stop()
            go_on.set()
            await _given_back(client)
        async with working(redis_url, act, consumer="two"):
            await empty(redis_url)
    assert runs == [(1, 1), (2, 1), (3, 1)]


async def _at_hand(client: Any, count: int, consumer: str = "one") -> None:
    """Wait until a worker was given so many."""
    with anyio.fail_after(WITHIN_SECONDS):
        while len(await client.xpending_range(STREAM, GROUP, "-", "+", 9, consumer)) < count:  # noqa: ASYNC110
            await anyio.sleep(0.005)


async def _given_back(client: Any) -> None:
    """Wait until all that is pending counts as never delivered."""
    with anyio.fail_after(WITHIN_SECONDS):
        while any(row["times_delivered"] for row in await client.xpending_range(STREAM, GROUP, "-", "+", 9)):  # noqa: ASYNC110
            await anyio.sleep(0.005)


@pytest.mark.parametrize("ahead", [True, False])
async def test_the_next_begins_ahead_of_the_answer_of_redis_where_it_may(redis_url: str, ahead: bool) -> None:
    log: list[str] = []

    async def act(number: int) -> None:
        log.append(f"begin {number}")
        if number == 1:
            await until(lambda: paused)
        await current_delivery().settle(ahead=ahead)
        log.append(f"end {number}")

    paused = False
    async with working(redis_url, act), connect(redis_url) as client:
        await enqueue(redis_url, 1, 2)
        await until(lambda: log == ["begin 1"])
        await _at_hand(client, 2)
        await client.execute_command("CLIENT", "PAUSE", int(WITHIN_SECONDS * 1_000), "WRITE")
        paused = True
        if ahead:
            await until(lambda: "begin 2" in log)
        await client.ping()  # the end of the first is on its way
        await client.execute_command("CLIENT", "UNPAUSE")
        await empty(redis_url)
        await until(lambda: len(log) == 4)
    later = ["begin 2", "end 1"] if ahead else ["end 1", "begin 2"]
    assert log == ["begin 1", *later, "end 2"]


async def test_a_reply_that_has_to_be_given_again_is_not_overtaken(redis_url: str) -> None:
    """Also where the next message begins ahead: Redis is out of memory for the first reply, not for the second."""

    async def act(number: int) -> None:
        await current_delivery().settle(("XADD", "replies", "*", "of", number), ahead=True)

    async with connect(redis_url) as client:
        await client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        await enqueue(redis_url, *range(1, 9))
        refused = await _refused(client)
        await client.config_set("maxmemory", "1")
        try:
            async with working(redis_url, act):
                with anyio.fail_after(WITHIN_SECONDS):
                    while await _refused(client) < refused + 2:  # noqa: ASYNC110
                        await anyio.sleep(0.005)
                await client.config_set("maxmemory", "0")
                await empty(redis_url)
            assert [fields[b"of"] for _, fields in await client.xrange("replies")] == [
                b"%d" % number for number in range(1, 9)
            ]
        finally:
            await client.config_set("maxmemory", "0")


async def _refused(client: Any) -> int:
    """How often Redis was out of memory."""
    found = (await client.info("errorstats")).get("errorstat_OOM", {"count": 0})
    return int(found["count"])


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

    async with working(redis_url, holding("a"), consumer="a", claim_from=()):
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


async def test_a_message_is_begun_without_a_task_where_redis_is_connected(redis_url: str) -> None:
    told: list[QueueError | None] = []
    async with linked(redis_url) as link, connect(redis_url) as client:
        producer = AsyncProducer(link)
        assert not producer.begin(message(0), told.append, max_length=2), "not connected yet"
        await producer.enqueue(message(1), max_length=2)
        for number in (2, 3):
            assert producer.begin(message(number), told.append, max_length=2)
        await until(lambda: len(told) == 2)
        assert told[0] is None
        assert isinstance(told[1], QueueFull)
        assert await client.xlen(STREAM) == 2
        assert producer.begin(message(4), told.append, max_length=9)
        await client.client_kill_filter(_type="normal", skipme=True)
        await until(lambda: len(told) == 3)
        assert told[2] is None or isinstance(told[2], QueueLost), "it was sent before the connection was lost"
        await until(lambda: not producer.begin(message(5), told.append, max_length=9))


async def test_what_begins_in_one_tick_is_given_to_who_waits_together_and_in_order(redis_url: str) -> None:
    told: list[QueueError | None] = []
    async with linked(redis_url) as link, linked(redis_url, blocking=True) as waiting, connect(redis_url) as client:
        producer = AsyncProducer(link)
        await producer.enqueue(message(0), max_length=1_000)
        reading = asyncio.ensure_future(waiting.call("XREAD", "COUNT", 1_000, "BLOCK", 5_000, "STREAMS", STREAM, "$"))
        await until_blocked(client)
        for number in range(1, 4):
            assert producer.begin(message(number), told.append, max_length=1_000)
        await producer.enqueue(message(4), max_length=1_000)  # overtakes none of them
        [(_, entries)] = await reading
        assert [_number(pairs(fields) or {}) for _, fields in entries] == [1, 2, 3]
        assert await _numbers(client) == [0, 1, 2, 3, 4]
        for number in range(5, 5 + 2 * TOGETHER):
            assert producer.begin(message(number), told.append, max_length=1_000 - number % 2)
        await until(lambda: len(told) == 3 + 2 * TOGETHER)
        assert not any(told)
        assert await _numbers(client) == list(range(5 + 2 * TOGETHER))


def _number(fields: dict[bytes, bytes]) -> int:
    number: int = dramatiq.Message.decode(fields[FIELD.encode()]).args[0]
    return number


async def _numbers(client: Any) -> list[int]:
    """What is on the queue."""
    return [_number(fields) for _, fields in await client.xrange(STREAM)]


async def test_what_redis_takes_no_more_is_told_without_a_task(redis_url: str) -> None:
    told: list[QueueError | None] = []
    async with linked(redis_url) as link, connect(redis_url) as client:
        producer = AsyncProducer(link)
        await producer.enqueue(message(1), max_length=9)
        await client.config_set("maxmemory", "1")
        try:
            assert producer.begin(message(2), told.append, max_length=9)
            await until(lambda: bool(told))
        finally:
            await client.config_set("maxmemory", "0")
    assert isinstance(told[0], QueueUnavailable)


async def test_what_is_only_for_who_runs_makes_no_queue_that_nobody_reads(redis_url: str) -> None:
    async with connect(redis_url) as client, linked(redis_url) as link:
        producer = AsyncProducer(link)
        await producer.enqueue(message(1), max_length=10, create=False)
        assert not await client.exists(STREAM)
        await producer.enqueue(message(2), max_length=10)
        await producer.enqueue(message(3), max_length=10, create=False)
        assert await client.xlen(STREAM) == 2


async def test_the_larger_a_message_the_fewer_may_wait(redis_url: str) -> None:
    def of(size: int) -> dramatiq.Message[Any]:
        return dramatiq.Message(message(0).queue_name, "act", ("x" * size,), {}, {})

    async with connect(redis_url) as client, linked(redis_url) as link:
        producer = AsyncProducer(link)
        for _ in range(10):
            await producer.enqueue(of(1_000), max_length=100, max_bytes=20_000)
        with pytest.raises(QueueFull, match=r"too many commands wait for one of 3\d\d\d bytes"):
            await producer.enqueue(of(3_000), max_length=100, max_bytes=20_000)
        await producer.enqueue(of(1_000), max_length=100, max_bytes=20_000)
        await client.delete(STREAM)
        await producer.enqueue(of(30_000), max_length=100, max_bytes=20_000)  # alone it may be as large as it likes


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


@pytest.mark.parametrize(("claim_from", "looks"), [(None, False), ((), True)], ids=["alone", "in a pool"])
async def test_only_where_others_may_have_died_it_looks_for_delayed_messages_that_nobody_told_it_of(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, claim_from: tuple[()] | None, looks: bool
) -> None:
    async def act(number: int) -> None:
        pass

    monkeypatch.setattr(worker_module, "BLOCK_MS", 20)
    async with working(redis_url, act, claim_from=claim_from), connect(redis_url) as client:

        async def calls(command: str) -> int:
            found = (await client.info("commandstats")).get(f"cmdstat_{command}", {"calls": 0})["calls"]
            return int(found)

        async def reads(more: int) -> None:
            enough = await calls("xreadgroup") + more
            with anyio.fail_after(WITHIN_SECONDS):
                while await calls("xreadgroup") < enough:  # noqa: ASYNC110
                    await anyio.sleep(0.005)

        await reads(2)  # the first look is over
        before = await calls("evalsha")
        await reads(5)
        assert (await calls("evalsha") > before) is looks


@pytest.mark.parametrize("claim_from", [None, ()], ids=["alone", "in a pool"])
async def test_a_lost_connection_repeats_nothing_that_is_under_way(
    redis_url: str, claim_from: tuple[()] | None
) -> None:
    runs: list[tuple[int, int]] = []
    go_on = anyio.Event()

    async def act(number: int) -> None:
        runs.append((number, current_delivery().attempts))
        await go_on.wait()

    async with working(redis_url, act, concurrency=3, claim_from=claim_from), connect(redis_url) as client:
        await enqueue(redis_url, 1, 2)
        await until(lambda: len(runs) == 2)
        await client.client_kill_filter(_type="normal", skipme=True)
        await enqueue(redis_url, 3)
        await until(lambda: len(runs) == 3)
        go_on.set()
        await empty(redis_url)
    assert runs == [(1, 1), (2, 1), (3, 1)]


@pytest.mark.parametrize("claim_from", [None, ()], ids=["alone", "in a pool"])
async def test_what_was_lost_on_its_way_counts_as_not_begun(redis_url: str, claim_from: tuple[()] | None) -> None:
    runs: list[tuple[int, int]] = []

    async def act(number: int) -> None:
        runs.append((number, current_delivery().attempts))

    async with connect(redis_url) as client, working(redis_url, act, claim_from=claim_from):
        await enqueue(redis_url, 1)
        await empty(redis_url)
        await _deliver_into_the_void(client, 2)
        await client.client_kill_filter(_type="normal", skipme=True)
        await empty(redis_url)
    assert runs == [(1, 1), (2, 1)]


async def _deliver_into_the_void(client: Any, number: int) -> None:
    """Have Redis believe that the worker got ``number``, as when its connection breaks on the way."""
    async with client.pipeline(transaction=True) as pipeline:
        pipeline.xadd(STREAM, {"m": message(number).encode()})
        pipeline.xreadgroup(GROUP, "one", {STREAM: ">"})
        await pipeline.execute()


async def test_a_redis_that_forgot_what_was_settled_is_told_that_it_was_begun(redis_url: str) -> None:
    """A machine that crashes loses the last second of its log: the worker still knows."""
    runs: list[int] = []

    async def act(number: int) -> None:
        runs.append(current_delivery().attempts)

    async with connect(redis_url) as client:
        await enqueue(redis_url, 1)
        ((entry, fields),) = await client.xrange(STREAM)
        async with working(redis_url, act):
            await until(lambda: runs == [1])
            await empty(redis_url)
            await client.delete(STREAM)
            await client.xadd(STREAM, fields, id=entry)
            await until(lambda: runs == [1, 2])


async def test_a_worker_that_stops_finishes_what_it_began_and_gives_back_the_rest(redis_url: str) -> None:
    runs: list[tuple[int, int]] = []
    begun, go_on = anyio.Event(), anyio.Event()

    async def act(number: int) -> None:
        runs.append((number, current_delivery().attempts))
        begun.set()
        await go_on.wait()

    async with working(redis_url, act) as worker, connect(redis_url) as client:
        await enqueue(redis_url, 1)
        with anyio.fail_after(WITHIN_SECONDS):
            await begun.wait()
        await _deliver_into_the_void(client, 2)
        worker.stop()
        go_on.set()
        await _given_back(client)
    assert runs == [(1, 1)]
    async with working(redis_url, act, consumer="two"):
        await empty(redis_url)
    assert runs == [(1, 1), (2, 1)], "the second never began, so it may be done"


async def test_an_idle_worker_stops_at_once(redis_url: str) -> None:
    async def act(number: int) -> None:
        raise AssertionError("stopped")

    with anyio.fail_after(WITHIN_SECONDS):
        async with linked(redis_url) as link, linked(redis_url, blocking=True) as blocking:
            broker = StreamBroker("", middleware=[])
            dramatiq.actor(actor_name="act", queue_name=QUEUE, broker=broker)(act)
            worker = AsyncWorker(broker, QUEUE, link=link, blocking=blocking, consumer="one")
            async with anyio.create_task_group() as tasks, connect(redis_url) as client:
                tasks.start_soon(worker.run)
                while not any(row["cmd"] == "xreadgroup" for row in await client.client_list()):  # noqa: ASYNC110
                    await anyio.sleep(0.005)
                worker.stop()


async def test_a_delayed_message_is_done_when_it_is_due(redis_url: str) -> None:
    """Also where the worker waits already, and where a nearer one comes after a farther one."""
    done: list[tuple[int, float]] = []

    async def act(number: int) -> None:
        done.append((number, anyio.current_time()))

    broker = StreamBroker(redis_url)
    async with working(redis_url, act):
        await enqueue(redis_url, 0)
        await until(lambda: len(done) == 1)
        begun = anyio.current_time()
        for number, delay in ((3, 600), (2, 300)):
            await to_thread.run_sync(lambda n=number, d=delay: broker.enqueue(message(n), delay=d))
        await enqueue(redis_url, 1)
        await until(lambda: len(done) == 4)
        await empty(redis_url)
    broker.close()
    assert [number for number, _ in done] == [0, 1, 2, 3]
    assert [at - begun >= seconds for (_, at), seconds in zip(done[2:], (0.29, 0.59), strict=True)] == [True, True]


async def test_delayed_messages_wait_where_there_is_no_room_and_others_do_not(redis_url: str) -> None:
    done: list[int] = []

    async def act(number: int) -> None:
        done.append(number)

    broker = StreamBroker(redis_url)
    async with connect(redis_url) as client:
        await client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        await to_thread.run_sync(lambda: broker.enqueue(message(2), delay=1))
        await enqueue(redis_url, 1)
        await client.config_set("maxmemory", "1")
        try:
            async with working(redis_url, act):
                await until(lambda: done == [1])
                await client.config_set("maxmemory", "0")
                await until(lambda: done == [1, 2])
        finally:
            await client.config_set("maxmemory", "0")
    broker.close()


async def test_an_actor_that_would_block_the_loop_is_refused() -> None:
    broker = StreamBroker("", middleware=[])
    dramatiq.actor(actor_name="act", queue_name=QUEUE, broker=broker)(print)
    link = ServerLink("unix:///nowhere")
    with pytest.raises(TypeError, match="act is not asynchronous"):
        AsyncWorker(broker, QUEUE, link=link, blocking=link, consumer="one")


async def test_a_message_is_journalled_once_and_shown_to_whoever_takes_it_over(redis_url: str) -> None:
    seen: list[tuple[int, bool]] = []

    async def act(number: int) -> None:
        delivery = current_delivery()
        seen.append((delivery.attempts, delivery.journalled))
        assert await delivery.journal() == await delivery.journal() == "ours"
        if len(seen) < 3:
            await anyio.sleep_forever()

    await enqueue(redis_url, 1)
    for number in range(1, 4):
        async with working(redis_url, act, consumer=f"worker {number}"):
            await until(lambda: len(seen) == number)  # noqa: B023 - it is over before the number changes
            if number == 3:
                await empty(redis_url)
    assert seen == [(1, False), (2, True), (3, True)]


async def test_a_message_that_another_has_may_not_begin(redis_url: str) -> None:
    standings: list[str] = []

    async def act(number: int) -> None:
        async with connect(redis_url) as client:
            ((entry, _),) = await client.xrange(STREAM)
            await client.xclaim(STREAM, GROUP, "other", 0, [entry])
        standings.append(await current_delivery().journal())

    async with working(redis_url, act):
        await enqueue(redis_url, 1)
        await until(lambda: standings == ["taken"])


@pytest.mark.parametrize("emptied", [True, False])
async def test_a_message_that_redis_has_lost_may_not_begin(redis_url: str, emptied: bool) -> None:
    standings: list[str] = []

    async def act(number: int) -> None:
        async with connect(redis_url) as client:
            await client.flushall()
            if not emptied:
                await client.xgroup_create(STREAM, GROUP, mkstream=True)
        standings.append(await current_delivery().journal())

    async with working(redis_url, act):
        await enqueue(redis_url, 1)
        await until(lambda: standings == ["gone"])
        await empty(redis_url)


async def test_what_a_predecessor_is_given_that_may_still_live_is_taken_from_it(redis_url: str) -> None:
    """A machine that sleeps still waits at Redis, and is given what comes first."""
    runs: list[int] = []

    async def act(number: int) -> None:
        runs.append(number)

    async with connect(redis_url, blocking=True) as asleep, connect(redis_url) as client:
        await client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(asleep.xreadgroup, GROUP, "asleep", {STREAM: ">"}, count=1, block=5_000))
            await until_blocked(client)
            async with working(redis_url, act, rivalry_seconds=60):
                await enqueue(redis_url, 1, 2, 3)
                await until(lambda: len(runs) == 3)
            tasks.cancel_scope.cancel()
    assert runs == [1, 2, 3]


async def until_blocked(client: Any) -> None:
    with anyio.fail_after(WITHIN_SECONDS):
        while not (await client.info("clients"))["blocked_clients"]:  # noqa: ASYNC110 - Redis tells nobody
            await anyio.sleep(0.005)
