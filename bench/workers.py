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
import time
from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from statistics import median

from bench.logins import IDLE_SECONDS, SETTLE_SECONDS, WARM, House, connected, declaration, on_ngircd, on_prosody
from bench.processes import idle_share, sum_of
from sockethub import leases
from sockethub.crypto import Secret
from sockethub.supervisor.cage import minimal_environment
from sockethub.supervisor.leases import Lease
from sockethub.supervisor.redis_users import Access
from sockethub.supervisor.specs import Specs
from sockethub.worker.control import pair
from tests.integration.workers.stage import Client, staged
from tests.support.deployment import descendants
from tests.support.redis import RedisServer, run_redis

LEASE_SECONDS = 3_600.0  # longer than all of this takes

NAIVE = """
import socket, sys
from sockethub.worker.main import main
from sockethub.worker.shared import Shared
sys.exit(main(socket.socket(fileno=int(sys.argv[1])), Shared.new()))
"""


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
    asyncio.run(_measured("fork server, IRC, connected to ngIRCd", on_ngircd(count)))
    asyncio.run(_measured("fork server, XMPP, connected to Prosody", on_prosody(count)))


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
        _row("naive: an interpreter each, nothing connected", taken, [process.pid for process in pids])
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
        _row(name, taken, set(descendants(supervisor.pid)) - before)
        _load(
            "  idle, with supervisor and Redis",
            await idle_share([supervisor.pid, redis.pid, *descendants(supervisor.pid)], IDLE_SECONDS),
        )


async def _measured(name: str, kind: AbstractAsyncContextManager[House]) -> None:
    async with kind as house:
        for client in house.clients[:WARM]:
            await connected(client)
        before = set(descendants(house.supervisor.pid))
        taken = [await connected(client) for client in house.clients[WARM:]]
        await asyncio.sleep(SETTLE_SECONDS)
        _row(name, taken, set(descendants(house.supervisor.pid)) - before)
        _load("  idle, with supervisor and Redis", await idle_share(house.pids, IDLE_SECONDS))


def _row(name: str, taken: list[float], pids: Collection[int]) -> None:
    milliseconds = f"{median(taken) * 1e3:.1f} / {max(taken) * 1e3:.1f}"
    total, count = sum_of(pids), len(pids)
    memory = f"{total.private / count:.1f} / {total.pss / count:.1f} / {total.rss / count:.1f}"
    print(f"{name:<48}{milliseconds:>16} ms  {memory:>22} MiB", flush=True)


def _load(name: str, per_cent: float) -> None:
    print(f"{name:<48}{per_cent:>14.2f} % of a core", flush=True)


if __name__ == "__main__":
    main()
