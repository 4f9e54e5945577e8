"""What the supervisor tells gateways of a login: running, lost, stopped, failed."""

from __future__ import annotations

from typing import Any, Literal

import redis.asyncio

from sockethub import redis_keys
from sockethub.jobs.inbox import INBOX_LENGTH

State = Literal["running", "lost", "stopped", "failed"]


async def notify(client: redis.asyncio.Redis, login: str, state: State, text: str = "", also: str = "") -> None:
    """To every gateway with a session attached to ``login``, and to ``also`` (a gateway's id)."""
    attached: Any = await client.hvals(redis_keys.attached(login))
    gateways = {gateway.decode() for gateway in attached} | ({also} if also else set())
    if not gateways:
        return
    pipeline = client.pipeline(transaction=False)
    for gateway in gateways:
        pipeline.xadd(
            redis_keys.inbox(gateway),
            {"kind": "login", "login": login, "state": state, "text": text},
            maxlen=INBOX_LENGTH,
        )
    await pipeline.execute()


async def drop_dead_gateways(client: redis.asyncio.Redis, login: str) -> set[str]:
    """Detach the sessions of gateways that are gone; the ids of those gateways."""
    attached: Any = await client.hgetall(redis_keys.attached(login))
    gateways = {gateway.decode() for gateway in attached.values()}
    if not gateways:
        return set()
    pipeline = client.pipeline(transaction=False)
    for gateway in gateways:
        pipeline.exists(redis_keys.gateway_alive(gateway))
    dead = {gateway for gateway, alive in zip(gateways, await pipeline.execute(), strict=True) if not alive}
    gone = [session for session, gateway in attached.items() if gateway.decode() in dead]
    if gone:
        await client.hdel(redis_keys.attached(login), *gone)
    return dead
