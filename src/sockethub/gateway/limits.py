"""What one user, or one address, may have and do at all gateways together (docs/how-to/let-only-your-users-in.md).

Nothing here makes a client wait for Redis but logging in, which does so anyway: connections and commands are counted
here, and confirmed afterwards. While Redis is away what this gateway counts is what holds.
"""

from __future__ import annotations

import time

import structlog

from sockethub.config.admission import Quota
from sockethub.config.models import Declaration
from sockethub.errors import QueueError, RateLimited
from sockethub.gateway.channel import Close
from sockethub.gateway.limitstore import LimitStore
from sockethub.gateway.places import CONNECTIONS_OF_ADDRESS, CONNECTIONS_OF_USER, LOGINS, Places
from sockethub.gateway.quotas import Meter
from sockethub.gateway.tasks import Tasks
from sockethub.sessions.addresses import subscriber
from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.place import Place
from sockethub.sessions.session import Session
from sockethub.sessions.table import OF_ADDRESS, OF_USER, TooManyConnections

TOO_FAST = "too many new connections from your address; try again later"


class Limits:
    """Those of ``gateway`` that hold across gateways, and the logins of each platform's ``policy``."""

    def __init__(self, declaration: Declaration, store: LimitStore, tasks: Tasks) -> None:
        self._declared = declared = declaration.gateway
        self._platforms = declaration.platforms
        self._store = store
        self._tasks = tasks
        self._places = Places(store)
        self._meters: list[Meter] = []
        self._connects = self.meter("connects", declared.connects)
        self._commands = self.meter("commands", declared.commands)
        self._log = structlog.get_logger(__name__)

    def redeclare(self, declaration: Declaration) -> None:
        """From now on this is declared, but for quotas; platforms that are gone still have logins to end."""
        self._declared = declaration.gateway
        self._platforms = {**self._platforms, **declaration.platforms}

    def meter(self, kind: str, quota: Quota | None) -> Meter | None:
        """A quota that is counted across gateways."""
        if quota is None:
            return None
        made = Meter(kind, quota, self._store, self._tasks)
        self._meters.append(made)
        return made

    def called(self, session: Session) -> str:
        """What a session's user is called in logs."""
        return self._store.blind("user", session.user.id)[:12] if session.user is not None else ""

    def arrive(self, address: str) -> None:
        """Somebody connects; raises :class:`~sockethub.sessions.table.TooManyConnections`."""
        if self._connects is not None and not self._connects.spend(subscriber(address)):
            raise TooManyConnections(TOO_FAST)

    def connected(self, session: Session) -> None:
        """A session has begun: it is closed again where other gateways hold as many as there may be."""
        for place, limit, text in self._connections(session):
            self._tasks.start(self._confirm(session, place, limit, text))

    def back(self, session: Session) -> None:
        """It has one again, which it is not refused."""
        for place, _, _ in self._connections(session):
            self._places.keep(place)
            session.places.append(place)

    def gone(self, session: Session) -> None:
        """A session has no connection, for now or for ever."""
        given, session.places = session.places, []
        for place in given:
            self._tasks.start(self._places.give_back(place))

    def spend(self, session: Session) -> None:
        """One command; raises :class:`~sockethub.errors.RateLimited`."""
        if self._commands is not None and not self._commands.spend(session.subject):
            raise RateLimited("the quota of commands is used up; try again later")

    async def log_in(self, session: Session, platform: str, login: str) -> list[Place]:
        """Places for one login, to be given back with it.

        Raises :class:`~sockethub.errors.RateLimited` and :class:`~sockethub.errors.QueueError`.
        """
        taken: list[Place] = []
        has_all = False
        try:
            for place, limit, whose in self._logins(session, platform, login):
                if not await self._places.take(place, limit):
                    raise RateLimited(f"{whose} {limit} logins of {platform} already; end one of them first")
                taken.append(place)
            has_all = True
        finally:
            for place in () if has_all else taken:
                self._tasks.start(self._places.give_back(place))
        return taken

    async def logged_out(self, binding: LoginBinding) -> None:
        """A session needs a login no more; it counts for as long as it lingers."""
        given, binding.places = binding.places, []
        for place in given:
            await self._places.give_back(place, self._platforms[binding.platform].worker.linger_seconds)

    async def beat(self) -> None:
        """Renew what Redis knows; raises :class:`~sockethub.errors.QueueUnavailable`."""
        now = time.monotonic()
        for meter in self._meters:
            meter.forget(now)
        await self._places.renew()

    async def _confirm(self, session: Session, place: Place, limit: int, text: str) -> None:
        try:
            taken = await self._places.take(place, limit)
        except QueueError:
            self._places.keep(place)
            taken = True
        if not taken:
            self._log.info("client refused: connections at other gateways", session=session.id)
            session.transport.close(Close.TRY_LATER, text)
        elif session.closed:
            await self._places.give_back(place)
        else:
            session.places.append(place)

    def _connections(self, session: Session) -> list[tuple[Place, int, str]]:
        address = Place(CONNECTIONS_OF_ADDRESS, session.network, session.id)
        found = [(address, self._declared.sockets_per_address, OF_ADDRESS)]
        if session.user is not None:
            user = Place(CONNECTIONS_OF_USER, session.user.id, session.id)
            found.append((user, self._declared.sockets_per_user, OF_USER))
        return found

    def _logins(self, session: Session, platform: str, login: str) -> list[tuple[Place, int, str]]:
        policy, kind = self._platforms[platform].policy, f"{LOGINS}-{platform}"
        found: list[tuple[Place, int, str]] = []
        if session.user is not None and policy.logins_per_user is not None:
            found.append((Place(f"{kind}-user", session.user.id, login), policy.logins_per_user, "you have"))
        if policy.logins_per_address is not None:
            place = Place(f"{kind}-address", session.network, login)
            found.append((place, policy.logins_per_address, "your address has"))
        if policy.max_logins is not None:
            found.append((Place(kind, platform, login), policy.max_logins, "this service has"))
        return found
