"""What the operator may set of any platform that fetches (``options`` of its declaration)."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sockethub.commons import ALONE, Commons, Room
from sockethub.guard import Reach
from sockethub.web.client import WebClient
from sockethub.web.limits import HOST_AT_ONCE, HOST_WAITING, REDIRECTS, ROOM, Limits


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """A platform inherits it, and has its own defaults and more."""

    max_bytes: int = 4 * 1024 * 1024
    connect_seconds: float = 10.0
    total_seconds: float = 20.0
    redirects: int = REDIRECTS
    user_agent: str | None = None
    tls_ca_file: str | None = None
    host_at_once: int = HOST_AT_ONCE
    host_waiting: int = HOST_WAITING
    cache_bytes: int = ROOM.size
    cache_entries: int = ROOM.entries
    cache_seconds: float = ROOM.seconds

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Self:
        """From the declaration; its names are known to be right."""
        return cls(**options)

    def client(self, reach: Reach, commons: Commons = ALONE, *, cut: bool = False) -> WebClient:
        """A client within these limits; ``cut`` as :class:`Limits` has it."""
        limits = Limits(
            self.max_bytes,
            self.connect_seconds,
            self.total_seconds,
            self.redirects,
            cut=cut,
            host_at_once=self.host_at_once,
            host_waiting=self.host_waiting,
            room=Room(self.cache_bytes, self.cache_entries, self.cache_seconds),
        )
        tls = ssl.create_default_context(cafile=self.tls_ca_file) if self.tls_ca_file else None
        return WebClient(reach, limits, tls=tls, user_agent=self.user_agent, commons=commons)
