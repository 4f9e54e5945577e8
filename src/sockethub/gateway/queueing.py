"""Commands go onto their login's queue, sealed; each gets exactly one answer.

The answer is the worker's reply, or a refusal before anything was queued, or, when neither comes in time, that the
outcome is unknown. Commands of one client are queued in the order they came; none waits for another's reply.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

import anyio
import dramatiq
import structlog

from sockethub import jsontext, logs
from sockethub.activity.platforms import Platforms
from sockethub.config.platform import Queue
from sockethub.errors import CryptoError, QueueError, QueueFull, QueueLost
from sockethub.gateway.answers import failed, succeeded, unknown
from sockethub.gateway.logins import Logins
from sockethub.gateway.pipeline import Outcome, Outgoing
from sockethub.gateway.tasks import Tasks
from sockethub.jobs import ACTOR_NAME, AsyncProducer, Envelope, Job, Reply
from sockethub.jobs.envelope import JobKind
from sockethub.operations.metrics import OTHER, GatewayMetrics
from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.session import Answer, Pending, Session, Trace
from sockethub.sessions.store import SessionStore

GRACE_SECONDS: Final = 15.0
"""What a command may take beyond its time limit: a worker that died is replaced, Redis restarted meanwhile."""

LARGE_BYTES: Final = 2_048
"""A command of more waits as JSON for its reply: what was parsed may be thirty times as large."""

FOLLOWERS: Final = 8
"""How often what is sent again while it waits, and is refused, may have the answer of the first: more has nobody lost
connections meanwhile."""

SWEEP_SECONDS: Final = 1.0
TOO_LATE: Final = "no reply came in time"
NONSENSE: Final = "the reply makes no sense"
RESTARTING: Final = "the gateway is restarting"
BEFORE: Final = "it was sent before"


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
        metrics: GatewayMetrics,
        outgoing: Outgoing | None = None,
    ) -> None:
        self._gateway = gateway
        self._platforms = platforms
        self._producer = producer
        self._store = store
        self._logins = logins
        self._tasks = tasks
        self._outgoing = outgoing
        self._metrics = metrics
        self._pending: dict[str, Pending] = {}
        self._unsent = 0
        """Commands for which a task has been started that has not begun."""
        self._idle = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    def submit(
        self,
        session: Session,
        binding: LoginBinding,
        activity: Mapping[str, Any],
        raw: dict[str, Any],
        answer: Answer | None,
        told: Callable[[Outcome], None] | None = None,
        trace: Trace | None = None,
        *,
        size: int,
    ) -> None:
        """Queue one command; returns at once, the answer comes later, and ``told`` is told how it ended.

        ``raw`` is what the client submitted, as ``size`` bytes of JSON.
        """
        platform = self._platforms.get(binding.platform)
        job = _job_id()
        patience = platform.declared.queue.time_limit_seconds + GRACE_SECONDS
        now = asyncio.get_running_loop().time()
        pending = Pending(
            job,
            session,
            binding,
            raw if size <= LARGE_BYTES else jsontext.dumps(raw),
            answer,
            deadline=now + patience,
            since=now,
            verb=activity["type"],
            size=size,
            told=told,
            trace=trace,
            patience=patience if not platform.stateless else 0.0,
            identifier=identifier_of(raw),
        )
        self._pending[job] = pending
        session.await_reply(pending)
        binding.used = True
        if logs.debugging():
            self._log.debug(
                "command queued",
                session=session.id,
                platform=binding.platform,
                login=binding.login,
                job=job,
                verb=activity["type"],
            )
        parent = None if trace is None else trace.parent
        message = self._seal(session, binding, Job("activity", activity, parent, own=binding.own), job)
        if trace is not None:
            trace.step("seal")
        must_request = not platform.stateless and self._logins.must_request(binding.login)
        queue, queued = platform.declared.queue, partial(self._queued, pending, must_request)
        # No command overtakes another.
        if self._unsent or not self._producer.begin(
            message, queued, max_length=queue.max_length, max_bytes=queue.max_bytes
        ):
            self._unsent += 1
            self._tasks.start(self._enqueue(message, queued, queue))

    def reply(self, session: Session, login: str, job: str, sealed: bytes) -> None:
        """A worker's reply has come."""
        pending = self._pending.get(job)
        if pending is None or pending.session is not session:
            self._metrics.late()
            self._log.warning("a reply came after its deadline", session=session.id, login=login, job=job)
            return
        key = pending.binding.key.reveal()
        try:
            reply = Reply.unseal(key, sealed, job_id=job, session=session.id, login=login)
        except CryptoError as error:
            self._log.error("reply does not open", job=job, error=str(error))
            return
        if pending.trace is not None and reply.began is not None and reply.took is not None:
            pending.trace.performed(reply.began, reply.took)
        self._progress(session, login)
        self._finish(pending, reply)

    def refuse_again(
        self, session: Session, raw: Any, text: str, answer: Answer | None, told: Callable[[Outcome], None] | None
    ) -> bool:
        """Answer a command that is refused, and was sent before under its id; False where it was not.

        That it was refused says nothing of the first: it is answered as the first is, or it is unknown.
        """
        identifier = identifier_of(raw)
        first = session.earlier(identifier)
        if first is not None and len(first.followers) < FOLLOWERS:
            first.followers.append(replace(first, raw=raw, answer=answer, told=told, trace=None, followers=[]))
            return True
        if first is None and not session.in_doubt(identifier):
            return False
        _give(session, answer, unknown(raw, f"{text}; {BEFORE}"))
        if told is not None:
            told("unknown")
        return True

    def fail(self, login: str, text: str) -> bool:
        """Answer every command for ``login`` with an error; whether there were any."""
        waiting = [pending for pending in self._pending.values() if pending.binding.login == login]
        for pending in waiting:
            self._finish(pending, Reply("error", error=text, condition="unavailable"))
        return bool(waiting)

    def waiting(self, login: str) -> LoginBinding | None:
        """The binding of some command that awaits a reply of ``login``."""
        return next((p.binding for p in self._pending.values() if p.binding.login == login), None)

    def __len__(self) -> int:
        """How many commands await their reply."""
        return len(self._pending)

    def forget(self, session: Session) -> None:
        """The session is gone: nobody awaits its replies."""
        for job in list(session.pending):
            self._pending.pop(job, None)
            session.settle(job)
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

    async def tell(self, session: Session, binding: LoginBinding, kind: JobKind, *, create: bool = False) -> None:
        """Queue what became of a client; raises :class:`~sockethub.errors.QueueError`.

        Without ``create`` not for a login that has ended, and whose queue nobody would read, or ever delete.
        """
        queue = self._platforms.known(binding.platform).declared.queue
        message = self._seal(session, binding, Job(kind, own=binding.own), _job_id())
        await self._producer.enqueue(message, max_length=queue.max_length, max_bytes=queue.max_bytes, create=create)

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
        self, message: dramatiq.Message[Any], told: Callable[[QueueError | None], None], queue: Queue
    ) -> None:
        self._unsent -= 1
        try:
            await self._producer.enqueue(message, max_length=queue.max_length, max_bytes=queue.max_bytes)
        except QueueError as error:
            told(error)
        else:
            told(None)

    def _queued(self, pending: Pending, must_request: bool, error: QueueError | None) -> None:
        """Redis has answered, or will not."""
        if error is not None:
            if must_request and not isinstance(error, QueueFull):  # what fills it may wait for the login to run
                self._logins.ended(pending.binding.login)
                must_request = False
            self._refuse(pending, error)
        elif pending.trace is not None:
            pending.trace.step("enqueue")
        if must_request:
            self._tasks.start(self._request(pending))

    def _refuse(self, pending: Pending, error: QueueError) -> None:
        """It could not be queued."""
        self._metrics.refused(error)
        session = pending.session
        first = session.earlier(pending.identifier, pending.job)
        if first is not None and len(first.followers) < FOLLOWERS and self._withdraw(pending):
            first.followers.append(pending)
        elif isinstance(error, QueueLost) or first is not None or session.in_doubt(pending.identifier):
            self._finish(pending, Reply("unknown", error=str(error)))
        else:
            self._finish(pending, Reply("error", error=str(error), condition="queue"))

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

    def _measure(self, pending: Pending, reply: Reply) -> None:
        platform = pending.binding.platform
        # A pipeline without `Validate` lets pass what is no verb of the platform.
        verb = pending.verb if pending.verb in self._platforms.known(platform).declared.verbs else OTHER
        seconds = asyncio.get_running_loop().time() - pending.since
        self._metrics.answered(platform, verb, reply.outcome, seconds, reply.took)

    def _withdraw(self, pending: Pending) -> bool:
        """It waits no more; whether it did."""
        if self._pending.pop(pending.job, None) is None:
            return False
        if not self._pending:
            self._idle.set()
        pending.session.settle(pending.job)
        return True

    def _finish(self, pending: Pending, reply: Reply) -> None:
        if self._withdraw(pending):
            self._end(pending, reply)

    def _end(self, pending: Pending, reply: Reply) -> None:
        """Tell it, and what was sent again meanwhile."""
        session = pending.session
        if reply.outcome != "error":
            session.doubt(pending.identifier)
        self._measure(pending, reply)
        self._tell(pending, reply)
        if pending.told is not None:
            pending.told(reply.outcome)
        if logs.debugging():
            self._log.debug(
                "command answered",
                session=session.id,
                platform=pending.binding.platform,
                login=pending.binding.login,
                job=pending.job,
                outcome=reply.outcome,
            )
        if pending.trace is not None:
            binding = pending.binding
            pending.trace.step("deliver")
            pending.trace.end(
                reply.outcome, platform=binding.platform, verb=pending.verb, login=binding.login, job=pending.job
            )
        for follower in pending.followers:
            self._end(follower, reply)

    def _tell(self, pending: Pending, reply: Reply) -> None:
        """Give a command's client its answer."""
        session, answer = pending.session, pending.answer
        raw = pending.raw if isinstance(pending.raw, dict) else jsontext.loads(pending.raw)
        if reply.outcome == "result":
            try:
                result = self._written(pending, reply)
            except ValueError as error:
                self._log.error("a reply makes no sense", job=pending.job, error=str(error))
                self._tell(pending, Reply("unknown", error=NONSENSE))
                return
            if answer is not None:
                answer(succeeded(raw, result))
            elif result is not None:
                session.transport.deliver("message", result)
            return
        text = reply.error or "failed"
        _give(session, answer, failed(raw, text) if reply.outcome == "error" else unknown(raw, text))

    def _written(self, pending: Pending, reply: Reply) -> dict[str, Any] | None:
        """The result in the client's dialect, if it is to have one."""
        activity = dict(reply.activity) if reply.activity else None
        if activity is not None and self._outgoing is not None:
            activity = self._outgoing(pending.session, activity)
        return pending.session.speech.write(activity, pending.binding.server) if activity else None


def identifier_of(raw: Any) -> str | None:
    """What the client knows an activity by."""
    identifier = raw.get("id") if isinstance(raw, dict) else None
    return identifier if isinstance(identifier, str) else None


def _give(session: Session, answer: Answer | None, told: dict[str, Any]) -> None:
    if answer is not None:
        answer(told)
    else:
        session.transport.deliver("message", told)


def _job_id() -> str:
    return os.urandom(16).hex()
