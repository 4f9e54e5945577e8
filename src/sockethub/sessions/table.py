"""All sessions of this gateway, by id, by login and by address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.session import Session


class TooManyConnections(Exception):
    """One address holds as many connections as it may."""


class SessionTable:
    """Who is connected, and who is to hear of which login."""

    def __init__(self, per_address: int) -> None:
        self._per_address = per_address
        self._sessions: dict[str, Session] = {}
        self._by_login: dict[str, dict[str, Session]] = {}
        self._addresses: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._sessions.values()))

    def get(self, session: str) -> Session | None:
        return self._sessions.get(session)

    def add(self, session: Session) -> None:
        """Raises :class:`TooManyConnections`; the session is not added then."""
        if self._addresses[session.address] >= self._per_address:
            raise TooManyConnections
        self._addresses[session.address] += 1
        self._sessions[session.id] = session

    def remove(self, session: Session) -> None:
        """Forget a session. Idempotent."""
        if self._sessions.pop(session.id, None) is None:
            return
        self._addresses[session.address] -= 1
        if not self._addresses[session.address]:
            del self._addresses[session.address]
        for login in session.by_login:
            self.unlisten(session, login)

    def listen(self, session: Session, binding: LoginBinding) -> None:
        """``session`` is to hear of the login."""
        self._by_login.setdefault(binding.login, {})[session.id] = session

    def unlisten(self, session: Session, login: str) -> None:
        listeners = self._by_login.get(login)
        if listeners is not None:
            listeners.pop(session.id, None)
            if not listeners:
                del self._by_login[login]

    def listeners(self, login: str) -> Sequence[Session]:
        """The sessions that are to hear of ``login``."""
        return list(self._by_login.get(login, {}).values())
