"""A login's queue against a model of it, on a real Redis: whatever happens to its workers, and in whatever order.

Laws: messages are begun in the order accepted; what was settled is never begun again; nothing accepted is lost; a
message that an earlier worker had begun says so, and no other; each end leaves what it should; no more wait than may.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import dramatiq
import pytest
import redis.asyncio
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sockethub.errors import QueueFull
from sockethub.jobs import AsyncProducer, AsyncWorker, StreamBroker, connect, current_delivery
from sockethub.jobs.link import ServerLink
from sockethub.jobs.names import GROUP
from tests.support.jobs import DEAD, QUEUE, STREAM, WITHIN_SECONDS, message

MAX_LENGTH = 4
STEPS = 25
SHARE = 4
"""Each example takes some 0.2 s: a part of the usual number has to do."""


class Worker:
    """A worker process, as far as Redis can tell: its own links; its actor does what it is told, when told.

    One has the name of the other, as those of a login have.
    """

    name = "login"

    def __init__(self, url: str, *, takes_over: bool) -> None:
        self.takes_over = takes_over
        self.holds: int | None = None
        self.runs: list[tuple[int, int]] = []
        self.verdict: asyncio.Future[str]
        self._links = ServerLink(url), ServerLink(url, blocking=True)
        broker = StreamBroker("", middleware=[])
        dramatiq.actor(actor_name="act", queue_name=QUEUE, broker=broker)(self._act)
        link, blocking = self._links
        self.worker = AsyncWorker(broker, QUEUE, link=link, blocking=blocking, consumer=self.name)
        self.task = asyncio.ensure_future(self.worker.run())

    async def _act(self, number: int) -> None:
        self.runs.append((number, current_delivery().attempts))
        self.verdict = asyncio.get_running_loop().create_future()
        self.holds = number
        verdict = await self.verdict
        self.holds = None
        if verdict == "fail":
            raise RuntimeError("as told")
        await current_delivery().settle(("XADD", "replies", "*", "n", number))

    async def end(self) -> None:
        """Cancelled where it is; the kernel closes its sockets."""
        self.task.cancel()
        await asyncio.wait([self.task])
        for link in self._links:
            await link.aclose()


class QueueMachine(RuleBasedStateMachine):
    """The model is the list of what waits, and how often the first was begun."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._runner = asyncio.Runner()
        self._numbers = itertools.count(1)
        self._worker: Worker | None = None
        self._waiting: list[int] = []
        self._begun: dict[int, int] = {}
        self._runs: list[tuple[int, int]] = []
        self._replied: list[int] = []
        self._buried: list[int] = []

    @initialize()
    def empty(self) -> None:
        self._do(self._empty())

    async def _empty(self) -> None:
        self._link = ServerLink(self._url)
        self._client = redis.asyncio.Redis.from_url(self._url)
        await self._client.flushall()

    @rule()
    def enqueue(self) -> None:
        self._do(self._enqueue(next(self._numbers)))

    async def _enqueue(self, number: int) -> None:
        try:
            await AsyncProducer(self._link).enqueue(message(number), max_length=MAX_LENGTH)
        except QueueFull:
            assert len(self._waiting) == MAX_LENGTH
        else:
            assert len(self._waiting) < MAX_LENGTH
            self._waiting.append(number)

    @precondition(lambda self: self._worker is None)
    @rule()
    def start(self) -> None:
        self._do(self._start())

    async def _start(self) -> None:
        try:
            found = (await self._client.xpending(STREAM, GROUP))["pending"]
        except redis.ResponseError:  # no group yet
            found = 0
        self._worker = Worker(self._url, takes_over=bool(found))

    @precondition(lambda self: self._worker is not None and self._waiting)
    @rule(verdict=st.sampled_from(["settle", "fail"]))
    def finish(self, verdict: str) -> None:
        self._do(self._finish(verdict))

    async def _finish(self, verdict: str) -> None:
        assert self._worker is not None
        number = self._waiting.pop(0)
        self._worker.verdict.set_result(verdict)
        (self._replied if verdict == "settle" else self._buried).append(number)

    @precondition(lambda self: self._worker is not None)
    @rule()
    def crash(self) -> None:
        self._do(self._crash())

    async def _crash(self) -> None:
        assert self._worker is not None
        await self._worker.end()
        self._worker = None

    @precondition(lambda self: self._worker is not None)
    @rule(verdict=st.sampled_from(["settle", "fail"]))
    def leave(self, verdict: str) -> None:
        """Politely: what is under way is finished, and nothing else begun."""
        self._do(self._leave(verdict))

    async def _leave(self, verdict: str) -> None:
        assert self._worker is not None
        if len(self._waiting) > 1 and not self._worker.takes_over:  # given one more, which has not arrived yet
            await self._client.xreadgroup(GROUP, self._worker.name, {STREAM: ">"}, count=1)
        self._worker.worker.stop()
        if self._waiting:
            await self._finish(verdict)
        await asyncio.wait_for(self._worker.task, WITHIN_SECONDS)
        await self._crash()

    @rule()
    def lose_connections(self) -> None:
        self._do(self._lose_connections())

    async def _lose_connections(self) -> None:
        await self._client.client_kill_filter(_type="normal", skipme=True)

    @precondition(lambda self: self._worker is not None and not self._waiting)
    @rule()
    def lose_on_the_way(self) -> None:
        """Redis gives the message to the worker, but the connection breaks before it arrives."""
        self._do(self._lose_on_the_way(next(self._numbers)))

    async def _lose_on_the_way(self, number: int) -> None:
        assert self._worker is not None
        with anyio.fail_after(WITHIN_SECONDS):
            while not any(row["cmd"] == "xreadgroup" for row in await self._client.client_list()):  # noqa: ASYNC110
                await anyio.sleep(0.002)
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.xadd(STREAM, {"m": message(number).encode()})
            pipeline.xreadgroup(GROUP, self._worker.name, {STREAM: ">"})
            await pipeline.execute()
        self._waiting.append(number)
        await self._lose_connections()

    @invariant()
    def laws(self) -> None:
        self._do(self._laws())

    async def _laws(self) -> None:
        first = self._waiting[0] if self._waiting else None
        if self._worker is not None:
            worker = self._worker
            assert not worker.task.done(), "a worker ends when it is told to"
            await _until(lambda: worker.holds == first)
            if first is not None and (not self._runs or worker.runs[-1] is not self._runs[-1]):
                self._begun[first] = self._begun.get(first, 0) + 1
                self._runs.append(worker.runs[-1])
                assert self._runs[-1] == (first, self._begun[first]), "in order, and it is known who began it"
            assert all(run in self._runs for run in worker.runs), "nothing else was begun"
        with anyio.fail_after(WITHIN_SECONDS):
            while (kept := await self._kept()) != (self._waiting, self._replied, self._buried):  # noqa: ASYNC110
                await anyio.sleep(0.002)  # the end of the last one may be on its way
        assert len(kept[0]) <= MAX_LENGTH

    async def _kept(self) -> tuple[list[int], list[int], list[int]]:
        async with connect(self._url) as client:
            waiting, replies, dead = [await client.xrange(key) or [] for key in (STREAM, "replies", DEAD)]
        return _numbers(waiting), [int(fields[b"n"]) for _, fields in replies], _numbers(dead)

    def teardown(self) -> None:
        self._do(self._teardown())
        self._runner.close()

    async def _teardown(self) -> None:
        if self._worker is not None:
            await self._worker.end()
        await self._link.aclose()
        await self._client.aclose()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        self._runner.run(work)


def _numbers(entries: list[Any]) -> list[int]:
    return [dramatiq.Message.decode(fields[b"m"]).args[0] for _, fields in entries]


async def _until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(WITHIN_SECONDS):
        while not condition():  # noqa: ASYNC110 - the worker tells nobody
            await anyio.sleep(0.002)


def test_the_queue_keeps_its_laws(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # It tells of each lost connection and each failure: here, nothing else happens.
    monkeypatch.setattr(logging.getLogger("dramatiq.broker.StreamBroker"), "disabled", True)
    run_state_machine_as_test(
        lambda: QueueMachine(redis_url),
        settings=settings(max_examples=max(10, settings.default.max_examples // SHARE), stateful_step_count=STEPS),
    )
