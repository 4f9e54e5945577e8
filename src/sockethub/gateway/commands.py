"""What each event of a client asks for, once the pipeline let it pass."""

from __future__ import annotations

from typing import Any, Final

import structlog

from sockethub.activity.platforms import Platforms
from sockethub.activity.registry import Registry
from sockethub.errors import ClientError, MalformedMessage, QueueError, QueueUnavailable, SockethubError
from sockethub.gateway.answers import failed
from sockethub.gateway.command import Command
from sockethub.gateway.logins import Logins
from sockethub.gateway.pipeline import Pipeline
from sockethub.gateway.queueing import Queueing
from sockethub.gateway.tasks import Tasks
from sockethub.jobs.envelope import JobKind
from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.session import Answer, Session, Transport
from sockethub.sessions.store import SessionStore
from sockethub.sessions.table import SessionTable

EVENTS: Final = ("schemas", "activity-object", "credentials", "message")
STOPPING: Final = "the gateway is restarting; send it again when you are connected again"
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
        *,
        pending_limit: int,
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._pipeline = pipeline
        self._platforms = platforms
        self._registry = registry
        self._logins = logins
        self._queueing = queueing
        self._tasks = tasks
        self._pending_limit = pending_limit
        self.stopping = False
        """Whether the gateway is about to end; it accepts no command then, and nobody new."""
        self._log = structlog.get_logger(__name__)

    def connect(self, transport: Transport, address: str) -> Session:
        """A client has connected; raises :class:`~sockethub.sessions.table.TooManyConnections`."""
        session = Session(transport, address, pending_limit=self._pending_limit)
        self._sessions.add(session)
        self._log.info("client connected", session=session.id)
        return session

    def disconnect(self, session: Session) -> None:
        """A client is gone; all there is of it goes too. Idempotent, returns at once."""
        if session.closed:
            return
        session.closed = True
        self._queueing.forget(session)
        self._sessions.remove(session)
        self._tasks.start(self._release(session))
        self._log.info("client disconnected", session=session.id)

    def away(self, session: Session) -> Session | None:
        """A client has lost its connection and may come back; the session to end for it, where too many are away."""
        self._tasks.start(self._tell_logins(session, "away"))
        return self._sessions.leave(session)

    def back(self, session: Session) -> None:
        """It has come back."""
        self._tasks.start(self._tell_logins(session, "attach"))
        self._sessions.come_back(session)

    async def handle(self, session: Session, event: str, raw: Any, size: int, answer: Answer | None) -> None:
        """Do what one event asks for. Call it for one event of a session after the other.

        Returns once the event is refused, done or queued; ``answer`` is called then, or when the reply comes.
        """
        command = Command(session, event, raw, size)
        try:
            if event not in EVENTS:
                raise MalformedMessage(f"unknown event; known are {', '.join(EVENTS)}")
            if self.stopping:
                raise QueueUnavailable(STOPPING)
            await self._pipeline.process(command)
            await self._do(command, answer)
        except (ClientError, QueueError) as error:
            _refuse(command, str(error), answer)
        except SockethubError as error:
            self._log.error("a command failed", kind=type(error).__name__, error=str(error))
            _refuse(command, "the gateway failed; the operator's log says more", answer)

    async def malformed(self, session: Session, size: int, text: str) -> str:
        """Something came that is no event; it counts as one. Returns what to tell the client."""
        refusal = await self.refusal(session, size)
        return text if refusal is None else refusal

    async def refusal(self, session: Session, size: int) -> str | None:
        """Count what the pipeline does not know as one event; why it is refused, if it is."""
        try:
            await self._pipeline.process(Command(session, MALFORMED, None, size))
        except ClientError as error:
            return str(error)
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
                session.speech.objects.introduce(command.raw)
                if answer is not None:
                    answer()
            case "credentials":
                assert command.platform is not None
                assert command.activity is not None
                await self._logins.credentials(session, command.platform, command.activity)
                if answer is not None:
                    answer()
            case "message":
                self._submit(command, answer)

    def _submit(self, command: Command, answer: Answer | None) -> None:
        session, platform, activity = command.session, command.platform, command.activity
        if platform is None or activity is None:
            raise MalformedMessage("the declared pipeline does not normalise messages")
        session.admit()
        if platform.stateless and platform.credentials is None:
            binding = self._logins.stateless(session, platform)
        else:
            binding = session.binding(platform.id, activity["actor"]["id"])
        self._queueing.submit(session, binding, activity, command.raw, answer)

    async def _tell_logins(self, session: Session, kind: JobKind) -> None:
        """Tell the logins of a session what became of its client."""
        try:
            for binding in self._logins_of(session):
                if binding.used and self._logins.is_running(binding.login):
                    await self._queueing.tell(session, binding, kind)
        except QueueError as error:
            self._log.warning("logins could not be told of a client", session=session.id, kind=kind, error=str(error))

    def _logins_of(self, session: Session) -> list[LoginBinding]:
        return [b for b in session.by_login.values() if not self._platforms.get(b.platform).stateless]

    async def _release(self, session: Session) -> None:
        bindings = self._logins_of(session)
        await self._tell_logins(session, "detach")
        try:
            await self._store.release(session.id, bindings)
        except QueueError:
            self._log.warning("records of a session remain until they expire", session=session.id)


def _refuse(command: Command, text: str, answer: Answer | None) -> None:
    if command.event == "activity-object":
        if answer is not None:
            answer(text)
        return
    told = failed(command.raw, text)
    if answer is not None:
        answer(told)
    elif command.event != "schemas":
        command.session.transport.deliver("message", told)
