"""What the processes of a deployment are, and what each takes, as the kernel counts it (``/proc``)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.deployment import Deployment, descendants, fork_servers
from tests.support.processes import memory_kib, processor_seconds

KIB: Final = 1024
IDLE_SECONDS: Final = 10.0
PERSISTENT: Final = ("irc", "xmpp")
"""Platforms whose workers are logins; those of the others are pools."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Of one process or the sum of several: MiB, and open files. ``private`` is what nobody else has, ``pss`` adds its
    share of what several have."""

    private: float = 0.0
    pss: float = 0.0
    rss: float = 0.0
    files: int = 0

    def __add__(self, other: Taken) -> Taken:
        return Taken(self.private + other.private, self.pss + other.pss, self.rss + other.rss, self.files + other.files)


def taken(pid: int) -> Taken:
    """Of one process that lives."""
    kib = memory_kib(pid)
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Taken((kib["Private_Clean"] + kib["Private_Dirty"]) / KIB, kib["Pss"] / KIB, kib["Rss"] / KIB, files)


def sum_of(pids: Iterable[int]) -> Taken:
    """Together; without those that have ended meanwhile."""
    total = Taken()
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            total += taken(pid)
    return total


def busy(pids: Iterable[int]) -> float:
    """Seconds on a processor of all that live."""
    total = 0.0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            total += processor_seconds(pid)
    return total


def woken(pids: Iterable[int]) -> int:
    """How often those that live have waited, and were woken."""
    total = 0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            status = Path(f"/proc/{pid}/status").read_text()
            total += int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
    return total


async def idle_share(pids: Collection[int], seconds: float = IDLE_SECONDS) -> float:
    """Per cent of one core that they take while nothing is asked of them for so long."""
    before = busy(pids)
    await asyncio.sleep(seconds)
    return 100 * (busy(pids) - before) / seconds


def roles(house: Deployment) -> dict[str, set[int]]:
    """The pids of each part of a deployment: gateway, redis, supervisor, fork servers, pools, logins."""
    found = house.processes()
    forked = {pid for pid, command in found.items() if "zygote" in command}
    forks = {pid for pid in forked if _parent(pid) not in forked}
    persistent = {fork for name in PERSISTENT for fork in fork_servers(found, name)}
    logins = {pid for pid in forked - forks if _parent(pid) in persistent}
    return {
        "gateway": {house.process.pid},
        "redis": {pid for pid, command in found.items() if "redis-server" in command or "valkey-server" in command},
        "supervisor": {pid for pid, command in found.items() if "sockethub.supervisor " in command},
        "fork servers": forks,
        "pools": forked - forks - logins,
        "logins": logins,
    }


def everything(house: Deployment) -> list[int]:
    """All its pids."""
    return [house.process.pid, *descendants(house.process.pid)]


def _parent(pid: int) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0
