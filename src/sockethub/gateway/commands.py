"""What each event of a client asks for, once the pipeline let it pass."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Final

import structlog

from sockethub.activity.platforms import Platforms
from sockethub.activity.registry import Registry
from sockethub.auth.user import User
from sockethub.errors import (
    ClientError,
    MalformedMessage,
    MiddlewareFailed,
    QueueError,
    RateLimited,
    Restarting,
    SockethubError,
    Unauthenticated,
)
from sockethub.gateway.admission import EXPIRED, Admission, shown, told
from sockethub.gateway.answers import failed
from sockethub.gateway.command import Command
from sockethub.gateway.limits import Limits
from sockethub.gateway.logins import Logins
from sockethub.gateway.pipeline import Pipeline
from sockethub.gateway.queueing import Queueing
from sockethub.gateway.tasks import Tasks
from sockethub.gateway.tracing import Tracing
from sockethub.jobs.envelope import JobKind
from sockethub.operations.metrics import GatewayMetrics, reason_of
from sockethub.sessions.addresses import subscriber
from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.session import Answer, Session, Transport
from sockethub.sessions.store import SessionStore
from sockethub.sessions.table import SessionTable, TooManyConnections

AUTHENTICATE: Final = "authenticate"
EVENTS: Final = ("schemas", "activity-object", "credentials", "message", AUTHENTICATE)
FAILED: Final = "the gateway failed; the operator's log says more"
MALFORMED: Final = "malformed"
"""Stands for an event where none could be read."""


class Commands:
    """The one entry for all transports."""

    def __init__(
        self,
        sessions: SessionTable,
        store: SessionStore,
        platforms: Platforms,
        pipeline: Pipeline,
        registry: Registry,
        logins: Logins,
        queueing: Queueing,
        tasks: Tasks,
        admission: Admission,
        limits: Limits,
        metrics: GatewayMetrics,
        tracing: Tracing | None = None,
        *,
        pending_limit: int,
        pending_bytes: int,
    ) -> None:
        self.admission = admission
        self.limits = limits
        self._sessions = sessions
        self._store = store
        self._pipeline = pipeline
        self._platforms = platforms
        self._registry = registry
        self._logins = logins
        self._queueing = queueing
        self._tasks = tasks
        self._metrics = metrics
        self._tracing = tracing
        self.pending_limit = pending_limit
        self.pending_bytes = pending_bytes
        self.stopping = False
        """Whether the gateway is about to end; it accepts no command then, and nobody new."""
        self._log = structlog.get_logger(__name__)

    def guest(self, address: str) -> AbstractContextManager[None]:
        """Somebody is connected and has not said yet who it is.

        Raises :class:`~sockethub.sessions.table.TooManyConnections`.
        """
        return self._sessions.guest(subscriber(address))

    def connect(self, transport: Transport, address: str, user: User | None) -> Session:
        """A client has connected; raises :class:`~sockethub.sessions.table.TooManyConnections`."""
        session = Session(
            transport, address, pending_limit=self.pending_limit, pending_bytes=self.pending_bytes, user=user
        )
        try:
            self._sessions.add(session)
        except TooManyConnections:
            self._metrics.refused_connection()
            raise
        self._metrics.connected(transport.name)
        self.limits.connected(session)
        self.admission.identified(session, user)
        self._pipeline.connected(session)
        known = {"user": self.limits.called(session)} if user is not None else {}
        self._log.info("client connected", session=session.id, transport=transport.name, **known)
        return session

    def disconnect(self, session: Session) -> None:
        """A client is gone; all there is of it goes too. Idempotent, returns at once."""
        if session.closed:
            return
        session.closed = True
        self.admission.forget(session)
        self.limits.gone(session)
        self._queueing.forget(session)
        self._sessions.remove(session)
        self._tasks.start(self._release(session))
        self._pipeline.disconnected(session)
        self._log.info("client disconnected", session=session.id)

    def away(self, session: Session) -> Session | None:
        """A client has lost its connection and may come back; the session to end for it, where too many are away."""
        self._tasks.start(self._tell_logins(session, "away"))
        self.limits.gone(session)
        return self._sessions.leave(session)

    def back(self, session: Session) -> None:
        """It has come back."""
        self._tasks.start(self._tell_logins(session, "attach"))
        self._sessions.come_back(session)
        self.limits.back(session)

    async def handle(self, session: Session, event: str, raw: Any, size: int, answer: Answer | None) -> None:
        """Do what one event asks for. Call it for one event of a session after the other.

        Returns once the event is refused, done or queued; ``answer`` is called then, or when the reply comes.
        """
        # What comes behind sees no token, only that there is one.
        command = Command(session, event, shown(raw) if event == AUTHENTICATE else raw, size)
        if self._tracing is not None and event == "message":
            command.trace = self._tracing.begin()
        try:
            if event not in EVENTS:
                raise MalformedMessage(f"unknown event; known are {', '.join(EVENTS)}")
            if session.expired and event != AUTHENTICATE:
                raise Unauthenticated(EXPIRED)
            if self.stopping:
                raise Restarting
            await self._pipeline.process(command)
            if command.trace is not None:
                command.trace.step("validate")
            await self._do(command, answer)
        except (ClientError, QueueError) as error:
            self._metrics.refused(error)
            if command.trace is not None:
                command.trace.end("refused", reason=reason_of(error))
            passing = command.event == "message" and isinstance(error, RateLimited | QueueError)
            watch = self._pipeline.watching(command)
            if not (passing and self._queueing.refuse_again(session, command.raw, str(error), answer, watch)):
                self._refuse(command, str(error), answer, retry=isinstance(error, Restarting))
        except SockethubError as error:
            self._metrics.refused(error)
            self._log.error("a command failed", kind=type(error).__name__, error=str(error))
            self._refuse(command, FAILED, answer)

    async def malformed(self, session: Session, size: int, text: str) -> str:
        """Something came that is no event; it counts as one. Returns what to tell the client."""
        refusal = await self.refusal(session, size)
        if refusal is not None:
            return refusal
        self._metrics.refused(MalformedMessage())
        return text

    async def refusal(self, session: Session, size: int) -> str | None:
        """Count what the pipeline does not know as one event; why it is refused, if it is."""
        try:
            await self._pipeline.process(Command(session, MALFORMED, None, size))
        except ClientError as error:
            self._metrics.refused(error)
            return str(error)
        except MiddlewareFailed:
            return FAILED
        return None

    async def _do(self, command: Command, answer: Answer | None) -> None:
        session = command.session
        match command.event:
            case "schemas":
                registry = self._registry.answer(command.raw)
                if answer is not None:
                    answer(registry)
                else:
                    session.transport.deliver("schemas", registry)
            case "activity-object":
                session.speech.objects.introduce(command.raw, command.size)
                if answer is not None:
                    answer()
            case "credentials":
                assert command.platform is not None
                assert command.activity is not None
                self.limits.spend(session)
                await self._logins.credentials(session, command.platform, command.activity)
                if answer is not None:
                    answer()
            case "message":
                self._submit(command, answer)
                return  # it is answered when the reply comes
            case "authenticate":
                user = self.admission.renew(session, command.raw)
                if answer is not None:
                    answer(told(user))
        self._pipeline.answered(command, "result")

    def _submit(self, command: Command, answer: Answer | None) -> None:
        session, platform, activity = command.session, command.platform, command.activity
        if platform is None or activity is None:
            raise MalformedMessage("the declared pipeline does not normalise messages")
        session.admit(command.size)
        self.limits.spend(session)
        if platform.stateless:
            binding = self._logins.stateless(session, platform)
        else:
            binding = session.binding(platform.id, activity["actor"]["id"])
        told = self._pipeline.watching(command)
        self._queueing.submit(session, binding, activity, command.raw, answer, told, command.trace, size=command.size)

    def _refuse(self, command: Command, text: str, answer: Answer | None, *, retry: bool = False) -> None:
        _tell_refusal(command, text, answer, retry=retry)
        self._pipeline.answered(command, "error")

    async def _tell_logins(self, session: Session, kind: JobKind) -> None:
        """Tell the logins of a session what became of its client."""
        try:
            for binding in self._logins_of(session):
                if binding.used and self._logins.is_running(binding.login):
                    await self._queueing.tell(session, binding, kind)
        except QueueError as error:
            self._log.warning("logins could not be told of a client", session=session.id, kind=kind, error=str(error))

    def _logins_of(self, session: Session) -> list[LoginBinding]:
        return [b for b in session.by_login.values() if not self._platforms.known(b.platform).stateless]

    async def _release(self, session: Session) -> None:
        bindings = self._logins_of(session)
        await self._tell_logins(session, "detach")
        try:
            await self._logins.release(session.id, bindings)
        except QueueError:
            self._log.warning("records of a session remain until they expire", session=session.id)


def _tell_refusal(command: Command, text: str, answer: Answer | None, *, retry: bool) -> None:
    if command.event == "activity-object" and not retry:
        if answer is not None:
            answer(text)
        return
    said = failed(command.raw, text, retry=retry)
    if answer is not None:
        answer(said)
    elif command.event in ("credentials", "message"):
        command.session.transport.deliver("message", said)
