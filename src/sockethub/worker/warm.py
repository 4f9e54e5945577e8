"""What every worker does at its start, done once in the fork server: so that a child finds it imported and laid out."""

from __future__ import annotations

import asyncio

import redis
import structlog

from sockethub.crypto import Binding, new_key, seal, unseal
from sockethub.jobs import Envelope, Job, Reply, connect
from sockethub.worker import login, pool

_USED = (login, pool)


def warm_up() -> None:
    """Exercise loop, Redis client, sealing and logging; leave no socket and no thread behind."""
    key = new_key()
    envelope = Envelope.seal(
        Job("activity", {"type": "warm"}),
        job_id="warm",
        session="warm",
        gateway="warm",
        login="warm",
        queue="warm",
        key=key,
        wrapped=b"",
    )
    Envelope.from_kwargs(envelope.to_kwargs())
    unseal(key, seal(key, b"warm", Binding("event")), Binding("event"))
    Reply("result").seal(key, job_id="warm", session="warm", login="warm")
    structlog.get_logger(__name__).debug("warm")
    asyncio.run(_loop())


async def _loop() -> None:
    """A connection that is refused takes the client's code through all its imports."""
    async with connect("unix:///nonexistent/redis.sock") as client:
        try:
            await client.ping()
        except redis.ConnectionError:
            return
