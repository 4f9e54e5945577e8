"""So many logins at one supervisor: time until one works, memory, what all cost when idle, connections to Redis."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.processes import busy, sum_of
from bench.workers import connected, declaration
from sockethub.supervisor.launch import SupervisorProcess
from tests.integration.workers.stage import Client, Stage, staged
from tests.support.deployment import descendants
from tests.support.ircd import run_ngircd
from tests.support.prosody import run_prosody
from tests.support.redis import RedisServer, run_redis
from tests.support.tls import issue

WARM: Final = 5
"""Logins before the ones that count: the machine's caches are warm, as they are in service."""

SETTLE_SECONDS: Final = 2.0
IDLE_SECONDS: Final = 10.0
HERE: Final[dict[str, Any]] = {"policy": {"private_addresses": True}}


@dataclass(frozen=True, slots=True)
class Step:
    """``logins`` at once: milliseconds until one works (of those that came last), MiB of all their processes together,
    per cent of a core that all take when idle, supervisor and Redis included, and connections to Redis of each."""

    logins: int
    ready_ms: float
    private: float
    pss: float
    idle: float
    connections: float


async def measured(
    stage: Stage, supervisor: SupervisorProcess, redis: RedisServer, clients: Sequence[Client], steps: Sequence[int]
) -> list[dict[str, Any]]:
    """As many logins as each of ``steps`` says, one after the other; the first :data:`WARM` do not count."""
    for client in clients[:WARM]:
        await connected(client)
    before = set(descendants(supervisor.pid))
    already, found, there = await connections(stage), [], 0
    for step in steps:
        taken = [await connected(client) for client in clients[WARM + there : WARM + step]]
        there = step
        await asyncio.sleep(SETTLE_SECONDS)
        total = sum_of(set(descendants(supervisor.pid)) - before)
        each = (await connections(stage) - already) / there
        idle = await _idle(supervisor, redis)
        found.append(asdict(Step(there, median(taken) * 1e3, total.private, total.pss, idle, each)))
        print(found[-1], flush=True)
    return found


async def connections(stage: Stage) -> int:
    """To Redis, of all."""
    info: Any = await stage.client.info("clients")
    return int(info["connected_clients"])


async def _idle(supervisor: SupervisorProcess, redis: RedisServer) -> float:
    """Per cent of one core, warm logins included."""
    pids = [supervisor.pid, redis.pid, *descendants(supervisor.pid)]
    before = busy(pids)
    await asyncio.sleep(IDLE_SECONDS)
    return 100 * (busy(pids) - before) / IDLE_SECONDS


async def irc(steps: Sequence[int]) -> list[dict[str, Any]]:
    """On an ngIRCd."""
    declared = declaration("sockethub.platforms.irc:IrcPlatform", options={"flood_rate": 0}, **HERE)
    with tempfile.TemporaryDirectory() as name, run_redis() as redis, run_ngircd(issue(Path(name))) as ircd:
        where: dict[str, Any] = {"server": ircd.host, "port": ircd.port, "secure": False}
        async with staged(redis.url, declared) as (stage, supervisor):
            numbers = range(WARM + max(steps))
            clients = [Client(stage, f"irc{number}", nick=f"b{number}", **where) for number in numbers]
            return await measured(stage, supervisor, redis, clients, steps)


async def xmpp(steps: Sequence[int]) -> list[dict[str, Any]]:
    """On a Prosody."""
    users = [f"user{number}" for number in range(WARM + max(steps))]
    with tempfile.TemporaryDirectory() as name, run_redis() as redis, run_prosody(issue(Path(name)), users) as prosody:
        options = {"tls_ca_file": str(prosody.authority)}
        declared = declaration("sockethub.platforms.xmpp:XmppPlatform", options=options, **HERE)
        where: dict[str, Any] = {"server": prosody.host, "port": prosody.port}
        async with staged(redis.url, declared) as (stage, supervisor):
            clients = [
                Client(stage, user, userAddress=f"{user}@{prosody.domain}", password=prosody.password(user), **where)
                for user in users
            ]
            return await measured(stage, supervisor, redis, clients, steps)
