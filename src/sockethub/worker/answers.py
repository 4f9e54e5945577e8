"""What commands were answered: one that is sent again, with the same id and content, is not performed again.

A client that was cut off cannot know whether its last command arrived; it may send it once more. What was done, or
perhaps done, is remembered for a while, here and (sealed) in Redis, where the worker after this one finds it. An error
is not: nothing was done, and the command may be tried again.

How long ago something was is told by the machine's clock since it booted (:func:`sockethub.leases.now`), which nobody
sets, and which says nothing to another machine: what that finds there it remembers for the whole time once more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import redis
import structlog

from sockethub import jsontext, leases, redis_keys
from sockethub.crypto import Binding, seal, unseal
from sockethub.crypto.keys import blind_name
from sockethub.errors import CryptoError
from sockethub.ipc import machine_id
from sockethub.jobs import RedisLink, Reply
from sockethub.jobs.commands import Command, pairs
from sockethub.jobs.pauses import Pauses
from sockethub.jobs.pipelines import unusable
from sockethub.worker.spec import WorkerSpec

__all__ = ["Answers"]

MOST: Final = 256
"""Answers remembered of one login; the oldest are forgotten first. A client awaits no more at once."""

CLOCK_SECONDS: Final = 3_600
"""Redis keeps the record for so much longer: it goes by the time of day, which may be set forwards meanwhile."""


class Answers:
    """Of one login."""

    def __init__(self, spec: WorkerSpec, link: RedisLink) -> None:
        self._spec = spec
        self._link = link
        self._key = redis_keys.answers(spec.login)
        self._boot = machine_id()
        self._known: dict[str, tuple[float, Reply]] = {}
        """By age, the oldest first."""
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
        return None if self._is_old(at) else reply

    async def _load(self) -> None:
        records = pairs(await self._records()) or {}
        found, now = [], leases.now()
        for name, sealed in records.items():
            digest = name.decode()
            try:
                fields = jsontext.mapping(unseal(self._spec.login_key.reveal(), sealed, self._binding(digest)))
                at, reply = float(fields["at"]), Reply.from_fields(fields)
            except (CryptoError, LookupError, TypeError, ValueError):
                continue  # of another root key, or of a worker that was taken over: as good as nothing
            found.append((fields.get("boot") == self._boot, at, digest, reply))
        self._known = {
            digest: (at if ours else now, reply)
            for ours, at, digest, reply in sorted(found, key=lambda each: each[:2])[-MOST:]
        }
        self._loaded = True

    async def _records(self) -> Any:
        """As Redis has them, once it answers: without them a command might be done twice."""
        pauses = Pauses()
        while True:
            try:
                return await self._link.call("HGETALL", self._key)
            except redis.RedisError as error:
                self._log.warning("answers not read", error=type(error).__name__)
                if unusable(error):  # as the worker before this one has left it, say, that was taken over
                    await self._link.call("DEL", self._key)
                await pauses.wait()

    def remember(self, activity: Mapping[str, Any], reply: Reply) -> tuple[Command, ...]:
        """Remember an answer; what to have Redis do in the transaction that finishes its job."""
        if "id" not in activity or reply.outcome == "error":
            return ()
        digest = self._digest(activity)
        self._known.pop(digest, None)
        self._known[digest] = leases.now(), reply
        kept: list[Command] = [*self._record(digest)]
        if forgotten := self._forget():
            kept.append(("HDEL", self._key, *forgotten))
        return tuple(kept)

    def _forget(self) -> list[str]:
        """What is too old, or too much; which that was."""
        forgotten: list[str] = []
        for digest, (at, _) in self._known.items():
            if not self._is_old(at) and len(self._known) - len(forgotten) <= MOST:
                break
            forgotten.append(digest)
        for digest in forgotten:
            del self._known[digest]
        return forgotten

    def _is_old(self, at: float) -> bool:
        return leases.now() - at >= self._spec.remember_seconds

    async def rewrite(self) -> None:
        """Where Redis has lost them."""
        commands = [command for digest in self._known for command in self._record(digest)]
        if commands:
            await self._link.batch(*commands)

    def _record(self, digest: str) -> tuple[Command, Command]:
        at, reply = self._known[digest]
        fields = {**reply.to_fields(), "boot": self._boot, "at": at}
        sealed = seal(self._spec.login_key.reveal(), json.dumps(fields).encode(), self._binding(digest))
        return ("HSET", self._key, digest, sealed), (
            "EXPIRE",
            self._key,
            int(self._spec.remember_seconds) + CLOCK_SECONDS,
        )

    def _digest(self, activity: Mapping[str, Any]) -> str:
        # The content too: pages number their commands, and begin anew when they are loaded again.
        return blind_name(self._spec.login_key.reveal(), "answer", json.dumps(activity, sort_keys=True))

    def _binding(self, digest: str) -> Binding:
        return Binding("answer", login=self._spec.login, id=digest)
