"""All sessions of this gateway, by id, by login and by address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.session import Session

_ABSENT: Final = object()


class TooManyConnections(Exception):
    """One address holds as many connections as it may."""


class SessionTable:
    """Who is connected, and who is to hear of which login."""

    def __init__(self, per_address: int) -> None:
        self._per_address = per_address
        self._sessions: dict[str, Session] = {}
        self._by_login: dict[str, dict[str, Session]] = {}
        self._addresses: Counter[str] = Counter()
        self._away: dict[str, None] = {}

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
        if session.id in self._away:
            del self._away[session.id]
        else:
            self._uncount(session)
        for login in session.by_login:
            self.unlisten(session, login)

    def leave(self, session: Session) -> Session | None:
        """A session has lost its connection, and is kept: it counts as a connection no more.

        So many may be away from one address as may be connected from it; the one to end instead, if that is exceeded.
        """
        self._uncount(session)
        self._away[session.id] = None
        away = [each for each in self._away if self._sessions[each].address == session.address]
        return self._sessions[away[0]] if len(away) > self._per_address else None

    def come_back(self, session: Session) -> None:
        """It has a connection again."""
        if self._away.pop(session.id, _ABSENT) is not _ABSENT:
            self._addresses[session.address] += 1

    def _uncount(self, session: Session) -> None:
        self._addresses[session.address] -= 1
        if not self._addresses[session.address]:
            del self._addresses[session.address]

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
