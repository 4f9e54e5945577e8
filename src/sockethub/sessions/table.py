"""All sessions of this gateway, by id, by login and by address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.session import Session

_ABSENT: Final = object()


OF_ADDRESS: Final = "too many connections from your address"
OF_USER: Final = "too many connections of yours"


class TooManyConnections(Exception):
    """One address, or one user, holds as many connections as it may; the text is for the client."""


class SessionTable:
    """Who is connected, and who is to hear of which login."""

    def __init__(self, per_address: int, per_user: int) -> None:
        self.per_address = per_address
        self.per_user = per_user
        self._sessions: dict[str, Session] = {}
        self._by_login: dict[str, dict[str, Session]] = {}
        self._networks: Counter[str] = Counter()
        self._users: Counter[str] = Counter()
        self._away: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._sessions.values()))

    @property
    def away(self) -> int:
        """How many have lost their connection and may come back."""
        return len(self._away)

    def is_away(self, session: Session) -> bool:
        """Whether it has lost its connection."""
        return session.id in self._away

    def connected(self) -> Counter[str]:
        """How many have a connection, by the name of its transport."""
        return Counter(each.transport.name for each in self._sessions.values() if each.id not in self._away)

    def get(self, session: str) -> Session | None:
        return self._sessions.get(session)

    def add(self, session: Session) -> None:
        """Raises :class:`TooManyConnections`; the session is not added then."""
        self._refuse_more(session.network)
        if session.user is not None and self._users[session.user.id] >= self.per_user:
            raise TooManyConnections(OF_USER)
        self._count(session)
        self._sessions[session.id] = session

    @contextmanager
    def guest(self, network: str) -> Iterator[None]:
        """For the block there is a connection that is nobody's yet. Raises :class:`TooManyConnections`."""
        self._refuse_more(network)
        self._networks[network] += 1
        try:
            yield
        finally:
            _less(self._networks, network)

    def _refuse_more(self, network: str) -> None:
        if self._networks[network] >= self.per_address:
            raise TooManyConnections(OF_ADDRESS)

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
        away = [each for each in self._away if self._sessions[each].network == session.network]
        return self._sessions[away[0]] if len(away) > self.per_address else None

    def come_back(self, session: Session) -> None:
        """It has a connection again."""
        if self._away.pop(session.id, _ABSENT) is not _ABSENT:
            self._count(session)

    def _count(self, session: Session) -> None:
        self._networks[session.network] += 1
        if session.user is not None:
            self._users[session.user.id] += 1

    def _uncount(self, session: Session) -> None:
        _less(self._networks, session.network)
        if session.user is not None:
            _less(self._users, session.user.id)

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


def _less(counter: Counter[str], name: str) -> None:
    counter[name] -= 1
    if not counter[name]:
        del counter[name]
