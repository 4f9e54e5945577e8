"""The hot path's way to a Redis Cluster: a link to each master, commands to whichever has their slot.

What is asked of one slot is done in the order in which it was asked (:mod:`sockethub.jobs.lanes`); between slots there
is none. Nothing is sent twice but what a server has refused because another one has it (``MOVED``, ``ASK``) or both
have a part of it (``TRYAGAIN``, while a slot moves).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Any, Final

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from sockethub.jobs.commands import Command
from sockethub.jobs.lanes import Lane
from sockethub.jobs.link import RedisLink, ServerLink
from sockethub.jobs.parts import answered, parted
from sockethub.jobs.slots import Redirect, redirect_of, slot_of
from sockethub.jobs.topology import FRESH_SECONDS, INSIST_SECONDS, PAUSE_SECONDS, topology_of
from sockethub.jobs.wire import NotDone, Redirected
from sockethub.redis_url import Address, node_url

__all__ = ["ClusterLink"]

_MULTI: Final = ("MULTI",)


class ClusterLink(RedisLink):
    """To a cluster."""

    def __init__(self, url: str, *, blocking: bool = False, by_digest: bool = False) -> None:
        """As :class:`~sockethub.jobs.link.ServerLink`."""
        self._url = url
        self._blocking = blocking
        self._by_digest = by_digest
        self._topology = topology_of(url)
        self._topology.follow(self)
        self._links: dict[Address, ServerLink] = {}
        self._lanes: dict[int | None, Lane] = {}
        self._numbers = count()
        self._closed = False
        self._closing: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._left = 0
        """Connections there have been to servers that were left."""

    @property
    def connections(self) -> int:
        return self._left + sum(link.connections for link in self._links.values())

    def together(self, *commands: Command) -> list[tuple[Command, ...]]:
        return [tuple(commands[place] for place in part) for part in parted(commands, slot_of).values()]

    async def aclose(self) -> None:
        self._closed = True
        if self._looking is not None:
            self._looking.cancel()
        self.gone(frozenset(self._links))
        ending = [*self._closing, *([self._looking] if self._looking is not None else [])]
        if ending:
            await asyncio.wait(ending)

    def leave(self, master: Address) -> None:
        if self._looking is None or self._looking.done():
            self._topology.doubt()
            self._looking = asyncio.create_task(self._look())

    def gone(self, masters: frozenset[Address]) -> None:
        """Close what leads to one of these."""
        for address in self._links.keys() & masters:
            link = self._links.pop(address)
            self._left += link.connections
            task = asyncio.create_task(link.aclose())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def exchange(self, commands: Sequence[Command]) -> list[Any]:
        if len(commands) == 1:
            return await self._in_order(slot_of(commands[0]), commands)
        parts = parted(commands, slot_of)
        if commands[0] == _MULTI:
            return await self._in_order(next((slot for slot in parts if slot is not None), None), commands)
        if len(parts) == 1:
            return await self._in_order(next(iter(parts)), commands)
        return await answered(commands, parts, self._in_order)

    async def _in_order(self, slot: int | None, commands: Sequence[Command]) -> list[Any]:
        """Commands of one slot."""
        lane = self._lanes.get(slot)
        if lane is None:
            lane = self._lanes[slot] = Lane()
        number = next(self._numbers)
        try:
            if not (lane.open and self._topology.fresh):
                await self._admitted(lane, number)
            lane.under_way += 1
            try:
                address = self._topology.owner(slot)
                answers = await self._sent(address, commands)
            except BaseException:
                lane.answered()
                raise
            if not _is_redirected(answers):
                lane.answered()
                return answers
            return await self._again(lane, number, slot, commands, answers, address)
        finally:
            if lane.idle:
                self._lanes.pop(slot, None)

    async def _admitted(self, lane: Lane, number: int) -> None:
        """Return when it is time to send, and to do so at once: others follow."""
        while not await lane.turn(number):
            if self._topology.fresh:
                return
            lane.doubt()  # it is in doubt again
        found = False
        try:
            await self._topology.find()
            found = True
        finally:
            lane.finished(found=found)

    async def _again(
        self, lane: Lane, number: int, slot: int | None, commands: Sequence[Command], answers: list[Any], asked: Address
    ) -> list[Any]:
        """Send again what was redirected; it counts as under way until then."""
        ends = asyncio.get_running_loop().time() + INSIST_SECONDS
        while _is_redirected(answers) and asyncio.get_running_loop().time() < ends:
            try:
                alone = await lane.turn(number, redirected=True)
            except NotDone:
                return _given_up(answers)
            if alone:
                found = False
                try:
                    answers, found = await self._insisted(slot, commands, answers, asked, ends)
                    return answers
                finally:
                    lane.finished(found=found)
            lane.under_way += 1
            try:
                asked = self._topology.owner(slot)
                answers = await self._resent(asked, commands, answers)
            except BaseException:
                lane.answered()
                raise
        lane.answered()
        return _given_up(answers)

    async def _insisted(
        self, slot: int | None, commands: Sequence[Command], answers: list[Any], asked: Address, ends: float
    ) -> tuple[list[Any], bool]:
        """Send again what ``asked`` has redirected in its ``answers``, until it is done.

        Also returns whether others are done where the map says now: not while the slot is on its way.
        """
        seen, found = set[Address](), True
        while _is_redirected(answers) and asyncio.get_running_loop().time() < ends:
            redirect = next(redirect_of(str(each), asked) for each in answers if isinstance(each, Redirected))
            if redirect.kind == "later" or asked in seen:
                await asyncio.sleep(PAUSE_SECONDS)
            seen.add(asked)
            try:
                asked = await self._next(slot, redirect)
            except NotDone:
                break
            found = redirect.kind != "ask"
            answers = await self._resent(asked, commands, answers, asking=not found)
        return _given_up(answers), found and not _is_redirected(answers)

    async def _resent(
        self, address: Address, commands: Sequence[Command], answers: list[Any], *, asking: bool = False
    ) -> list[Any]:
        """The answers, with new ones to what was redirected: of a transaction all, for nothing of it was done."""
        left = [index for index, answer in enumerate(answers) if isinstance(answer, Redirected)]
        if commands[0] == _MULTI:
            left = list(range(len(commands)))
        try:
            sent = await self._sent(address, [commands[index] for index in left], asking=asking)
        except NotDone:
            return _given_up(answers)
        merged = list(answers)
        for index, answer in zip(left, sent, strict=True):
            merged[index] = answer
        return merged

    async def _next(self, slot: int | None, redirect: Redirect) -> Address:
        if redirect.kind == "ask":
            return redirect.address
        if redirect.kind == "moved":
            self._topology.learn(redirect.slot, redirect.address)
        await self._topology.find()
        return self._topology.owner(slot)

    async def _sent(self, address: Address, commands: Sequence[Command], *, asking: bool = False) -> list[Any]:
        link = self._links.get(address)
        if link is None:
            if self._closed:
                raise NotDone("closed")
            url = node_url(self._url, address)
            link = self._links[address] = ServerLink(url, blocking=self._blocking, by_digest=self._by_digest)
        try:
            if not asking:
                answers = await link.exchange(commands)
            elif commands[0] == _MULTI:
                answers = (await link.exchange((("ASKING",), *commands)))[1:]
            else:
                answers = (await link.exchange([each for command in commands for each in (("ASKING",), command)]))[1::2]
        except (RedisConnectionError, RedisTimeoutError):
            self._topology.doubt()
            raise
        if any(isinstance(answer, NotDone) for answer in answers):
            self._topology.doubt()
        return answers

    async def _look(self) -> None:
        """Until somebody has told: what waits at a server that vanished would not notice."""
        while not self._topology.sure:
            await asyncio.sleep(random.uniform(1.0, 2.0) * FRESH_SECONDS)  # all workers of a machine are told at once
            with suppress(RedisError):
                await self._topology.look()


def _is_redirected(answers: Sequence[Any]) -> bool:
    return any(isinstance(answer, Redirected) for answer in answers)


def _given_up(answers: Sequence[Any]) -> list[Any]:
    return [NotDone(str(answer)) if isinstance(answer, Redirected) else answer for answer in answers]
