"""So many logins at one supervisor: time until one works, memory, what all cost when idle, connections to Redis."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.processes import idle_share, sum_of
from sockethub.config.models import Declaration
from sockethub.supervisor.launch import SupervisorProcess
from tests.integration.workers.stage import Client, Stage, staged
from tests.support.deployment import descendants
from tests.support.ircd import run_ngircd
from tests.support.prosody import run_prosody
from tests.support.redis import RedisServer, run_redis
from tests.support.tls import issue

WARM: Final = 5
"""Logins before the ones that count: the machine's caches are warm, as they are in service."""

SETTLE_SECONDS: Final = 25.0
"""Logins settle that long: timers that were begun as they connected (the driver's, the link's) are over then. What they
take until then they take once."""
IDLE_SECONDS: Final = 60.0
"""How long they are idle then: each reads its queue anew once in that time."""
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


@dataclass(frozen=True, slots=True)
class House:
    """A supervisor on a Redis of its own, and clients that have not connected yet."""

    stage: Stage
    supervisor: SupervisorProcess
    redis: RedisServer
    clients: Sequence[Client]

    @property
    def pids(self) -> list[int]:
        """Of all of it."""
        return [self.supervisor.pid, self.redis.pid, *descendants(self.supervisor.pid)]


async def measured(house: House, steps: Sequence[int]) -> list[dict[str, Any]]:
    """As many logins as each of ``steps`` says, one after the other; the first :data:`WARM` do not count."""
    for client in house.clients[:WARM]:
        await connected(client)
    before = set(descendants(house.supervisor.pid))
    already, found, there = await connections(house.stage), [], 0
    for step in steps:
        taken = [await connected(client) for client in house.clients[WARM + there : WARM + step]]
        there = step
        await asyncio.sleep(SETTLE_SECONDS)
        total = sum_of(set(descendants(house.supervisor.pid)) - before)
        each = (await connections(house.stage) - already) / there
        idle = await idle_share(house.pids, IDLE_SECONDS)
        found.append(asdict(Step(there, median(taken) * 1e3, total.private, total.pss, idle, each)))
        print(found[-1], flush=True)
    return found


async def connections(stage: Stage) -> int:
    """To Redis, of all."""
    info: Any = await stage.client.info("clients")
    return int(info["connected_clients"])


@asynccontextmanager
async def on_ngircd(count: int) -> AsyncIterator[House]:
    """So many clients, and :data:`WARM` before them, of an ngIRCd."""
    declared = declaration("sockethub.platforms.irc:IrcPlatform", options={"flood_rate": 0}, **HERE)
    with tempfile.TemporaryDirectory() as name, run_redis() as redis, run_ngircd(issue(Path(name))) as ircd:
        where: dict[str, Any] = {"server": ircd.host, "port": ircd.port, "secure": False}
        async with staged(redis.url, declared) as (stage, supervisor):
            clients = [Client(stage, f"irc{number}", nick=f"b{number}", **where) for number in range(WARM + count)]
            yield House(stage, supervisor, redis, clients)


@asynccontextmanager
async def on_prosody(count: int) -> AsyncIterator[House]:
    """The same, of a Prosody, over TLS."""
    users = [f"user{number}" for number in range(WARM + count)]
    with tempfile.TemporaryDirectory() as name, run_redis() as redis, run_prosody(issue(Path(name)), users) as prosody:
        options = {"tls_ca_file": str(prosody.authority)}
        declared = declaration("sockethub.platforms.xmpp:XmppPlatform", options=options, **HERE)
        where: dict[str, Any] = {"server": prosody.host, "port": prosody.port}
        async with staged(redis.url, declared) as (stage, supervisor):
            clients = [
                Client(stage, user, userAddress=f"{user}@{prosody.domain}", password=prosody.password(user), **where)
                for user in users
            ]
            yield House(stage, supervisor, redis, clients)


async def irc(steps: Sequence[int]) -> list[dict[str, Any]]:
    async with on_ngircd(max(steps)) as house:
        return await measured(house, steps)


async def xmpp(steps: Sequence[int]) -> list[dict[str, Any]]:
    async with on_prosody(max(steps)) as house:
        return await measured(house, steps)


async def connected(client: Client) -> float:
    """Seconds from the request to the reply to `connect`."""
    await client.attach()
    job = await client.send("connect")
    start = time.perf_counter()
    await client.request()
    reply = await client.reply(job)
    taken = time.perf_counter() - start
    if reply.outcome != "result":
        raise RuntimeError(reply.error)
    return taken


def declaration(driver: str, acl: str = "required", **members: Any) -> Declaration:
    platform = {
        "mode": "persistent",
        "driver": driver,
        "verbs": ["connect"],
        "schemas": {"messages": "unused"},
        "worker": {"linger_seconds": 600},
        **members,
    }
    return Declaration.model_validate(
        {
            "redis": {"acl": acl},
            "workers": {"max_logins": 1_000},
            "log": {"level": "error"},
            "platforms": {"parrot": platform},
        }
    )
