"""What commands were answered: one that is sent again, with the same id and content, is not performed again.

A client that was cut off cannot know whether its last command arrived; it may send it once more. What was done, or
perhaps done, is remembered for a while, here and (sealed) in Redis, where the worker after this one finds it. An error
is not: nothing was done, and the command may be tried again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Final

import redis
import structlog

from sockethub import redis_keys
from sockethub.crypto import Binding, seal, unseal
from sockethub.crypto.keys import blind_name
from sockethub.errors import CryptoError
from sockethub.jobs import RedisLink, Reply
from sockethub.jobs.commands import Command, pairs
from sockethub.jobs.pauses import Pauses
from sockethub.worker.spec import WorkerSpec

__all__ = ["Answers"]

MOST: Final = 256
"""Answers remembered of one login; the oldest are forgotten first. A client awaits no more at once."""


class Answers:
    """Of one login."""

    def __init__(self, spec: WorkerSpec, link: RedisLink) -> None:
        self._spec = spec
        self._link = link
        self._key = redis_keys.answers(spec.login)
        self._known: dict[str, tuple[float, Reply]] = {}
        self._loaded = False
        self._log = structlog.get_logger(__name__).bind(platform=spec.platform, login=spec.login)

    async def find(self, activity: Mapping[str, Any]) -> Reply | None:
        """How this very command was answered before.

        What the worker before this one has remembered is taken up at the first question, not earlier: by then all that
        is pending is this worker's, and nothing that one may still settle (its machine was stopped, and it wakes up) is
        overlooked.
        """
        if "id" not in activity:
            return None
        if not self._loaded:
            await self._load()
        at, reply = self._known.get(self._digest(activity), (0.0, None))
        return reply if time.time() - at < self._spec.remember_seconds else None

    async def _load(self) -> None:
        records = pairs(await self._records()) or {}
        found = []
        for name, sealed in records.items():
            digest = name.decode()
            try:
                fields = json.loads(unseal(self._spec.login_key.reveal(), sealed, self._binding(digest)))
            except CryptoError:
                continue  # of another master key: as good as nothing
            found.append((fields.pop("at"), digest, Reply(**fields)))
        self._known = {digest: (at, reply) for at, digest, reply in sorted(found, key=lambda each: each[0])[-MOST:]}
        self._loaded = True

    async def _records(self) -> Any:
        """As Redis has them, once it answers: without them a command might be done twice."""
        pauses = Pauses()
        while True:
            try:
                return await self._link.call("HGETALL", self._key)
            except redis.RedisError as error:
                self._log.warning("answers not read", error=type(error).__name__)
                await pauses.wait()

    def remember(self, activity: Mapping[str, Any], reply: Reply) -> tuple[Command, ...]:
        """Remember an answer; what to have Redis do in the transaction that gives it."""
        if "id" not in activity or reply.outcome == "error":
            return ()
        digest, at = self._digest(activity), time.time()
        self._known.pop(digest, None)
        self._known[digest] = at, reply
        kept: list[Command] = [*self._record(digest)]
        if len(self._known) > MOST:
            oldest = next(iter(self._known))
            del self._known[oldest]
            kept.append(("HDEL", self._key, oldest))
        return tuple(kept)

    async def rewrite(self) -> None:
        """Where Redis has lost them."""
        commands = [command for digest in self._known for command in self._record(digest)]
        if commands:
            await self._link.batch(*commands)

    def _record(self, digest: str) -> tuple[Command, Command]:
        at, reply = self._known[digest]
        fields = {
            "at": at,
            "outcome": reply.outcome,
            "activity": reply.activity,
            "error": reply.error,
            "condition": reply.condition,
        }
        sealed = seal(self._spec.login_key.reveal(), json.dumps(fields).encode(), self._binding(digest))
        return ("HSET", self._key, digest, sealed), ("EXPIRE", self._key, int(self._spec.remember_seconds) + 1)

    def _digest(self, activity: Mapping[str, Any]) -> str:
        # The content too: pages number their commands, and begin anew when they are loaded again.
        return blind_name(self._spec.login_key.reveal(), "answer", json.dumps(activity, sort_keys=True))

    def _binding(self, digest: str) -> Binding:
        return Binding("answer", login=self._spec.login, id=digest)
