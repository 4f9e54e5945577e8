"""After Redis has begun anew: what is this gateway's there is written again, and its logins are asked for again.

The commands that were in its queues are not: nobody knows which of them a worker had taken. Each is answered by its
deadline.
"""

from __future__ import annotations

import time

import redis
import redis.asyncio
import structlog

from sockethub.errors import QueueUnavailable
from sockethub.gateway.logins import Logins
from sockethub.jobs import RedisRun
from sockethub.sessions.store import SessionStore
from sockethub.sessions.table import SessionTable


class Restoring:
    """Looks at each beat of the gateway."""

    def __init__(
        self,
        client: redis.asyncio.Redis,
        store: SessionStore,
        sessions: SessionTable,
        logins: Logins,
        lease_seconds: float,
    ) -> None:
        self._run = RedisRun(client)
        self._store = store
        self._sessions = sessions
        self._logins = logins
        self._lease_seconds = lease_seconds
        self._ask_at: float | None = None
        self._log = structlog.get_logger(__name__)

    async def beat(self) -> None:
        """Raises :class:`~sockethub.errors.QueueUnavailable`; what was not done is done at a later beat."""
        try:
            await self._run.follow(self._restore)
        except redis.RedisError as error:
            raise QueueUnavailable(f"the queue cannot be reached ({type(error).__name__})") from None
        if self._ask_at is not None and time.monotonic() >= self._ask_at:
            await self._logins.ask_again()
            self._ask_at = None

    async def _restore(self) -> None:
        await self._store.restore(self._sessions)
        self._log.warning("Redis has begun anew; the records of all sessions were written again")
        # Not yet: a login that runs must have its lease again, or whoever hears of this would run it once more.
        self._ask_at = time.monotonic() + self._lease_seconds
