"""What a login costs: memory of its process, time until it works, processor time when idle.

Beside the fork server stands the floor it is compared with, a naive start: a fresh interpreter for each login that
imports the same and runs the same worker. Figures are of this machine, all in one run.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

from sockethub import leases
from sockethub.config.models import Declaration
from sockethub.crypto import Secret
from sockethub.supervisor.cage import minimal_environment
from sockethub.supervisor.launch import SupervisorProcess
from sockethub.supervisor.leases import Lease
from sockethub.supervisor.redis_users import Access
from sockethub.supervisor.specs import Specs
from sockethub.worker.control import pair
from tests.integration.workers.stage import Client, staged
from tests.support.deployment import descendants
from tests.support.ircd import IrcServer, run_ngircd
from tests.support.prosody import XmppServer, run_prosody
from tests.support.redis import RedisServer, run_redis
from tests.support.tls import issue

SETTLE_SECONDS = 2.0
LEASE_SECONDS = 3_600.0  # longer than all of this takes
IDLE_SECONDS = 10.0
WARM = 5
"""Logins before the ones that count: the machine's caches are warm, as they are in service."""

NAIVE = """
import socket, sys
from sockethub.worker.main import main
from sockethub.worker.shared import Shared
sys.exit(main(socket.socket(fileno=int(sys.argv[1])), Shared.new()))
"""


