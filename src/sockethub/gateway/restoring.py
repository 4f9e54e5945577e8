"""What is written again in Redis, and which logins are told, where this gateway's records there may be gone.

After Redis has begun anew: what is this gateway's there is written again, and its logins are asked for again. The
commands that were in its queues are not: nobody knows which of them a worker had taken. Each is answered by its
deadline.

A gateway that stood still (its process was stopped, its machine slept, its loop was held up) for longer than it counts
as alive has been detached from its logins, as a dead one is; these may have ended since. It attaches its sessions
again, and tells their clients what it cannot know: whether they have missed something.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import redis
import redis.asyncio
import structlog

from sockethub.errors import QueueFull, QueueUnavailable
from sockethub.gateway.logins import Logins
from sockethub.gateway.queueing import Queueing
from sockethub.gateway.router import Router
from sockethub.jobs import RedisRun
from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.session import Session
from sockethub.sessions.store import SessionStore
from sockethub.sessions.table import SessionTable

STOOD_STILL: Final = (
    "this gateway stood still for a while: what was said meanwhile may be missing, and this login may have ended; "
    "send `connect` again, and join again"
)


class Restoring:
    """Looks at each beat of the gateway."""

    def __init__(
        self,
        client: redis.asyncio.Redis,
        store: SessionStore,
        sessions: SessionTable,
        logins: Logins,
        queueing: Queueing,
        router: Router,
        end: Callable[[str], None],
        lease_seconds: float,
    ) -> None:
        """``end`` ends a session that may be resumed, by its id."""
        self._run = RedisRun(client)
        self._store = store
        self._sessions = sessions
        self._logins = logins
        self._queueing = queueing
        self._router = router
        self._end = end
        self._lease_seconds = lease_seconds
        self._stood_still = False
        self._detached: deque[tuple[Session, LoginBinding]] = deque()
        """Those that are to be attached again."""
        self._ask_at: float | None = None
        self._log = structlog.get_logger(__name__)

    async def beat(self, *, counted_as_alive: bool = True) -> None:
        """Raises :class:`~sockethub.errors.QueueError`; what was not done is done at a later beat."""
        self._stood_still = self._stood_still or not counted_as_alive
        try:
            await self._run.follow(self._begun_anew)
        except redis.RedisError as error:
            raise QueueUnavailable(f"the queue cannot be reached ({type(error).__name__})") from None
        if self._stood_still:
            await self._alive_again()
        await self._attach()
        if self._ask_at is not None and time.monotonic() >= self._ask_at:
            await self._logins.ask_again()
            self._ask_at = None

    async def _begun_anew(self) -> None:
        self._detached += await self._store.restore(self._sessions)
        self._stood_still = False  # it is not this gateway that was gone
        self._log.warning("Redis has begun anew; the records of all sessions were written again")
        # Not yet: a login that runs must have its lease again, or whoever hears of this would run it once more.
        self._ask_at = time.monotonic() + self._lease_seconds

    async def _alive_again(self) -> None:
        detached = await self._store.restore(self._sessions)
        self._stood_still = False
        if not detached:
            return
        self._log.warning("this gateway stood still and was taken for dead", detached=len(detached))
        self._detached += detached
        self._ask_at = time.monotonic()
        for session, binding in detached:
            if not binding.used:
                continue
            if self._sessions.is_away(session):
                self._end(session.id)  # it is to be told all or nothing
            else:
                self._router.tell(session, binding, STOOD_STILL)

    async def _attach(self) -> None:
        while self._detached:
            session, binding = self._detached[0]
            if binding.used and not session.closed and session.by_login.get(binding.login) is binding:
                with suppress(QueueFull):  # what fills it says the same
                    await self._queueing.tell(session, binding, "attach", create=True)
            self._detached.popleft()
