"""One connected client."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from sockethub.activity.speech import Speech
from sockethub.auth.user import User
from sockethub.crypto import Secret
from sockethub.crypto.keys import new_session_secret
from sockethub.errors import CredentialsMissing, RateLimited
from sockethub.sessions.addresses import subscriber
from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.place import Place

LOGINS: Final = 100
"""Logins one session may have; a page uses one or two."""

DOUBTS: Final = 1_000
"""Commands that were done, or may have been, remembered: more than a client awaits at once."""

Answer = Callable[..., None]
"""Acknowledges one event: called once, with nothing or with one JSON value."""


class Transport(Protocol):
    """How a session reaches its client. Neither method waits."""

    @property
    def name(self) -> str:
        """What it is called where transports are counted: ``websocket``, ``socketio``, ``sse`` or ``http``."""

    def deliver(self, event: str, data: Any) -> None:
        """Send an event; closes the connection of a client that does not keep up."""

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""


class Trace(Protocol):
    """What a command goes through, where that is traced; each step is from the one before until it is called."""

    parent: str
    """What steps elsewhere refer to, as ``traceparent``."""

    def step(self, name: str) -> None:
        """One step is done."""

    def performed(self, began: int, took: float) -> None:
        """A worker was given the command ``began`` nanoseconds after the epoch, and took so many seconds for it."""

    def end(self, outcome: str, **about: str) -> None:
        """It has its answer."""


@dataclass(slots=True)
class Pending:
    """A command that is queued and not answered yet. ``raw`` is what the client submitted, as JSON if it is large."""

    job: str
    session: Session
    binding: LoginBinding
    raw: dict[str, Any] | bytes
    answer: Answer | None
    deadline: float
    """Loop time at which its outcome counts as unknown."""
    since: float
    """Loop time at which it came."""
    verb: str
    size: int
    """Bytes of JSON the client submitted."""
    trace: Trace | None
    patience: float
    """Seconds the deadline moves when the login is seen to make progress."""
    told: Callable[[Any], None] | None = None
    """Wants to know the outcome that the client was told."""
    identifier: str | None = None
    """The client's own, of the activity: what is sent again has the same."""
    followers: list[Pending] = field(default_factory=list)
    """The same, sent again and refused: they have its answer."""


class Session:
    """A client's connection: nothing of it outlives it.

    ``secret`` exists here and nowhere else. ``address`` is the client's address, ``network`` what limits count it as,
    ``user`` who it is, where clients authenticate.
    """

    def __init__(
        self,
        transport: Transport,
        address: str,
        *,
        pending_limit: int,
        pending_bytes: int,
        user: User | None = None,
    ) -> None:
        self.id = os.urandom(16).hex()
        self.user = user
        self.network = subscriber(address)
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
        self.places: list[Place] = []
        """What this client has of what is limited across gateways."""
        self.expired = False
        """Whether what the client has shown of its user holds no more."""
        self.expiry: asyncio.TimerHandle | None = None
        self.connected_at = time.monotonic()
        self._pending_limit = pending_limit
        self._pending_bytes = pending_bytes
        self._waiting_bytes = 0
        self._doubts: dict[int, None] = {}
        """Ids, as their hashes, of what was done, or may have been; the newest last."""

    def __repr__(self) -> str:
        return f"Session({self.id})"

    @property
    def subject(self) -> str:
        """Whom limits count this client as: its user, or where it is nobody in particular, its network."""
        return self.network if self.user is None else f"user:{self.user.id}"

    def require_room(self, login: str) -> None:
        """Raises :class:`~sockethub.errors.RateLimited` when this session has as many logins as it may, without it."""
        if len(self.by_login) >= LOGINS and login not in self.by_login:
            raise RateLimited(f"a session may have {LOGINS} logins")

    def bind(self, binding: LoginBinding) -> LoginBinding | None:
        """Use ``binding`` for its actor from now on; returns the login that nobody here uses any more, if any."""
        self.require_room(binding.login)
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
            binding.rename(actor)

    def admit(self, size: int) -> None:
        """Raises :class:`~sockethub.errors.RateLimited` when too many, or too large, commands await their reply."""
        if len(self.pending) >= self._pending_limit:
            raise RateLimited(f"{self._pending_limit} commands already await their reply; wait for some of them")
        if self.pending and self._waiting_bytes + size > self._pending_bytes:
            raise RateLimited(
                f"commands of {self._waiting_bytes} bytes already await their reply, and at most "
                f"{self._pending_bytes} may; wait for some of them"
            )

    def earlier(self, identifier: str | None, job: str | None = None) -> Pending | None:
        """A command of this id that awaits its reply, and came before that of ``job``."""
        if identifier is not None:
            for pending in self.pending.values():
                if pending.job == job:
                    break
                if pending.identifier == identifier:
                    return pending
        return None

    def doubt(self, identifier: str | None) -> None:
        """What has this id was done, or may have been."""
        if identifier is not None:
            self._doubts.pop(hash(identifier), None)
            self._doubts[hash(identifier)] = None
            if len(self._doubts) > DOUBTS:
                del self._doubts[next(iter(self._doubts))]

    def in_doubt(self, identifier: str | None) -> bool:
        """Whether it was: to be refused when it is sent again does not mean that it was not done."""
        return identifier is not None and hash(identifier) in self._doubts

    def await_reply(self, pending: Pending) -> None:
        """A command of this session is queued."""
        self.pending[pending.job] = pending
        self._waiting_bytes += pending.size

    def settle(self, job: str) -> None:
        """It has its answer. Idempotent."""
        settled = self.pending.pop(job, None)
        if settled is not None:
            self._waiting_bytes -= settled.size
