"""Two gateways behind a load balancer, two machines of workers, a Redis: hosts with addresses of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import anyio
import pytest
from websockets.asyncio.client import connect

from tests.faults.conversation import left, say, settled
from tests.faults.history import RESULT
from tests.faults.services import Irc, Witness
from tests.faults.stack import gone
from tests.faults.talker import Talker, talking
from tests.support.deployment import descendants, login_workers
from tests.support.halves import Half, declare, half
from tests.support.haproxy import run_haproxy
from tests.support.hosts import Host, Network, network
from tests.support.ircd import run_ngircd
from tests.support.processes import PATIENCE, accepts, find_server, running
from tests.support.redis import PASSWORD
from tests.support.tls import Certificates

pytestmark = pytest.mark.anyio

REDIS_PORT, GATEWAY_PORT, PUBLIC_PORT = 6379, 10550, 8080
LEASE_SECONDS = 1.5
LINES = 10
WELL_SECONDS = 30.0 * PATIENCE
PAUSE_SECONDS = 0.02


@dataclass
class Site:
    """What runs where."""

    folder: Path
    url: str
    balancer: Host
    gateways: list[Host]
    machines: list[Host]
    running: dict[Host, tuple[Half, ExitStack]] = field(default_factory=dict)

    @property
    def websocket(self) -> str:
        return f"ws://{self.balancer.address}:{PUBLIC_PORT}/ws"

    async def start(self, command: str, host: Host) -> None:
        part = ExitStack()
        run = half(command, self.folder, self.url, prefix=host.prefix)
        self.running[host] = await anyio.to_thread.run_sync(part.enter_context, run), part

    async def stop(self, host: Host) -> None:
        _, part = self.running.pop(host)
        await anyio.to_thread.run_sync(part.close)

    def logins(self, host: Host) -> set[int]:
        """The processes of the logins that run there."""
        return login_workers(descendants(self.running[host][0].process.pid), "irc")


@asynccontextmanager
async def _site(folder: Path, net: Network) -> AsyncIterator[Site]:
    """All of it, but for what the clients talk to."""
    store, balancer, *others = [net.host() for _ in range(6)]
    url = f"redis://:{PASSWORD}@{store.address}:{REDIS_PORT}/0"
    site = Site(folder, url, balancer, others[:2], others[2:])
    declare(
        folder,
        url,
        {
            "gateway": {
                "host": "0.0.0.0",
                "port": GATEWAY_PORT,
                "origins": [],
                "authentication": "none",
                "trusted_proxies": [f"{balancer.address}/32"],
                "rate": {"events": 10_000},
            },
            "workers": {"lease_seconds": LEASE_SECONDS},
            "platforms": {
                "irc": {
                    "options": Irc.options,
                    "policy": {"private_addresses": False, "allowed_addresses": [net.subnet]},
                }
            },
        },
        only="irc",
    )
    with ExitStack() as stack:
        argv = [*store.prefix, find_server("redis-server", "redis-server"), "--bind", store.address]
        argv += ["--requirepass", PASSWORD, "--save", "", "--dir", str(folder)]
        redis_there = (store.address, REDIS_PORT)
        stack.enter_context(running(argv, ready=lambda: accepts(redis_there), log=folder / "redis.log"))
        try:
            async with anyio.create_task_group() as tasks:
                for host in site.gateways:
                    tasks.start_soon(site.start, "gateway", host)
                for host in site.machines:
                    tasks.start_soon(site.start, "workers", host)
            addresses = {
                f"gateway_{number}": f"{host.address}:{GATEWAY_PORT}" for number, host in enumerate(site.gateways, 1)
            }
            stack.enter_context(run_haproxy(folder, (balancer.address, PUBLIC_PORT), balancer.prefix, addresses))
            yield site
        finally:
            with anyio.CancelScope(shield=True):
                async with anyio.create_task_group() as tasks:
                    for host in list(site.running):
                        tasks.start_soon(site.stop, host)


async def test_two_gateways_two_machines_one_cut_off_and_all_replaced(
    tmp_path: Path, certificates: Certificates
) -> None:
    with network() as net, run_ngircd(certificates, "sesame", address=net.address, silence=(1, 1)) as ircd:
        service, numbers = Irc(ircd), count()
        async with (
            _site(tmp_path, net) as site,
            service.witness("sites", "#hitsites", "#bysites") as witness,
            talking(service, "hitsites", "#hitsites", service.port, site.websocket) as one,
            talking(service, "bysites", "#bysites", service.port, site.websocket) as two,
        ):
            talkers = (one, two)
            await _talk(numbers, witness, *talkers)
            cut = next(host for host in site.machines if site.logins(host))
            before = site.logins(cut)
            cut.cut()
            # Its logins go on elsewhere; it does not know yet, and keeps what it had.
            await _talk(numbers, witness, *talkers)
            assert site.logins(cut) == before
            cut.mend()
            for pid in before:
                await gone(pid)
            await _talk(numbers, witness, *talkers)
            running_now = [pid for host in site.machines for pid in site.logins(host)]
            assert len(running_now) == len(talkers), "each login runs once"
            for host in site.gateways:
                await _replace(site, host)
                await _talk(numbers, witness, *talkers)
            assert sorted(running_now) == sorted(pid for host in site.machines for pid in site.logins(host)), (
                "no login was disturbed by the gateways' replacement"
            )
            for each in talkers:
                await settled(each, witness)
                each.history.check_commands()
                await left(each)


NOTICED_SECONDS = 1.0
"""Within which the balancer, which asks ten times a second here, knows that a gateway is there again."""


async def _replace(site: Site, host: Host) -> None:
    """Another gateway instead of this one, while new clients come: each finds one that serves it."""
    over = anyio.Event()

    async def arrive() -> None:
        while not over.is_set():
            async with connect(site.websocket, open_timeout=5):
                await anyio.sleep(PAUSE_SECONDS)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(arrive)
        await site.stop(host)
        await site.start("gateway", host)
        await anyio.sleep(NOTICED_SECONDS)
        over.set()


async def _talk(numbers: count[int], witness: Witness, *talkers: Talker) -> None:
    """Until each has had ``LINES`` results in a row, to what it asked from now on."""
    asked: list[str] = []
    with anyio.fail_after(WELL_SECONDS):
        while not all(_well(each, asked) for each in talkers):
            content = f"line {next(numbers)}"
            asked.append(content)
            for each in talkers:
                if not each.busy:
                    await each.say(content)
                await say(each, witness, next(numbers))
            await anyio.sleep(PAUSE_SECONDS)


def _well(talker: Talker, contents: Sequence[str]) -> bool:
    outcomes = [talker.history.asked[content].outcome for content in contents if content in talker.history.asked]
    told = [outcome for outcome in outcomes if outcome is not None]
    return len(told) >= LINES and set(told[-LINES:]) == {RESULT}
