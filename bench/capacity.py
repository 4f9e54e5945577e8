"""What so many logins take, and what gives out first: arithmetic on what was measured. Pure but for printing.

``python -m bench.capacity LOGINS`` prints it; docs/explanation/capacity.md has the formulae and sources.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sockethub.placement import Machine, Wishes, place

IDLE_BASE: Final = 4.5e-3
"""Cores of a supervisor and a Redis that do nothing for one login (decision 31)."""

IDLE_CORES, MINUTE_CORES = 15e-6, 18e-6
"""Of a login that does nothing: in ten seconds (decision 31), and what comes once a minute beside that: queues read
anew and keepalives (500 logins over a minute, docs/performance.md)."""

LOGIN_MIB: Final = 3.4
"""Private memory of an IRC login with Python 3.12 or newer (docs/performance.md); with 3.11 it is 8.4."""

HOST_MIB: Final = 300.0
"""Supervisor, fork servers, pools; assumed generously: among thousands of logins it does not count."""

MESSAGE_CORE_SECONDS: Final = 2 / 2562
"""An IRC message from client to service: both cores of the bench, its load generator included, so an upper bound."""

REDIS_RENEWAL, REDIS_READ, REDIS_EXISTS, REDIS_ROSTER = 7.3e-6, 1.3e-6, 1.2e-6, 0.33e-6
"""Core seconds of Redis 7.0: a lease's renewal; who is attached to a login; whether a lease is there; a login's line in
the roster. Pipelined, 1,000 at once."""

REDIS_MESSAGE: Final = 50e-6
"""Its part of a message, nine commands and two scripts: assumed. One by one it was 110 µs, much of it for being woken,
which happens less where Redis is busy; an echo among many takes 22 (``python -m bench where``)."""

RENEWAL_SECONDS: Final = 5.0
"""A third of ``workers.lease_seconds``."""

SWEEP_SECONDS: Final = 3.75
"""Between two looks of a supervisor at its own logins, on the average."""

TURN_SECONDS: Final = 2.0
"""Between two looks of anybody at the roster of all, at least."""

BUSY: Final = 0.6
"""How much of a core or of memory is to be used: the rest is for the day something dies."""


@dataclass(frozen=True, slots=True)
class Load:
    """``messages`` and ``events``: per second and login, from clients and to them."""

    logins: int
    messages: float = 0.01
    events: float = 0.1


@dataclass(frozen=True, slots=True)
class HostSize:
    """A machine of workers."""

    cores: int = 8
    mib: int = 32 * 1024


@dataclass(frozen=True, slots=True)
class Need:
    """``cores`` are those used; ``redis`` is in cores too, and a Redis has one. ``first`` gives out first."""

    machines: int
    cores: float
    mib: float
    redis: dict[str, float]

    @property
    def redis_cores(self) -> float:
        return sum(self.redis.values())

    @property
    def first(self) -> str:
        return max(self.redis, key=lambda part: self.redis[part]) if self.redis_cores > BUSY else "nothing"


def idle_cores(logins: int) -> float:
    """Used by so many logins that do nothing for ten seconds, Redis and supervisor included."""
    return IDLE_BASE + logins * IDLE_CORES


def need(load: Load, host: HostSize = HostSize()) -> Need:
    """What ``load`` takes."""
    through = load.logins * (load.messages + load.events)
    cores = idle_cores(load.logins) + load.logins * MINUTE_CORES + through * MESSAGE_CORE_SECONDS
    mib = load.logins * LOGIN_MIB
    machines = max(1, math.ceil(cores / (host.cores * BUSY)), math.ceil(mib / (host.mib * BUSY - HOST_MIB)))
    redis = {
        "leases": load.logins * REDIS_RENEWAL / RENEWAL_SECONDS,
        "listeners": load.logins * REDIS_READ / SWEEP_SECONDS,
        "sweeps": load.logins * (REDIS_EXISTS + REDIS_ROSTER) / TURN_SECONDS,
        "messages": through * REDIS_MESSAGE,
    }
    return Need(machines, cores, mib + machines * HOST_MIB, redis)


def most(host: HostSize = HostSize(), **load: float) -> int:
    """How many logins one Redis bears."""
    low, high = 1, 10_000_000
    while low < high:
        middle = (low + high + 1) // 2
        if need(Load(middle, **load), host).redis_cores <= BUSY:
            low = middle
        else:
            high = middle - 1
    return low


def spread(logins: int, machines: int) -> tuple[float, float]:
    """A simulation: the fullest machine by the mean one, as placed; and again when one of the machines has died."""
    all_of_them = [Machine(f"machine-{number}", frozenset({"irc"}), room=logins) for number in range(machines)]

    def fullest(there: list[Machine]) -> float:
        placed = Counter(place(f"login-{number}", "irc", Wishes(), there) for number in range(logins))
        return max(placed.values()) * len(there) / logins

    return fullest(all_of_them), fullest(all_of_them[1:])


def table(sizes: list[int]) -> Iterator[str]:
    """The page's."""
    yield "| logins | machines of 8 cores, 32 GiB | cores used | memory | Redis, cores | gives out first |"
    yield "|---|---|---|---|---|---|"
    for logins in sizes:
        found = need(Load(logins))
        memory = f"{found.mib / 1024:,.0f} GiB"
        yield (
            f"| {logins:,} | {found.machines:,} | {found.cores:,.1f} | {memory} | {found.redis_cores:,.2f} "
            f"| {found.first} |"
        )


if __name__ == "__main__":
    print("\n".join(table([int(each) for each in sys.argv[1:]] or [1_000, 10_000, 100_000, 1_000_000])))
    print(f"one Redis bears {most():,} logins")
