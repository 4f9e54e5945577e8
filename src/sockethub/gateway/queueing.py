"""Commands go onto their login's queue, sealed; each gets exactly one answer.

The answer is the worker's reply, or a refusal before anything was queued, or, when neither comes in time, that the
outcome is unknown. Commands of one client are queued in the order they came; none waits for another's reply.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from typing import Any, Final

import anyio
import dramatiq
import structlog

from sockethub.activity.platforms import Platforms
from sockethub.errors import CryptoError, QueueError, QueueFull, QueueLost
from sockethub.gateway.answers import failed, succeeded, unknown
from sockethub.gateway.logins import Logins
from sockethub.gateway.tasks import Tasks
from sockethub.jobs import ACTOR_NAME, AsyncProducer, Envelope, Job, Reply
from sockethub.jobs.envelope import JobKind
from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.session import Answer, Pending, Session
from sockethub.sessions.store import SessionStore

GRACE_SECONDS: Final = 15.0
"""What a command may take beyond its time limit: a worker that died is replaced, Redis restarted meanwhile."""

SWEEP_SECONDS: Final = 1.0
TOO_LATE: Final = "no reply came in time"
RESTARTING: Final = "the gateway is restarting"


class Queueing:
    """Seals, enqueues, and matches replies to commands."""

    def __init__(
        self,
        gateway: str,
        platforms: Platforms,
        producer: AsyncProducer,
        store: SessionStore,
        logins: Logins,
        tasks: Tasks,
    ) -> None:
        self._gateway = gateway
        self._platforms = platforms
        self._producer = producer
        self._store = store
        self._logins = logins
        self._tasks = tasks
        self._pending: dict[str, Pending] = {}
        self._idle = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    def submit(
        self,
        session: Session,
        binding: LoginBinding,
        activity: Mapping[str, Any],
        raw: dict[str, Any],
        answer: Answer | None,
    ) -> None:
        """Queue one command; returns at once, the answer comes later."""
        platform = self._platforms.get(binding.platform)
        job = _job_id()
        patience = platform.declared.queue.time_limit_seconds + GRACE_SECONDS
        deadline = asyncio.get_running_loop().time() + patience
        pending = Pending(job, session, binding, raw, answer, deadline, patience if not platform.stateless else 0.0)
        self._pending[job] = session.pending[job] = pending
        binding.used = True
        message = self._seal(session, binding, Job("activity", activity), job)
        must_request = not platform.stateless and self._logins.must_request(binding.login)
        self._tasks.start(self._enqueue(pending, message, platform.declared.queue.max_length, must_request))

    def reply(self, session: Session, login: str, job: str, sealed: bytes) -> None:
        """A worker's reply has come."""
        pending = self._pending.get(job)
        if pending is None or pending.session is not session:
            self._log.warning("a reply came after its deadline", session=session.id, login=login, job=job)
            return
        key = pending.binding.key.reveal()
        try:
            reply = Reply.unseal(key, sealed, job_id=job, session=session.id, login=login)
        except CryptoError as error:
            self._log.error("reply does not open", job=job, error=str(error))
            return
        self._progress(session, login)
        self._finish(pending, reply)

    def fail(self, login: str, text: str) -> bool:
        """Answer every command for ``login`` with an error; whether there were any."""
        waiting = [pending for pending in self._pending.values() if pending.binding.login == login]
        for pending in waiting:
            self._finish(pending, Reply("error", error=text, condition="unavailable"))
        return bool(waiting)

    def waiting(self, login: str) -> LoginBinding | None:
        """The binding of some command that awaits a reply of ``login``."""
        return next((p.binding for p in self._pending.values() if p.binding.login == login), None)

    def forget(self, session: Session) -> None:
        """The session is gone: nobody awaits its replies."""
        for job in session.pending:
            self._pending.pop(job, None)
        session.pending.clear()
        if not self._pending:
            self._idle.set()

    async def drain(self, seconds: float) -> None:
        """Wait, at most so long, for the replies under way; those that do not come are answered ``unknown``."""
        with anyio.move_on_after(seconds):
            while self._pending:
                self._idle.clear()
                await self._idle.wait()
        for pending in list(self._pending.values()):
            self._finish(pending, Reply("unknown", error=RESTARTING))

    async def tell(self, session: Session, binding: LoginBinding, kind: JobKind) -> None:
        """Queue an ``attach`` or ``detach``; raises :class:`~sockethub.errors.QueueError`."""
        limit = self._platforms.get(binding.platform).declared.queue.max_length
        message = self._seal(session, binding, Job(kind), _job_id())
        await self._producer.enqueue(message, max_length=limit)

    async def sweep(self) -> None:
        """Answer, for ever, what is overdue: its outcome is unknown."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = loop.time()
            for pending in [pending for pending in self._pending.values() if pending.deadline <= now]:
                self._finish(pending, Reply("unknown", error=TOO_LATE))

    def _seal(self, session: Session, binding: LoginBinding, job: Job, job_id: str) -> dramatiq.Message[Any]:
        envelope = Envelope.seal(
            job,
            job_id=job_id,
            session=session.id,
            gateway=self._gateway,
            login=binding.login,
            queue=binding.queue,
            key=binding.key.reveal(),
            wrapped=binding.wrapped,
        )
        return dramatiq.Message(
            queue_name=binding.queue,
            actor_name=ACTOR_NAME,
            args=(),
            kwargs=envelope.to_kwargs(),
            options={},
            message_id=job_id,
            message_timestamp=int(time.time() * 1000),
        )

    async def _enqueue(
        self, pending: Pending, message: dramatiq.Message[Any], max_length: int, must_request: bool
    ) -> None:
        try:
            await self._producer.enqueue(message, max_length=max_length)
        except QueueFull as error:
            self._finish(pending, _refused(error))  # what fills it may wait for the login to run
        except QueueError as error:
            if must_request:
                self._logins.ended(pending.binding.login)
            self._finish(pending, _refused(error))
            return
        if must_request:
            await self._request(pending)

    async def _request(self, pending: Pending) -> None:
        try:
            await self._store.request(pending.binding)
        except QueueError:
            self._logins.ended(pending.binding.login)  # asked again with the next command; this one has its deadline

    def _progress(self, session: Session, login: str) -> None:
        """A login's commands are done one after the other: those behind the one that was answered get new patience."""
        now = asyncio.get_running_loop().time()
        for other in session.pending.values():
            if other.patience and other.binding.login == login:
                other.deadline = now + other.patience

    def _finish(self, pending: Pending, reply: Reply) -> None:
        if self._pending.pop(pending.job, None) is None:
            return
        if not self._pending:
            self._idle.set()
        session = pending.session
        session.pending.pop(pending.job, None)
        answer, raw = pending.answer, pending.raw
        if reply.outcome == "result":
            result = session.speech.write(dict(reply.activity), pending.binding.server) if reply.activity else None
            if answer is not None:
                answer(succeeded(raw, result))
            elif result is not None:
                session.transport.deliver("message", result)
            return
        text = reply.error or "failed"
        told = failed(raw, text) if reply.outcome == "error" else unknown(raw, text)
        if answer is not None:
            answer(told)
        else:
            session.transport.deliver("message", told)


def _refused(error: QueueError) -> Reply:
    if isinstance(error, QueueLost):
        return Reply("unknown", error=str(error))
    return Reply("error", error=str(error), condition="queue")


def _job_id() -> str:
    return os.urandom(16).hex()
