"""What the operator may set for XMPP: the ``options`` of the declaration, which ``schemas/xmpp/options.json`` checks.

The defaults stand here and in the schema; a test keeps them equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

__all__ = ["Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """Times in seconds. See the schema for what each is for and its bounds."""

    connect_seconds: float = 30.0
    tls_handshake_seconds: float = 5.0
    tls_verify: bool = True
    tls_ca_file: str | None = None
    require_tls: bool = True
    initial_presence: bool = True
    reply_seconds: float = 15.0
    keepalive_seconds: float = 60.0
    keepalive_timeout_seconds: float = 20.0
    reconnect_delay_seconds: float = 1.0
    reconnect_delay_max_seconds: float = 30.0
    reconnect_seconds: float = 300.0
    software: str = "Sockethub"
    raw_events: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Options:
        """From the declaration; the schema has been there before."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in options.items() if key in known})
