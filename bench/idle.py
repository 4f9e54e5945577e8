"""Clients that are connected and say nothing."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench.crowd import crowd
from bench.gateway import redis_of, used
from bench.load import TRANSPORTS, timed
from bench.processes import idle_share, roles, taken
from bench.talk import UNLIMITED, echoing
from tests.support.deployment import deployment

CALLS: Final = 500
KIB: Final = 1024


async def clients(steps: Sequence[int]) -> list[dict[str, Any]]:
    """At so many connections that say nothing: the gateway's memory, an echo beside them, what it costs when idle."""
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="sh-bench-") as name, deployment(Path(name), UNLIMITED) as house:
        active = await TRANSPORTS["plain"].open(house.url)
        await timed(echoing(active), CALLS)
        await asyncio.sleep(2)
        base = taken(house.process.pid).rss
        for step in steps:
            start = time.perf_counter()
            async with crowd("clients", house.url, step), redis_of(house) as redis:
                opening = time.perf_counter() - start
                await asyncio.sleep(2)
                rss = taken(house.process.pid).rss
                idle = await idle_share([pid for part in ("gateway", "redis") for pid in roles(house)[part]])
                echo = await timed(echoing(active), CALLS)
                point = {"clients": step, "rss": rss, "each_kib": (rss - base) * KIB / step, "idle": idle}
                point |= {"opening_s": opening, "echo_p50": echo.p50, "echo_p99": echo.p99, "redis": await used(redis)}
            found.append(point)
            print(point, flush=True)
            await asyncio.sleep(3)  # those of this step have gone before the next come
    return found
