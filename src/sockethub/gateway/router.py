"""What logins say goes to every session that is to hear of it, in the session's own dialect."""

from __future__ import annotations

from typing import Any, Final

import structlog

from sockethub.errors import QueueError
from sockethub.gateway.logins import Logins
from sockethub.gateway.pipeline import Outgoing
from sockethub.gateway.queueing import Queueing
from sockethub.gateway.tasks import Tasks
from sockethub.ipc import Event
from sockethub.operations.metrics import OTHER, GatewayMetrics
from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.session import Session
from sockethub.sessions.store import SessionStore
from sockethub.sessions.table import SessionTable

STATES: Final = frozenset({"running", "lost", "stopped", "failed"})
LOST: Final = "the connection's process ended unexpectedly; it is being replaced"
FAILED: Final = "this login cannot be run now"


class Router:
    """Events and notices to sessions."""

    def __init__(
        self,
        sessions: SessionTable,
        queueing: Queueing,
        logins: Logins,
        store: SessionStore,
        tasks: Tasks,
        metrics: GatewayMetrics,
        outgoing: Outgoing | None = None,
    ) -> None:
        self._sessions = sessions
        self._queueing = queueing
        self._logins = logins
        self._store = store
        self._tasks = tasks
        self._outgoing = outgoing
        self._metrics = metrics
        self._log = structlog.get_logger(__name__)

    def event(self, platform: str, login: str, plaintext: bytes) -> None:
        """A worker's event (:class:`~sockethub.ipc.Event`).

        Raises :class:`~sockethub.errors.CryptoError` for what is none, and ValueError for an activity that is none.
        """
        event = Event.decode(plaintext)
        only, without, name = event.only, event.without or (), event.identify
        activity = None if event.activity is None else dict(event.activity)
        written: dict[Any, Any] = {}
        sessions = 0
        for session in self._sessions.listeners(login):
            binding = session.by_login.get(login)
            if binding is None or session.id in without or (only is not None and session.id not in only):
                continue
            if name is not None:
                session.rename(login, name)
            if activity is None:
                continue
            told = activity if self._outgoing is None else self._outgoing(session, activity)
            if told is None:
                continue
            sessions += 1
            if told is not activity:  # this client's own
                session.transport.deliver("message", session.speech.write(told, binding.server))
                continue
            how = (session.speech.dialect(binding.platform), binding.server)
            if how not in written:
                written[how] = session.speech.write(activity, binding.server)
            session.transport.deliver("message", written[how])
        if activity is not None:
            self._metrics.told(platform, sessions)

    def reply(self, session: str, login: str, job: str, sealed: bytes) -> None:
        """A worker's reply to one command."""
        found = self._sessions.get(session)
        if found is not None:
            self._queueing.reply(found, login, job, sealed)

    def notice(self, login: str, state: str, text: str) -> None:
        """What a supervisor says of a login: running, lost, stopped, failed."""
        self._metrics.noticed(state if state in STATES else OTHER)
        match state:
            case "running":
                self._logins.running(login)
            case "lost":
                self._tell(login, text or LOST)
            case "stopped":
                self._logins.ended(login)
                waiting = self._queueing.waiting(login)
                if waiting is not None and self._logins.must_request(login):
                    # It came while the worker was leaving: another one does it.
                    self._tasks.start(self._request(waiting))
            case "failed":
                self._failed(login, text or FAILED)
            case _:
                self._log.warning("unknown notice", login=login, state=state)

    def tell(self, session: Session, binding: LoginBinding, text: str) -> None:
        """Tell one session an error of one of its logins."""
        session.transport.deliver("message", self._error(session, binding, text))

    def _failed(self, login: str, text: str) -> None:
        self._logins.ended(login)
        waiting = self._queueing.waiting(login)
        if waiting is not None:
            self._tasks.start(self._take_back(waiting, text))
        else:
            self._tell(login, text)

    async def _take_back(self, binding: LoginBinding, text: str) -> None:
        """Nobody runs the login: what waits for it must not be done later, after its error was told."""
        try:
            await self._store.drop_queue(binding.queue)
        except QueueError:
            return  # their outcome is unknown until Redis is back; their deadline says so
        self._queueing.fail(binding.login, text)

    async def _request(self, binding: LoginBinding) -> None:
        try:
            await self._store.request(binding)
        except QueueError:
            self._logins.ended(binding.login)

    def _tell(self, login: str, text: str) -> None:
        for session in self._sessions.listeners(login):
            binding = session.by_login.get(login)
            if binding is not None:
                self.tell(session, binding, text)

    @staticmethod
    def _error(session: Session, binding: LoginBinding, text: str) -> dict[str, Any]:
        activity = {"context": binding.platform, "type": "error", "actor": binding.actor, "error": text}
        return session.speech.write(activity, binding.server)
