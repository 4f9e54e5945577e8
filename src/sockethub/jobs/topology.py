"""Which server of a Redis Cluster has what, as this process knows it; shared by all its connections there.

Learned from some servers at a time, of which the one with the highest epoch is believed, if it says that the cluster
serves: one that was cut off says so no more. Looked at again when a server is lost, or says that it is another's.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary, WeakSet

import hiredis
from redis.asyncio.connection import parse_url
from redis.exceptions import RedisError

from sockethub.jobs.commands import auth
from sockethub.jobs.once import once
from sockethub.jobs.slots import SlotMap
from sockethub.jobs.wire import NotDone, error_of
from sockethub.redis_url import Address, cluster_of, server_url

__all__ = ["Follower", "Told", "Topology", "newest", "topology_of"]

ASKED_AT_ONCE: Final = 3
"""Servers: one may be down and one behind, and thousands of workers may ask after a failover."""

LOOK_SECONDS: Final = 1.0
"""Between two looks of a gateway or a supervisor: a replica is promoted a second after a master was given up."""

INSIST_SECONDS: Final = 5.0
"""For how long a command is sent on from server to server: a slot with much in it moves for so long."""

PAUSE_SECONDS: Final = 0.02
"""Before a command is sent again whose keys are at two servers, or which was sent in a circle."""

FRESH_SECONDS: Final = 0.2
"""How long nobody asks again, whatever happens: a server that is down is found so by each command."""


class Follower(Protocol):
    """A connection to a server."""

    def gone(self, masters: frozenset[Address]) -> None:
        """Close what leads to one of these, which are masters no more."""


Told = tuple[Address, list[Any] | None]
"""A server, and what it has answered."""


class Topology:
    """Of one cluster."""

    def __init__(self, url: str) -> None:
        cluster = cluster_of(url)
        assert cluster is not None
        self._cluster = cluster
        target: dict[str, Any] = dict(parse_url(server_url(url)))
        login = auth(target.get("username"), target.get("password") or None)
        self._commands = [*login, ("CLUSTER", "INFO"), ("CLUSTER", "SLOTS")]
        self._map = SlotMap()
        self._moved: dict[int, Address] = {}
        """What servers have said since."""
        self._stale = True
        self._reason = "the cluster was not asked yet"
        """Why nothing is known."""
        self._looked = float("-inf")
        self._looks = 0
        self._looking = asyncio.Lock()
        self._followers: WeakSet[Follower] = WeakSet()

    @property
    def sure(self) -> bool:
        """Whether nothing speaks against what is known."""
        return not self._stale

    @property
    def fresh(self) -> bool:
        """Whether one is sure of what is known, or has asked just now."""
        return not self._stale or time.monotonic() < self._looked + FRESH_SECONDS

    @property
    def masters(self) -> frozenset[Address]:
        return self._map.masters

    @property
    def servers(self) -> frozenset[Address]:
        """All there are, replicas among them."""
        return self._map.servers

    def follow(self, follower: Follower) -> None:
        """Have ``follower`` leave a server that is no master any more."""
        self._followers.add(follower)

    def doubt(self) -> None:
        """A server was lost, or does not serve."""
        self._stale = True

    def learn(self, slot: int, address: Address) -> None:
        """A server says who has a slot."""
        self._moved[slot] = address
        self._stale = self._stale or address not in self.masters

    def owner(self, slot: int | None) -> Address:
        """Who has it, or any master. Raises :class:`~sockethub.jobs.link.NotDone`."""
        some = next(iter(self._map.owners), None)
        address = some if slot is None else self._moved.get(slot) or self._map.owner(slot)
        if address is None:
            raise NotDone("no server of the cluster has it" if self._map.owners else self._reason)
        self._permitted((address,))
        return address

    async def look(self) -> None:
        """Ask, unless it is fresh. Raises :class:`~sockethub.jobs.link.NotDone`; ``ResponseError`` where all refuse."""
        looks = self._looks
        async with self._looking:
            if looks == self._looks and not self.fresh:
                await self._look()

    async def find(self) -> None:
        """Know where what is, as well as that can be known now: :meth:`look`, but what was known will do."""
        try:
            await self.look()
        except NotDone:
            if not self.masters:
                raise  # else the one that was known says itself whether it serves

    async def watch(self, moved: Callable[[Address], None] | None = None) -> None:
        """Look for other masters, for ever: ``moved`` is told of each."""
        known: frozenset[Address] = frozenset()
        while True:
            self.doubt()
            with suppress(RedisError):  # who has something to do there says so
                await self.look()
            if moved is not None and known:
                for address in sorted(self.masters - known):
                    moved(address)
            known = self.masters
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        self._looks += 1
        try:
            found = await self._ask()
            if not self._map.owners:  # later, a replica at the wrong port is no reason to stop
                self._permitted(found.servers)
        except RedisError as error:
            self._reason = str(error)
            raise
        finally:
            self._looked = time.monotonic()
        # Not what was never seen to be one: a server that is about to get its first slot is there before it is listed.
        gone = self._map.masters - found.masters
        self._map, self._moved, self._stale = found, {}, False
        for follower in list(self._followers) if gone else ():
            follower.gone(gone)

    async def _ask(self) -> SlotMap:
        left = random.sample(known, len(known)) if (known := sorted(self._map.servers)) else []
        left += [address for address in self._cluster.addresses if address not in known]
        told: list[Told] = []
        while left:
            asked, left = left[:ASKED_AT_ONCE], left[ASKED_AT_ONCE:]
            told += await asyncio.gather(*(self._told(address) for address in asked))
            found = newest(told)
            if found is not None:
                return found
        raise _reason(told)

    async def _told(self, address: Address) -> Told:
        return address, await once(address, self._commands, tls=self._cluster.tls)

    def _permitted(self, addresses: Iterable[Address]) -> None:
        for host, port in addresses:
            if port not in self._cluster.ports:
                raise NotDone(f"{host} of the cluster is at port {port}: say so in `redis.url` (…?ports={port})")


def newest(told: Sequence[Told]) -> SlotMap | None:
    """The map of the highest epoch, of those who say that the cluster serves."""
    found: list[tuple[int, SlotMap]] = []
    for asked, answers in told:
        if answers is None or not isinstance(answers[-2], bytes) or not isinstance(answers[-1], list):
            continue
        info = dict(line.split(b":", 1) for line in answers[-2].split() if b":" in line)
        with suppress(TypeError, ValueError, LookupError):
            if info[b"cluster_state"] == b"ok":
                found.append((int(info[b"cluster_current_epoch"]), SlotMap.read(answers[-1], asked)))
    return max(found, key=lambda each: each[0])[1] if found else None


def _reason(told: Sequence[Told]) -> RedisError:
    """Why there is none."""
    errors = [each for _, answers in told if answers for each in answers if isinstance(each, hiredis.ReplyError)]
    if errors:
        return error_of(str(errors[0]))
    answered = any(answers is not None for _, answers in told)
    return NotDone(f"the cluster does not {'serve' if answered else 'answer'} at present")


_known: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Topology]] = WeakKeyDictionary()


def topology_of(url: str) -> Topology:
    """The one of this process: all its connections share what one of them finds."""
    return _known.setdefault(asyncio.get_running_loop(), {}).setdefault(url, Topology(url))