@dataclass(frozen=True)
class Memory:
    """MiB, the mean of some processes."""

    private: float
    pss: float
    rss: float

    @classmethod
    def of(cls, pids: list[int]) -> Memory:
        each = [_rollup(pid) for pid in pids]

        def average(*names: str) -> float:
            return mean(sum(fields[name] for name in names) for fields in each) / 1024

        return cls(average("Private_Dirty", "Private_Clean"), average("Pss"), average("Rss"))

    def __str__(self) -> str:
        return f"{self.private:.1f} / {self.pss:.1f} / {self.rss:.1f}"


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=50, help="logins of each kind")
    count = arguments.parse_args().count
    print(f"{count} logins of each kind; memory is private / PSS / RSS in MiB, p50 / slowest in ms")
    # A Redis for each row: a supervisor takes over what the one before it has left.
    with run_redis() as redis:
        asyncio.run(_naive(redis, max(3, count // 10)))
    with run_redis() as redis:
        asyncio.run(_forked(redis, count, "fork server, nothing connected", "tests.support.platforms:Parrot"))
    with run_redis() as redis:
        name = "the same, all one user of Redis"
        asyncio.run(_forked(redis, count, name, "tests.support.platforms:Parrot", acl="off"))
    with tempfile.TemporaryDirectory() as directory, run_redis() as redis, run_ngircd(issue(Path(directory))) as ircd:
        asyncio.run(_irc(redis, ircd, count))
    users = [f"user{number}" for number in range(WARM + count)]
    with (
        tempfile.TemporaryDirectory() as directory,
        run_redis() as redis,
        run_prosody(issue(Path(directory)), users) as prosody,
    ):
        asyncio.run(_xmpp(redis, prosody, users))


async def _naive(redis: RedisServer, count: int) -> None:
    async with staged(redis.url, declaration("tests.support.platforms:Parrot")) as (stage, _):
        clients = [Client(stage, f"naive{number}") for number in range(count)]
        specs = Specs(declaration("tests.support.platforms:Parrot"), stage.keys)
        access = Access(Secret(redis.url), confined=False)
        taken, pids, ends = [], [], []
        for client in clients:
            await client.attach()
            job = await client.send("connect")
            until = leases.now() + LEASE_SECONDS
            lease = Lease("bench:1", until, until)
            spec = specs.make(client.platform, client.login, client.queue, "login", access, lease=lease)
            start = time.perf_counter()
            ours, theirs = pair()
            with theirs:
                process = _interpreter(theirs.fileno())
            ours.send(spec.encode())
            await client.reply(job)
            taken.append(time.perf_counter() - start)
            pids.append(process)
            ends.append(ours)
        await asyncio.sleep(SETTLE_SECONDS)
        _row("naive: an interpreter each, nothing connected", taken, Memory.of([process.pid for process in pids]))
        _end(pids, ends)


def _interpreter(descriptor: int) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-c", NAIVE, str(descriptor)]
    return subprocess.Popen(argv, pass_fds=(descriptor,), env=minimal_environment(), stderr=subprocess.DEVNULL)


def _end(processes: list[subprocess.Popen[bytes]], ends: list[socket.socket]) -> None:
    for process, end in zip(processes, ends, strict=True):
        end.close()
        process.kill()
        process.wait()


async def _forked(redis: RedisServer, count: int, name: str, driver: str, acl: str = "required") -> None:
    prefix = driver.rpartition(":")[2]
    async with staged(redis.url, declaration(driver, acl=acl)) as (stage, supervisor):
        for number in range(WARM):
            await Client(stage, f"{prefix}-warm{number}").connect()
        before = set(descendants(supervisor.pid))
        taken = [await connected(Client(stage, f"{prefix}{number}")) for number in range(count)]
        await asyncio.sleep(SETTLE_SECONDS)
        workers = sorted(set(descendants(supervisor.pid)) - before)
        _row(name, taken, Memory.of(workers))
        _load("  idle, with supervisor and Redis", await _idle(supervisor, redis))


async def _xmpp(redis: RedisServer, prosody: XmppServer, users: list[str]) -> None:
    declared = declaration(
        "sockethub.platforms.xmpp:XmppPlatform",
        policy={"private_addresses": True},
        options={"tls_ca_file": str(prosody.authority)},
    )
    async with staged(redis.url, declared) as (stage, supervisor):
        where: dict[str, Any] = {"server": prosody.host, "port": prosody.port}
        clients = [
            Client(stage, user, userAddress=f"{user}@{prosody.domain}", password=prosody.password(user), **where)
            for user in users
        ]
        await _measured("fork server, XMPP, connected to Prosody", clients, supervisor, redis)


async def _irc(redis: RedisServer, ircd: IrcServer, count: int) -> None:
    declared = declaration(
        "sockethub.platforms.irc:IrcPlatform",
        policy={"private_addresses": True},
        options={"flood_rate": 0},
    )
    async with staged(redis.url, declared) as (stage, supervisor):
        clients = [
            Client(stage, f"irc{number}", nick=f"b{number}", server=ircd.host, port=ircd.port, secure=False)
            for number in range(WARM + count)
        ]
        await _measured("fork server, IRC, connected to ngIRCd", clients, supervisor, redis)


async def _measured(name: str, clients: list[Client], supervisor: SupervisorProcess, redis: RedisServer) -> None:
    for client in clients[:WARM]:
        await connected(client)
    before = set(descendants(supervisor.pid))
    taken = [await connected(client) for client in clients[WARM:]]
    await asyncio.sleep(SETTLE_SECONDS)
    workers = sorted(set(descendants(supervisor.pid)) - before)
    _row(name, taken, Memory.of(workers))
    _load("  idle, with supervisor and Redis", await _idle(supervisor, redis))


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


async def _idle(supervisor: SupervisorProcess, redis: RedisServer) -> float:
    """Per cent of one core."""
    pids = [supervisor.pid, redis.pid, *descendants(supervisor.pid)]
    before, start = sum(map(_on_processor, pids)), time.perf_counter()
    await asyncio.sleep(IDLE_SECONDS)
    return 100 * (sum(map(_on_processor, pids)) - before) / (time.perf_counter() - start)


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


def _row(name: str, taken: list[float], memory: Memory) -> None:
    milliseconds = f"{median(taken) * 1e3:.1f} / {max(taken) * 1e3:.1f}"
    print(f"{name:<48}{milliseconds:>16} ms  {memory!s:>22} MiB", flush=True)


def _load(name: str, per_cent: float) -> None:
    print(f"{name:<48}{per_cent:>14.2f} % of a core", flush=True)


def _rollup(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}


def _on_processor(pid: int) -> float:
    """Seconds, to the nanosecond: ticks would be too coarse for what is idle."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


if __name__ == "__main__":
    main()
