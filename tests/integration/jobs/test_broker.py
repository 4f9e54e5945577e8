"""The broker under Dramatiq's own worker: actors, delays, dead letters, joins."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import dramatiq
import pytest
from dramatiq.errors import QueueJoinTimeout, QueueNotFound

from sockethub.jobs import StreamBroker
from sockethub.jobs.commands import StreamFull


@pytest.fixture
def broker(redis_url: str) -> Iterator[StreamBroker]:
    broker = StreamBroker(redis_url, max_length=5)
    yield broker
    broker.close()


@pytest.fixture
def stock_worker(broker: StreamBroker) -> Iterator[dramatiq.Worker]:
    worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=1)
    yield worker
    worker.stop()


def test_actors_run_in_the_stock_worker(broker: StreamBroker, stock_worker: dramatiq.Worker) -> None:
    done: list[int] = []
    add = dramatiq.actor(actor_name="add", broker=broker)(done.append)
    for number in range(5):
        add.send(number)
    stock_worker.start()
    broker.join("default", timeout=5_000)
    assert done == [0, 1, 2, 3, 4]


def test_a_delayed_message_waits(broker: StreamBroker, stock_worker: dramatiq.Worker) -> None:
    done: list[float] = []
    note = dramatiq.actor(actor_name="note", broker=broker)(lambda: done.append(time.monotonic()))
    stock_worker.start()
    sent = time.monotonic()
    note.send_with_options(delay=300)
    broker.join("default", timeout=5_000)
    assert done[0] - sent >= 0.29


def test_a_failed_message_becomes_a_dead_letter(broker: StreamBroker, stock_worker: dramatiq.Worker) -> None:
    reached = threading.Event()

    def fail() -> None:
        reached.set()
        raise RuntimeError("a bug")

    actor = dramatiq.actor(actor_name="fail", broker=broker)(fail)
    message = actor.send()
    stock_worker.start()
    assert reached.wait(5)
    broker.join("default", timeout=5_000)
    ((_, fields),) = broker.client.xrange(broker.naming.dead("default"))
    assert dramatiq.Message.decode(fields[b"m"]).message_id == message.message_id


def test_a_full_queue_refuses(broker: StreamBroker) -> None:
    add = dramatiq.actor(actor_name="add", broker=broker)(print)
    for number in range(5):
        add.send(number)
    with pytest.raises(StreamFull):
        add.send(6)


def test_flush_and_join(broker: StreamBroker) -> None:
    add = dramatiq.actor(actor_name="add", broker=broker)(print)
    add.send(1)
    with pytest.raises(QueueJoinTimeout):
        broker.join("default", timeout=50)
    broker.flush_all()
    broker.join("default", timeout=50)
    with pytest.raises(QueueNotFound):
        broker.join("unheard-of")
    with pytest.raises(QueueNotFound):
        broker.consume("unheard-of")
