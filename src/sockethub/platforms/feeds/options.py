"""What the operator may set (``schemas/feeds/options.json``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sockethub.web import Limits


@dataclass(frozen=True, slots=True)
class Options:
    """The declaration's ``options``."""

    max_bytes: int = 4 * 1024 * 1024
    max_items: int = 100
    connect_seconds: float = 10.0
    total_seconds: float = 20.0
    redirects: int = 5
    user_agent: str | None = None
    tls_ca_file: str | None = None

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Options:
        """From the declaration; its names are known to be right."""
        return cls(**options)

    @property
    def limits(self) -> Limits:
        return Limits(self.max_bytes, self.connect_seconds, self.total_seconds, self.redirects)
