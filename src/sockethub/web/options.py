"""What the operator may set of any platform that fetches (``options`` of its declaration)."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sockethub.guard import Reach
from sockethub.web.client import WebClient
from sockethub.web.limits import REDIRECTS, Limits


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """A platform inherits it, and has its own defaults and more."""

    max_bytes: int = 4 * 1024 * 1024
    connect_seconds: float = 10.0
    total_seconds: float = 20.0
    redirects: int = REDIRECTS
    user_agent: str | None = None
    tls_ca_file: str | None = None

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Self:
        """From the declaration; its names are known to be right."""
        return cls(**options)

    def client(self, reach: Reach, *, cut: bool = False) -> WebClient:
        """A client within these limits; ``cut`` as :class:`Limits` has it."""
        limits = Limits(self.max_bytes, self.connect_seconds, self.total_seconds, self.redirects, cut=cut)
        tls = ssl.create_default_context(cafile=self.tls_ca_file) if self.tls_ca_file else None
        return WebClient(reach, limits, tls=tls, user_agent=self.user_agent)
