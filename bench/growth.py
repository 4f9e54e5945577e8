"""What each further login, idle client and member of a room costs: straight lines, or a cliff.

Logins are of IRC, at one supervisor; clients are plain WebSocket connections that say nothing, with one beside them who
does; members sit in a room of an ngIRCd and speak to one login in it. ``python -m bench growth [--steps small]``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench import idle, logins
from bench.crowd import MARK, crowd
from bench.load import TRANSPORTS
from bench.processes import busy, roles
from bench.talk import UNLIMITED, irc, log_in, ok, room
from tests.support.deployment import Deployment, deployment
from tests.support.ircd import run_ngircd
from tests.support.tls import issue

LOGINS: Final = (1, 10, 100, 500)
CLIENTS: Final = (1, 100, 1_000, 5_000)
MEMBERS: Final = (10, 100, 1_000, 5_000)
SMALL: Final = (10, 50)
MESSAGES: Final = 100
WITHIN_SECONDS: Final = 20.0

Points = list[dict[str, Any]]


async def rooms(steps: Sequence[int]) -> Points:
    """An ngIRCd for each step: to empty a large room takes it longer than to start anew."""
    found: Points = []
    with tempfile.TemporaryDirectory(prefix="sh-bench-") as name:
        directory = Path(name)
        certificates = issue(directory / "tls")
        with deployment(directory / "house", UNLIMITED) as house:
            for step in steps:
                with run_ngircd(certificates, silence=(3_600, 600)) as server:
                    async with crowd("members", server.host, server.port, "#growth", step) as them:
                        client = await TRANSPORTS["plain"].open(house.url)
                        nick = f"reader{step}"
                        await log_in(client, nick, server, None)
                        try:
                            found.append({"members": step, **await _room(house, client, nick, them)})
                        finally:
                            await ok(client, "message", irc("disconnect", nick))
                            await client.close()
                print(found[-1], flush=True)
    return found


async def _room(house: Deployment, client: Any, nick: str, them: Any) -> dict[str, float]:
    """Join, then hear them speak."""
    worker, gateway = roles(house)["logins"], {house.process.pid}
    attended, heard = asyncio.Event(), list[float]()
    largest = 0

    def hear(activity: dict[str, Any]) -> None:
        nonlocal largest
        about = activity.get("object") or {}
        if about.get("type") == "attendance":
            largest = max(largest, len(about.get("members", ())))
            attended.set()
        elif MARK in str(about.get("content")):
            heard.append((time.monotonic_ns() - int(about["content"].partition(MARK)[2])) / 1e6)

    client.on_message(hear)
    before, start = (busy(worker), busy(gateway)), time.perf_counter()
    await ok(client, "message", irc("join", nick, target=room("#growth")))
    confirmed = time.perf_counter() - start
    with suppress(TimeoutError):  # then none is listed, and the page shows it
        async with asyncio.timeout(WITHIN_SECONDS):
            await attended.wait()
    joining = time.perf_counter() - start if largest else confirmed
    after = (busy(worker), busy(gateway))
    join = {"join_ms": joining * 1e3, "ack_ms": confirmed * 1e3, "listed": largest}
    join |= {"join_worker_ms": (after[0] - before[0]) * 1e3, "join_gateway_ms": (after[1] - before[1]) * 1e3}
    floor = await them.say(MESSAGES)
    spent = (busy(worker) - after[0], busy(gateway) - after[1])
    each = {"worker_us": spent[0] / MESSAGES * 1e6, "gateway_us": spent[1] / MESSAGES * 1e6}
    return join | each | {"heard": len(heard), "message_ms": median(heard), "floor_ms": median(floor)}


PARTS: Final = {
    "logins": (logins.irc, LOGINS),
    "clients": (idle.clients, CLIENTS),
    "rooms": (rooms, MEMBERS),
}


def measure(parts: Sequence[str], small: bool) -> dict[str, Points]:
    found = {}
    for part in parts:
        work, steps = PARTS[part]
        print(f"\n{part}")
        found[part] = asyncio.run(work(SMALL if small else steps))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench growth", description=__doc__)
    parser.add_argument("--part", action="append", choices=sorted(PARTS), help="only this (again for several)")
    parser.add_argument("--small", action="store_true", help="to try it out")
    options = parser.parse_args()
    print(json.dumps(measure(options.part or list(PARTS), options.small)))


if __name__ == "__main__":
    main()
