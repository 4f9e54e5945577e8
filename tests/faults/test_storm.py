"""An IRC server that goes away takes all its users with it, and they all come back: not at once, and not too often."""

from __future__ import annotations

import os

import anyio
import pytest

from sockethub.config.models import Declaration
from tests.integration.workers.stage import Client, Stage, staged
from tests.support.deployment import descendants
from tests.support.ircd import IrcServer
from tests.support.processes import private_kib, processor_seconds
from tests.support.tcpproxy import TcpProxy, tcp_proxy

pytestmark = pytest.mark.anyio

LOGINS = 600 if "CHAOS_SEEDS" in os.environ else 30
AT_ONCE = 20
OUTAGE_SECONDS = 4.0
FIRST_PAUSE_SECONDS = 1.0
"""The default of ``reconnect_delay_seconds``; doubled after each attempt, and between its half and its whole."""
BACK_WITHIN_SECONDS = 120.0
GROWTH_MIB, PROCESSOR_SECONDS = 1.0, 0.1
"""Of one login, for the whole of it; measured: 0.3 MiB, 0.02 s."""


async def test_they_all_come_back(redis_url: str, ngircd: IrcServer) -> None:
    async with tcp_proxy(ngircd.host, ngircd.port) as way, staged(redis_url, _declaration()) as (stage, supervisor):
        clients = [_client(stage, number, way) for number in range(LOGINS)]
        for batch in range(0, LOGINS, AT_ONCE):
            async with anyio.create_task_group() as tasks:
                for client in clients[batch : batch + AT_ONCE]:
                    tasks.start_soon(client.connect)
        workers = set(descendants(supervisor.pid))
        memory, processor = _mebibytes(workers), _processor_seconds(workers)
        way.attempts.clear()
        way.refuse(True)
        way.cut()
        began = anyio.current_time()
        await anyio.sleep(OUTAGE_SECONDS)
        way.refuse(False)
        with anyio.fail_after(BACK_WITHIN_SECONDS):
            while _back(stage) < LOGINS:  # noqa: ASYNC110 - what is awaited is many events
                await anyio.sleep(0.1)
        assert set(descendants(supervisor.pid)) == workers, "nobody was replaced"
        first = way.attempts[:LOGINS]
        assert first[0] - began > FIRST_PAUSE_SECONDS / 2 - 0.05, "nobody hurries"
        assert first[-1] - first[0] > FIRST_PAUSE_SECONDS / 4, "they are not in step"
        assert len(way.attempts) <= LOGINS * _most_attempts(anyio.current_time() - began)
        growth, spent = _mebibytes(workers) - memory, _processor_seconds(workers) - processor
        print(f"{LOGINS} logins: {len(way.attempts)} attempts, {growth:.0f} MiB, {spent:.1f} s of a processor")  # noqa: T201
        assert growth < LOGINS * GROWTH_MIB
        assert spent < LOGINS * PROCESSOR_SECONDS


def _declaration() -> Declaration:
    platform = {
        "mode": "persistent",
        "driver": "sockethub.platforms.irc:IrcPlatform",
        "verbs": ["connect"],
        "schemas": {"messages": "unused"},
        "policy": {"private_addresses": True},
        "options": {"flood_rate": 0},
    }
    return Declaration.model_validate(
        {"workers": {"max_logins": LOGINS}, "log": {"level": "error"}, "platforms": {"irc": platform}}
    )


def _client(stage: Stage, number: int, way: TcpProxy) -> Client:
    return Client(stage, f"storm{number}", "irc", nick=f"s{number}", server=way.host, port=way.port, secure=False)


def _back(stage: Stage) -> int:
    told = (event.get("activity", {}) for event in stage.events)
    return sum(each.get("type") == "connect" and each["object"].get("status") == "reconnected" for each in told)


def _most_attempts(seconds: float) -> int:
    """Of one login, if each of its pauses is the shortest that it may be; and one that finds the server there."""
    attempts, pause = 1, FIRST_PAUSE_SECONDS / 2
    while seconds > 0:
        seconds, pause, attempts = seconds - pause, 2 * pause, attempts + 1
    return attempts


def _mebibytes(pids: set[int]) -> float:
    """Private memory."""
    return sum(map(private_kib, pids)) / 1024


def _processor_seconds(pids: set[int]) -> float:
    return sum(map(processor_seconds, pids))
