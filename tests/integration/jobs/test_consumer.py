"""Several of Dramatiq's own workers on one queue: each has what it asked for, nobody has another's, nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import dramatiq
import pytest
import redis
from dramatiq.errors import ConnectionClosed

from sockethub.jobs import StreamBroker
from sockethub.jobs.names import GROUP
from tests.support.jobs import DEAD, QUEUE, STREAM, message
from tests.support.processes import eventually

ABANDONED_SECONDS = 0.5


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@contextmanager
def process(url: str, act: Callable[[int], Any]) -> Iterator[StreamBroker]:
    """What a process has that consumes the queue: a broker, an actor, a worker with one thread."""
    broker = StreamBroker(url, abandoned_seconds=ABANDONED_SECONDS)
    dramatiq.actor(actor_name="act", queue_name=QUEUE, broker=broker)(act)
    worker = dramatiq.Worker(broker, worker_threads=1, worker_timeout=50)
    worker.start()
    try:
        yield broker
    finally:
        worker.stop()
        broker.close()


def enqueue(url: str, *numbers: int) -> None:
    broker = StreamBroker(url)
    for number in numbers:
        broker.enqueue(message(number))
    broker.close()


def pending(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        count: int = client.xpending(STREAM, GROUP)["pending"]
        return count


def length(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        count: int = client.xlen(STREAM)
        return count


def test_a_second_worker_leaves_the_first_its_own(redis_url: str, stack: ExitStack) -> None:
    runs: list[int] = []
    go_on = threading.Event()

    def act(number: int) -> None:
        runs.append(number)
        go_on.wait(10)

    stack.callback(go_on.set)
    enqueue(redis_url, *range(20))
    stack.enter_context(process(redis_url, act))
    eventually(lambda: len(runs) == 1, "the first worker begins")
    stack.enter_context(process(redis_url, act))
    eventually(lambda: len(runs) == 2, "the second worker begins")
    go_on.set()
    eventually(lambda: not length(redis_url), "all done")
    assert sorted(runs) == list(range(20))


def test_no_more_than_the_prefetch_is_in_hand(redis_url: str, stack: ExitStack) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def act(number: int) -> None:
        begun.set()
        go_on.wait(10)

    stack.callback(go_on.set)
    enqueue(redis_url, *range(50))
    broker = StreamBroker(redis_url)
    stack.callback(broker.close)
    broker.declare_queue(QUEUE)
    consumer = broker.consume(QUEUE, prefetch=3, timeout=10)
    stack.callback(consumer.close)
    taken = [next(consumer) for _ in range(6)]
    assert [found is not None for found in taken] == [True] * 3 + [False] * 3
    assert pending(redis_url) == 3
    assert taken[0] is not None
    consumer.ack(taken[0])
    assert next(consumer) is not None
    assert pending(redis_url) == 3


def test_what_a_silent_consumer_had_is_taken_over_before_anything_new(redis_url: str, stack: ExitStack) -> None:
    broker = StreamBroker(redis_url)
    stack.callback(broker.close)
    broker.declare_queue(QUEUE)
    enqueue(redis_url, 1, 2)
    dies = broker.consume(QUEUE, prefetch=2, timeout=10)
    assert next(dies) is not None  # and is never heard of again
    enqueue(redis_url, 3)
    runs: list[int] = []
    eventually(lambda: _idle_ms(redis_url) >= ABANDONED_SECONDS * 1000, "silence")
    stack.enter_context(process(redis_url, runs.append))
    eventually(lambda: not length(redis_url), "all done")
    assert runs == [1, 2, 3]
    dies._client.close()  # type: ignore[attr-defined]


def _idle_ms(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        return min(int(row["idle"]) for row in client.xinfo_consumers(STREAM, GROUP))


def test_what_was_not_begun_is_given_back_and_not_waited_for(redis_url: str, stack: ExitStack) -> None:
    broker, other = StreamBroker(redis_url), StreamBroker(redis_url)
    for each in (broker, other):
        stack.callback(each.close)
        each.declare_queue(QUEUE)
    enqueue(redis_url, 1, 2, 3)
    leaves = broker.consume(QUEUE, prefetch=3, timeout=10)
    begun = next(leaves)
    assert begun is not None
    leaves.ack(begun)
    leaves.close()
    stays = other.consume(QUEUE, prefetch=3, timeout=10)
    stack.callback(stays.close)
    found = [next(stays), next(stays)]
    assert [(each.args, each.attempts) for each in found if each is not None] == [((2,), 1), ((3,), 1)]  # type: ignore[attr-defined]


def test_a_lost_connection_is_dramatiqs_and_the_next_consumer_has_what_was_missed(
    redis_url: str, stack: ExitStack
) -> None:
    broker = StreamBroker(redis_url)
    stack.callback(broker.close)
    broker.declare_queue(QUEUE)
    consumer = broker.consume(QUEUE, prefetch=2, timeout=10_000)
    stack.callback(consumer.close)
    enqueue(redis_url, 1)
    in_hand = next(consumer)
    assert in_hand is not None
    with redis.Redis.from_url(redis_url) as client, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(next, consumer)
        eventually(lambda: any(row["cmd"] == "xreadgroup" for row in client.client_list()), "a waiting read")
        client.client_kill_filter(_type="normal", skipme=True)
        with pytest.raises(ConnectionClosed):
            waiting.result(10)
        name = client.xinfo_consumers(STREAM, GROUP)[0]["name"]
        enqueue(redis_url, 2)
        client.xreadgroup(GROUP, name, {STREAM: ">"})  # delivered, but lost on its way
    again = broker.consume(QUEUE, prefetch=2, timeout=10)
    stack.callback(again.close)
    missed = next(again)
    assert missed is not None
    assert missed.args == (2,)
    again.ack(in_hand)
    again.ack(missed)
    assert not length(redis_url)


def test_what_is_no_message_is_set_aside(redis_url: str, stack: ExitStack) -> None:
    runs: list[int] = []
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(STREAM, {"m": b"\xff not a message"})
        enqueue(redis_url, 1)
        stack.enter_context(process(redis_url, runs.append))
        eventually(lambda: not length(redis_url), "all done")
        ((_, fields),) = client.xrange(DEAD)
    assert runs == [1]
    assert fields == {b"m": b"\xff not a message"}
