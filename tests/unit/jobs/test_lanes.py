"""The order of commands of one slot while it moves: lanes by themselves, and as a link uses them."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.crc import key_slot

from sockethub.jobs.clusterlink import ClusterLink
from sockethub.jobs.commands import Command
from sockethub.jobs.lanes import Lane
from sockethub.jobs.topology import Topology
from sockethub.jobs.wire import NotDone, Redirected
from sockethub.redis_url import Address

pytestmark = pytest.mark.anyio

SERVERS: tuple[Address, ...] = (("one", 1), ("two", 2), ("three", 3))
CLUSTER = "redis+cluster://one:1,two:2,three:3"
SLOT = key_slot(b"k")


class Map(Topology):
    """Who has the slot is told by redirections alone."""

    async def find(self) -> None:
        await asyncio.sleep(0)
        self._stale = False


class Simulated(ClusterLink):
    """Servers answer in the order in which they were asked, after a while; the slot is on one of them at a time."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(CLUSTER)
        self._topology = Map(CLUSTER)
        self._chance = chance
        self.owner = SERVERS[0]
        self.done: list[int] = []
        self.most_at_once = 0
        self._refused: dict[Address, set[int]] = {address: set() for address in SERVERS}
        self._asked: dict[Address, deque[tuple[int, asyncio.Future[Any]]]] = {address: deque() for address in SERVERS}

    def move(self) -> None:
        """Not to where something is under way, or was refused and is not done: none comes back as fast as an answer."""
        done = set(self.done)
        calm = [address for address in SERVERS if not self._asked[address] and self._refused[address] <= done]
        self.owner = self._chance.choice(calm or [self.owner])

    def forget(self) -> None:
        """Somebody was lost: nobody may be sure."""
        self._topology.doubt()
        self._topology._looked = float("-inf")

    async def serve(self, steps: int) -> None:
        for _ in range(steps):
            await asyncio.sleep(0)
            for address in SERVERS:
                for _ in range(self._chance.randint(0, 3)):
                    self._answer(address)
        while any(self._asked.values()):
            for address in SERVERS:
                self._answer(address)
            await asyncio.sleep(0)

    def _answer(self, address: Address) -> None:
        if self._asked[address]:
            number, future = self._asked[address].popleft()
            if address == self.owner:
                self.done.append(number)
                future.set_result("OK")
            else:
                self._refused[address].add(number)
                future.set_result(Redirected(f"MOVED {SLOT} {self.owner[0]}:{self.owner[1]}"))

    async def _sent(self, address: Address, commands: Sequence[Command], *, asking: bool = False) -> list[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[address].append((int(commands[0][2]), future))
        self.most_at_once = max(self.most_at_once, len(self._asked[address]))
        return [await future]


@settings(max_examples=200, deadline=None)
@given(st.integers(), st.lists(st.sampled_from(["send", "move", "doubt", "wait"]), max_size=60))
def test_commands_are_done_in_their_order(seed: int, steps: list[str]) -> None:
    async def run() -> None:
        chance, sent = random.Random(seed), 0
        link = Simulated(chance)
        link._topology.learn(SLOT, SERVERS[0])
        link._topology._stale = False
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(link.serve(len(steps) + 10))
            commands = []
            for step in steps:
                match step:
                    case "send":
                        commands.append(tasks.create_task(link.call("RPUSH", "k", sent)))
                        sent += 1
                    case "move":
                        link.move()
                    case "doubt":
                        link.forget()
                    case _:
                        await asyncio.sleep(0)
            while not all(command.done() for command in commands):
                await link.serve(1)
        assert link.done == list(range(sent))
        assert not link._lanes

    with patch("sockethub.jobs.clusterlink.PAUSE_SECONDS", 0):
        asyncio.run(run())


async def test_what_came_meanwhile_goes_on_many_at_a_time() -> None:
    link = Simulated(random.Random(1))
    link._topology.learn(SLOT, SERVERS[0])
    async with asyncio.TaskGroup() as tasks:
        for number in range(50):
            tasks.create_task(link.call("RPUSH", "k", number))
        await asyncio.sleep(0.01)
        tasks.create_task(link.serve(100))
    assert link.done == list(range(50))
    assert link.most_at_once == 50


@pytest.mark.parametrize("granted", [False, True])
async def test_who_is_cancelled_gives_up_its_turn(granted: bool) -> None:
    lane, done = Lane(), list[int]()
    lane.under_way = 0 if granted else 1
    first = asyncio.create_task(_turn(lane, 1, done))
    await asyncio.sleep(0)
    second = asyncio.create_task(_turn(lane, 2, done))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    if not granted:
        lane.answered()
    await second
    assert done == [2]
    assert lane.idle


async def test_who_is_cancelled_as_it_is_let_go_holds_nobody_up() -> None:
    lane, done = Lane(), list[int]()
    assert await lane.turn(1)
    others = [asyncio.create_task(_turn(lane, number, done)) for number in (2, 3)]
    await asyncio.sleep(0)
    lane.finished(found=True)
    others[0].cancel()
    await asyncio.wait(others)
    assert done == [3]
    assert lane.idle


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sockethub.jobs.lanes.TURN_SECONDS", 0.01)
    lane, done = Lane(), list[int]()
    lane.under_way = 1
    with pytest.raises(NotDone):
        await _turn(lane, 1, done)
    lane.answered()
    await _turn(lane, 2, done)
    assert done == [2]
    assert lane.idle


async def _turn(lane: Lane, number: int, done: list[int]) -> None:
    alone = await lane.turn(number)
    try:
        await asyncio.sleep(0.01)
        done.append(number)
    finally:
        if alone:
            lane.finished(found=True)
