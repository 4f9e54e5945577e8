"""What binds a session to a login: its ids and the keys between the two."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from sockethub.crypto import KeyRing, Secret, login_queue
from sockethub.crypto.keys import session_key, wrap_session_key
from sockethub.jobs import LoginRecord
from sockethub.sessions.place import Place

ALIASES: Final = 100
"""Names a login may have gone by before the oldest are no longer understood."""


@dataclass(slots=True)
class LoginBinding:
    """One session's use of one login.

    ``actor`` is the actor as the client is told it, in canonical form; the login may be renamed under way, ``aliases``
    are the ids the client may still use. ``server`` is what bare ids belong to. ``key`` seals this session's jobs for
    this login, ``wrapped`` is that key sealed with the login's, as it travels to the worker. ``record`` is the sealed
    credentials as they were given to Redis. ``used`` is true once a command was queued. ``places`` are
    what it takes of quotas, ``wishes`` says which machine is to run the login (:mod:`sockethub.placement`).
    ``own``: nobody else can have the login, for it takes a secret, or is one user's.
    """

    platform: str
    login: str
    queue: str
    actor: dict[str, Any]
    server: str
    key: Secret[bytes]
    wrapped: bytes
    record: LoginRecord | None = None
    aliases: set[str] = field(default_factory=set)
    used: bool = False
    own: bool = False
    places: list[Place] = field(default_factory=list)
    wishes: str = ""

    @classmethod
    def make(
        cls,
        keys: KeyRing,
        *,
        session: str,
        secret: Secret[str],
        platform: str,
        login: str,
        actor: dict[str, Any],
        server: str,
    ) -> LoginBinding:
        key = session_key(secret, session, login)
        wrapped = wrap_session_key(keys.login_key(platform, login), key, session=session, login=login)
        return cls(
            platform,
            login,
            login_queue(platform, login),
            actor,
            server,
            Secret(key),
            wrapped,
            aliases={actor["id"]},
        )

    @property
    def stateless(self) -> bool:
        """Whether it stands for a whole platform, which nobody logs in to."""
        return self.login == self.platform

    def known_as(self, actor: str) -> None:
        """The client may use ``actor`` for it, too."""
        if len(self.aliases) >= ALIASES:
            self.aliases = {self.actor["id"]}
        self.aliases.add(actor)

    def rename(self, actor: str) -> None:
        """The login is called ``actor`` from now on."""
        self.known_as(actor)
        name = {"name": actor.rpartition("@")[0] or actor} if "name" in self.actor else {}
        self.actor = {**self.actor, "id": actor, **name}

    def answers_to(self, actor: str) -> bool:
        """Whether the client means this login by ``actor``, a canonical id or a bare name."""
        return actor in self.aliases or any(alias.rpartition("@")[0] == actor for alias in self.aliases)
