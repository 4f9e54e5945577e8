"""How fast this process and its Redis answer: looked at every now and then, for the metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import anyio
import redis

from sockethub.errors import QueueError
from sockethub.operations.metrics import Metrics

LAG_SECONDS: Final = 1.0
PING_SECONDS: Final = 5.0

Ping = Callable[[], Awaitable[Any]]


async def watch_loop(metrics: Metrics) -> None:
    """Measure, for ever, how late this loop is."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_SECONDS
        await asyncio.sleep(LAG_SECONDS)
        metrics.lag.observe(max(0.0, loop.time() - due))


async def watch_redis(metrics: Metrics, ping: Ping) -> None:
    """Measure, for ever, how long Redis takes for a ``ping``."""
    while True:
        began = anyio.current_time()
        try:
            await ping()
        except (redis.RedisError, QueueError):
            metrics.redis_failures.inc()
        else:
            metrics.round_trip.observe(anyio.current_time() - began)
        await anyio.sleep(PING_SECONDS)
