"""What the supervisor tells gateways of a login: running, lost, stopped, failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Listeners:
    """The gateways with sessions attached to one login."""

    alive: frozenset[str]
    gone: frozenset[str]


async def drop_dead_gateways(client: redis.asyncio.Redis, logins: Sequence[str]) -> dict[str, Listeners]:
    """Detach the sessions of gateways that are gone, from all ``logins`` in two or three round trips.

    Returns who listened to each.
    """
    pipeline = client.pipeline(transaction=False)
    for login in logins:
        pipeline.hgetall(redis_keys.attached(login))
    found: list[dict[bytes, bytes]] = await pipeline.execute() if logins else []
    alive = await _alive(client, {gateway.decode() for sessions in found for gateway in sessions.values()})
    pipeline = client.pipeline(transaction=False)
    for login, sessions in zip(logins, found, strict=True):
        gone = [session for session, gateway in sessions.items() if gateway.decode() not in alive]
        if gone:
            pipeline.hdel(redis_keys.attached(login), *gone)
    if len(pipeline):
        await pipeline.execute()
    named = [frozenset(gateway.decode() for gateway in sessions.values()) for sessions in found]
    return {login: Listeners(names & alive, names - alive) for login, names in zip(logins, named, strict=True)}


async def _alive(client: redis.asyncio.Redis, gateways: set[str]) -> set[str]:
    pipeline = client.pipeline(transaction=False)
    asked = sorted(gateways)
    for gateway in asked:
        pipeline.exists(redis_keys.gateway_alive(gateway))
    answers = await pipeline.execute() if asked else []
    return {gateway for gateway, alive in zip(asked, answers, strict=True) if alive}
