"""Credentials become logins; and which logins are being run by a supervisor, as far as this gateway knows."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from sockethub.activity.platforms import PlatformInfo
from sockethub.crypto import KeyRing
from sockethub.errors import ClientError
from sockethub.gateway.limits import Limits
from sockethub.jobs import LoginRecord
from sockethub.placement import wishes_for
from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.session import Session
from sockethub.sessions.store import SessionStore
from sockethub.sessions.table import SessionTable

SLOTS: Final = 20
"""Anonymous logins with the same credentials of one user, or from one address, at once."""

REQUEST_SECONDS: Final = 5.0
"""How long a request to the supervisors is waited for before it is made again."""

State = Literal["requested", "running"]


class Logins:
    """Binds sessions to logins."""

    def __init__(self, keys: KeyRing, store: SessionStore, sessions: SessionTable, limits: Limits) -> None:
        self._keys = keys
        self._limits = limits
        self._store = store
        self._sessions = sessions
        self._states: dict[str, tuple[State, float]] = {}

    async def credentials(self, session: Session, platform: PlatformInfo, activity: Mapping[str, Any]) -> None:
        """Take a session's credentials. Given again they change nothing; others replace them.

        Raises :class:`~sockethub.errors.ClientError` and :class:`~sockethub.errors.QueueError`.
        """
        login = await self._login_of(session, platform, activity["object"])
        known = session.by_login.get(login)
        binding = known or self._binding(session, platform.id, login, activity)
        try:
            if known is None:
                session.require_room(login)
                binding.wishes = wishes_for(platform.declared.placement, activity["object"]).encode()
                binding.own = session.user is not None or _has_secret(platform, activity["object"])
                if not platform.stateless:
                    binding.places = await self._limits.log_in(session, platform.id, login)
            await self._keep(session, platform, binding, activity)
        finally:
            kept = session.by_login.get(login)
            if kept is None or session.closed:  # refused, failed, cancelled, or the session went: leave nothing behind
                await self.release(session.id, [binding])
            elif kept is not binding:  # given twice at once; the other one came first
                await self._limits.logged_out(binding)

    async def _keep(
        self, session: Session, platform: PlatformInfo, binding: LoginBinding, activity: Mapping[str, Any]
    ) -> None:
        """Keep the credentials for ``binding``, which the session uses from now on, if it is still there."""
        login = binding.login
        binding.known_as(activity["actor"]["id"])
        login_key = self._keys.login_key(platform.id, login)
        record = LoginRecord.seal(
            activity, key=binding.key.reveal(), login_key=login_key, session=session.id, login=login
        )
        binding.record = record
        await self._store.record(session.id, login, record)
        if session.closed or session.by_login.get(login, binding) is not binding:
            return
        replaced = session.bind(binding)
        self._sessions.listen(session, binding)
        if replaced is not None:
            self._sessions.unlisten(session, replaced.login)
            await self.release(session.id, [replaced])

    async def release(self, session: str, bindings: Iterable[LoginBinding]) -> None:
        """A session uses these logins no more. Raises :class:`~sockethub.errors.QueueUnavailable`."""
        for binding in bindings:
            await self._limits.logged_out(binding)
        await self._store.release(session, bindings)

    def stateless(self, session: Session, platform: PlatformInfo) -> LoginBinding:
        """The session's binding to a platform that needs no credentials."""
        binding = session.by_login.get(platform.id)
        if binding is None:
            actor = {"id": platform.id, "type": "platform"}
            binding = self._make(session, platform.id, platform.id, actor, "")
            session.by_login[platform.id] = binding
        return binding

    def must_request(self, login: str) -> bool:
        """Whether the supervisors have to be asked to run ``login``; if so, they count as asked from now on."""
        state, since = self._states.get(login, ("requested", 0.0))
        now = time.monotonic()
        if state == "running" or now - since < REQUEST_SECONDS:
            return False
        self._states[login] = ("requested", now)
        return True

    def running(self, login: str) -> None:
        self._states[login] = ("running", 0.0)

    def ended(self, login: str) -> None:
        self._states.pop(login, None)

    def is_running(self, login: str) -> bool:
        return login in self._states

    async def ask_again(self) -> None:
        """Ask the supervisors for every login that ought to run; one that does is not disturbed.

        Raises :class:`~sockethub.errors.QueueUnavailable`.
        """
        bindings = {binding.login: binding for session in self._sessions for binding in session.by_login.values()}
        for login in list(self._states):
            if login in bindings:
                await self._store.request(bindings[login])

    def forget_unheard(self) -> None:
        """Forget the states of logins nobody here hears of: their notices no longer come either."""
        for login in [login for login in self._states if not self._sessions.listeners(login)]:
            del self._states[login]

    async def _login_of(self, session: Session, platform: PlatformInfo, given: Mapping[str, Any]) -> str:
        if platform.stateless:
            return platform.id
        if _has_secret(platform, given):
            login = self._keys.login_id(platform.id, given)
            await self._store.attach(session.id, login)
            return login
        # Nobody's own: the same user, or else the same address, gets the same login back, but not one that another
        # client holds now.
        owner = session.address if session.user is None else f"user:{session.user.id}"
        for slot in range(SLOTS):
            login = self._keys.login_id(platform.id, given, f"{owner}/{slot}")
            if login in session.by_login or await self._store.claim(session.id, login, self._is_here):
                return login
        whose = "at this address" if session.user is None else "of yours"
        raise ClientError(f"{SLOTS} clients {whose} already use these credentials, which have no password")

    def _is_here(self, session: str) -> bool:
        return self._sessions.get(session) is not None

    def _binding(self, session: Session, platform: str, login: str, activity: Mapping[str, Any]) -> LoginBinding:
        server = activity["object"].get("server")
        return self._make(session, platform, login, dict(activity["actor"]), server if isinstance(server, str) else "")

    def _make(self, session: Session, platform: str, login: str, actor: dict[str, Any], server: str) -> LoginBinding:
        return LoginBinding.make(
            self._keys,
            session=session.id,
            secret=session.secret,
            platform=platform,
            login=login,
            actor=actor,
            server=server,
        )


def _has_secret(platform: PlatformInfo, credentials: Mapping[str, Any]) -> bool:
    return any(credentials.get(member) for member in platform.secrets)
