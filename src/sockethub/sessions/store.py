"""The part of a session that is in Redis: sealed credentials, and to which logins it is attached.

Everything here ends with the session. Should the gateway die without a word, it ends by itself soon after: records
live on only while :meth:`SessionStore.keep` renews them.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import redis
import redis.asyncio

from sockethub import redis_keys
from sockethub.errors import QueueUnavailable
from sockethub.jobs import LoginRecord
from sockethub.jobs.pipelines import each
from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.session import Session

ALIVE_SECONDS: Final = 15
"""How long a gateway that fell silent counts as alive."""

BEAT_SECONDS: Final = 5.0
RECORD_SECONDS: Final = 90
"""How long the records of a gateway that fell silent remain."""

RECORD_BEATS: Final = 6
"""Records are renewed every so many beats: three times within their life."""

_CLAIM: Final = """
-- KEYS: attached. ARGV: session, gateway, seconds. Attaches the session where no other is; returns whether it did.
if redis.call('HLEN', KEYS[1]) > 0 and redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""


Execute = Callable[[Any], Awaitable[list[Any]]]
"""Has a pipeline done, and returns its answers."""


async def _all(pipeline: Any) -> list[Any]:
    answers: list[Any] = await pipeline.execute()
    return answers


class SessionStore:
    """Reads and writes for the sessions of one gateway. Raises :class:`~sockethub.errors.QueueUnavailable`."""

    def __init__(self, client: redis.asyncio.Redis, gateway: str) -> None:
        self._client = client
        self._gateway = gateway

    async def announce(self, ipc: str, machine: str) -> bool:
        """This gateway is alive, and workers on the same machine reach it by the socket ``ipc``.

        Returns whether it counted as alive until now; one that did not may have been detached from its logins.
        """
        where, key = json.dumps({"ipc": ipc, "machine": machine}), redis_keys.gateway_alive(self._gateway)
        [before] = await self._run(lambda p: p.set(key, where, ex=ALIVE_SECONDS, get=True))
        return before is not None

    async def withdraw(self) -> None:
        """This gateway is gone."""
        await self._run(lambda p: p.delete(redis_keys.gateway_alive(self._gateway), redis_keys.inbox(self._gateway)))

    async def keep(self, sessions: Iterable[Session]) -> None:
        """Renew the records of ``sessions``, and this gateway's inbox."""

        def renew(pipeline: Any) -> None:
            pipeline.expire(redis_keys.inbox(self._gateway), RECORD_SECONDS)
            for session in sessions:
                for login in session.by_login:
                    pipeline.expire(redis_keys.session_login(session.id, login), RECORD_SECONDS)
                    pipeline.expire(redis_keys.attached(login), RECORD_SECONDS)

        await self._run(renew)

    async def restore(self, sessions: Iterable[Session]) -> list[tuple[Session, LoginBinding]]:
        """Write all there is of ``sessions`` once more; which of them were attached to which logins no more."""
        attaching: list[tuple[int, Session, LoginBinding]] = []

        def write(pipeline: Any) -> None:
            for session in sessions:
                for binding in session.by_login.values():
                    if binding.record is not None:
                        key = redis_keys.session_login(session.id, binding.login)
                        pipeline.hset(key, mapping=binding.record.to_hash())
                        pipeline.expire(key, RECORD_SECONDS)
                    if not binding.stateless:
                        attaching.append((len(pipeline), session, binding))
                        pipeline.hset(redis_keys.attached(binding.login), session.id, self._gateway)
                        pipeline.expire(redis_keys.attached(binding.login), RECORD_SECONDS)

        answers = await self._run(write, each)
        return [(session, binding) for index, session, binding in attaching if answers[index] == 1]

    async def attach(self, session: str, login: str) -> None:
        """``session`` is to hear of ``login``."""

        def add(pipeline: Any) -> None:
            pipeline.hset(redis_keys.attached(login), session, self._gateway)
            pipeline.expire(redis_keys.attached(login), RECORD_SECONDS)

        await self._run(add)

    async def claim(self, session: str, login: str, is_here: Callable[[str], bool]) -> bool:
        """As :meth:`attach`, but only where no session of a living gateway is attached; whether it was done.

        ``is_here`` knows the sessions of this gateway: one that has gone may not be released yet, and holds nothing.
        """
        await self._drop_gone(login, is_here)
        key = redis_keys.attached(login)
        [claimed] = await self._run(lambda p: p.eval(_CLAIM, 1, key, session, self._gateway, RECORD_SECONDS))
        return bool(claimed)

    async def record(self, session: str, login: str, record: LoginRecord) -> None:
        """Keep the session's credentials for ``login``."""
        key = redis_keys.session_login(session, login)

        def write(pipeline: Any) -> None:
            pipeline.hset(key, mapping=record.to_hash())
            pipeline.expire(key, RECORD_SECONDS)

        await self._run(write)

    async def release(self, session: str, bindings: Iterable[LoginBinding]) -> None:
        """Remove all there is of the session's use of these logins."""
        logins = [binding.login for binding in bindings]
        if not logins:
            return

        def remove(pipeline: Any) -> None:
            pipeline.delete(*(redis_keys.session_login(session, login) for login in logins))
            for login in logins:
                pipeline.hdel(redis_keys.attached(login), session)

        await self._run(remove)

    async def request(self, binding: LoginBinding) -> None:
        """Ask the supervisors to run the login."""
        fields: Any = {
            "login": binding.login,
            "platform": binding.platform,
            "gateway": self._gateway,
            "queue": binding.queue,
            "wishes": binding.wishes,
        }
        await self._run(lambda p: p.xadd(redis_keys.SUPERVISOR_REQUESTS, fields, maxlen=REQUESTS, approximate=True))

    async def drop_queue(self, queue: str) -> None:
        """Take back what waits on the queue of a login that nobody runs."""
        await self._run(lambda p: p.delete(redis_keys.queue(queue)))

    async def ping(self) -> None:
        await self._run(lambda p: p.ping())

    async def _drop_gone(self, login: str, is_here: Callable[[str], bool]) -> None:
        key = redis_keys.attached(login)
        [attached] = await self._run(lambda p: p.hgetall(key))
        named = {session: gateway.decode(errors="replace") for session, gateway in attached.items()}
        gateways = sorted({*named.values()} - {self._gateway})
        alive = await self._alive(gateways) if gateways else set[str]()

        def is_gone(session: bytes, gateway: str) -> bool:
            return gateway not in alive if gateway != self._gateway else not is_here(session.decode(errors="replace"))

        gone = [session for session, gateway in named.items() if is_gone(session, gateway)]
        if gone:
            await self._run(lambda p: p.hdel(key, *gone))

    async def _alive(self, gateways: list[str]) -> set[str]:
        def exist(pipeline: Any) -> None:
            for gateway in gateways:
                pipeline.exists(redis_keys.gateway_alive(gateway))

        return {gateway for gateway, alive in zip(gateways, await self._run(exist), strict=True) if alive}

    async def _run(self, fill: Callable[[Any], Any], execute: Execute = _all) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        fill(pipeline)
        try:
            answers = await execute(pipeline)
        except redis.RedisError as error:
            raise QueueUnavailable(f"the queue cannot be reached ({type(error).__name__}); try again") from None
        return answers


REQUESTS: Final = 10_000
"""Requests kept while no supervisor reads; older ones fall off, their commands end by their deadline."""
