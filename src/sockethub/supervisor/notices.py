"""Tells gateways how a login is, and drops those that are gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import redis.asyncio

from sockethub import redis_keys
from sockethub.crypto import KeyRing
from sockethub.jobs.inbox import INBOX_LENGTH
from sockethub.jobs.pipelines import each
from sockethub.notices import Notice, State


class Notices:
    """To the gateways' inboxes."""

    def __init__(self, client: redis.asyncio.Redis, keys: KeyRing) -> None:
        self._client = client
        self._keys = keys

    async def tell(self, login: str, state: State, text: str = "", also: str = "") -> None:
        """Tell every gateway with a session attached to ``login``, and ``also`` (a gateway's id)."""
        attached: Any = await self._client.hvals(redis_keys.attached(login))
        gateways = _names(attached) | ({also} if also else set())
        if not gateways:
            return
        notice = Notice(state, text)
        pipeline = self._client.pipeline(transaction=False)
        for gateway in gateways:
            fields: Any = notice.to_fields(self._keys, login=login, gateway=gateway)
            pipeline.xadd(redis_keys.inbox(gateway), fields, maxlen=INBOX_LENGTH)
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
    found: list[dict[bytes, bytes]] = [hash or {} for hash in await each(pipeline)] if logins else []
    named = [_names(sessions.values()) for sessions in found]
    alive = await _alive(client, set().union(*named))
    pipeline = client.pipeline(transaction=False)
    for login, sessions in zip(logins, found, strict=True):
        gone = [session for session, gateway in sessions.items() if not alive.issuperset(_names([gateway]))]
        if gone:
            pipeline.hdel(redis_keys.attached(login), *gone)
    if len(pipeline):
        await each(pipeline)
    return {login: Listeners(names & alive, names - alive) for login, names in zip(logins, named, strict=True)}


def _names(gateways: Iterable[bytes]) -> frozenset[str]:
    """As text, whatever they are: where Redis has no users for workers, anybody may have written them."""
    return frozenset(gateway.decode(errors="replace") for gateway in gateways)


async def _alive(client: redis.asyncio.Redis, gateways: set[str]) -> set[str]:
    pipeline = client.pipeline(transaction=False)
    asked = sorted(gateways)
    for gateway in asked:
        pipeline.exists(redis_keys.gateway_alive(gateway))
    answers = await pipeline.execute() if asked else []
    return {gateway for gateway, alive in zip(asked, answers, strict=True) if alive}
