"""What a translation depends on besides the line or activity itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..activity import Activity, Entity
from .isupport import ISupport

__all__ = ["Activity", "Entity", "Env"]

ASSUMED_USER = 11
"""Bytes of a user name not yet known: ``~`` and the ten that USERLEN usually allows."""
ASSUMED_HOST = 64
"""Bytes of a host not yet known: what HOSTLEN and cloaks usually allow."""


@dataclass(frozen=True, slots=True)
class Env:
    """The connection as the translator sees it. Immutable: make another with :func:`dataclasses.replace`.

    ``server`` is the host the user named (ids end in it, whatever the server calls itself); ``nick`` our nickname;
    ``user`` and ``host`` our own as others see them, once known, for exact text budgets; ``caps`` the capabilities
    that are enabled; ``now`` an RFC 3339 time for lines without ``server-time``, or None for no ``published``.
    ``multiline`` is what one batch of lines may hold, (bytes, lines), where ``draft/multiline`` is enabled.
    ``raw`` lets activities of our own side carry arbitrary commands (type ``irc:raw``). ``charset`` says how bytes
    that are not UTF-8 read: as U+FFFD, or as Latin-1.
    """

    server: str
    nick: str
    isupport: ISupport = field(default_factory=ISupport)
    user: str | None = None
    host: str | None = None
    caps: frozenset[str] = frozenset()
    now: str | None = None
    multiline: tuple[int, int] | None = None
    raw: bool = False
    charset: Literal["replace", "latin-1"] = "replace"
    _room: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        user = ASSUMED_USER if self.user is None else len(self.user.encode("utf-8", "replace"))
        host = ASSUMED_HOST if self.host is None else len(self.host.encode("utf-8", "replace"))
        source = len(self.nick.encode("utf-8", "replace")) + user + host + len(":!@ ")
        object.__setattr__(self, "_room", self.isupport.linelen - source - len("  :\r\n"))

    def text_budget(self, command: str, target: str) -> int:
        """Bytes of text that fit after ``command`` and ``target`` when the server relays the line to others."""
        return self._room - len(command) - len(target.encode("utf-8", "replace"))
