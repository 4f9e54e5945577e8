"""One connected client."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sockethub.activity.speech import Speech
from sockethub.crypto import Secret
from sockethub.crypto.keys import new_session_secret
from sockethub.errors import CredentialsMissing, RateLimited
from sockethub.sessions.bindings import LoginBinding

LOGINS: Final = 100
"""Logins one session may have; a page uses one or two."""

ALIASES: Final = 100
"""Names a login may have gone by before the oldest are no longer understood."""

Answer = Callable[..., None]
"""Acknowledges one event: called once, with nothing or with one JSON value."""


class Transport(Protocol):
    """How a session reaches its client. Neither method waits."""

    def deliver(self, event: str, data: Any) -> None:
        """Send an event; closes the connection of a client that does not keep up."""

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""


@dataclass(slots=True)
class Pending:
    """A command that is queued and not answered yet. ``raw`` is what the client submitted."""

    job: str
    session: Session
    binding: LoginBinding
    raw: dict[str, Any]
    answer: Answer | None
    deadline: float
    """Loop time at which its outcome counts as unknown."""
    patience: float
    """Seconds the deadline moves when the login is seen to make progress."""


class Session:
    """A client's connection: nothing of it outlives it.

    ``secret`` exists here and nowhere else. ``address`` is the client's address.
    """

    def __init__(self, transport: Transport, address: str, *, pending_limit: int) -> None:
        self.id = os.urandom(16).hex()
        self.secret: Secret[str] = new_session_secret()
        self.address = address
        self.transport = transport
        self.speech = Speech()
        self.pending: dict[str, Pending] = {}
        self.bindings: dict[tuple[str, str], LoginBinding] = {}
        self.by_login: dict[str, LoginBinding] = {}
        self.closed = False
        self.notes: dict[str, Any] = {}
        """What middleware remembers about this client, by the middleware's own name."""
        self.connected_at = time.monotonic()
        self._pending_limit = pending_limit

    def __repr__(self) -> str:
        return f"Session({self.id})"

    def bind(self, binding: LoginBinding) -> LoginBinding | None:
        """Use ``binding`` for its actor from now on; returns the login that nobody here uses any more, if any."""
        if len(self.by_login) >= LOGINS and binding.login not in self.by_login:
            raise RateLimited(f"a session may have {LOGINS} logins")
        key = (binding.platform, binding.actor["id"])
        before = self.bindings.get(key)
        self.bindings[key] = binding
        self.by_login[binding.login] = binding
        if before is None or before.login == binding.login:
            return None
        if any(other.login == before.login for other in self.bindings.values()):
            return None
        del self.by_login[before.login]
        return before

    def binding(self, platform: str, actor: str) -> LoginBinding:
        """The login of ``actor`` (a canonical id); raises :class:`~sockethub.errors.CredentialsMissing`."""
        found = self.bindings.get((platform, actor))
        if found is None:
            found = next((b for b in self.by_login.values() if b.platform == platform and actor in b.aliases), None)
        if found is None:
            raise CredentialsMissing(f"credentials not found for {platform}:{actor}")
        return found

    def server(self, platform: str, actor: str) -> str:
        """What bare ids belong to when ``actor`` says them: the server its credentials named; ``""`` if unknown."""
        known = [binding for binding in self.by_login.values() if binding.platform == platform]
        for binding in known:
            if binding.answers_to(actor):
                return binding.server
        return known[-1].server if known else ""

    def rename(self, login: str, actor: str) -> None:
        """A login of this session has a new actor id."""
        binding = self.by_login.get(login)
        if binding is not None:
            if len(binding.aliases) >= ALIASES:
                binding.aliases = {binding.actor["id"]}
            binding.rename(actor)

    def admit(self) -> None:
        """Raises :class:`~sockethub.errors.RateLimited` when too many commands await their reply."""
        if len(self.pending) >= self._pending_limit:
            raise RateLimited(f"{self._pending_limit} commands already await their reply; wait for some of them")
