"""What the operator may set for IRC: the ``options`` of the declaration, which ``schemas/irc/options.json`` checks.

The defaults stand here and in the schema; a test keeps them equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

__all__ = ["Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """Times in seconds. See the schema for what each is for and its bounds."""

    connect_seconds: float = 30.0
    tls_handshake_seconds: float = 5.0
    tls_verify: bool = True
    tls_ca_file: str | None = None
    password_without_sasl: Literal["pass", "nickserv", "refuse"] = "pass"
    nickserv: str = "NickServ"
    nick_collision: Literal["refuse", "underscore"] = "refuse"
    sts: bool = True
    reply_seconds: float = 12.0
    flood_burst: int = 10
    flood_rate: float = 2.0
    flood_wait_seconds: float = 15.0
    keepalive_seconds: float = 90.0
    keepalive_timeout_seconds: float = 30.0
    reconnect_delay_seconds: float = 1.0
    reconnect_delay_max_seconds: float = 30.0
    reconnect_seconds: float = 300.0
    username: str = "sockethub"
    realname: str = "Sockethub user"
    charset: Literal["replace", "latin-1"] = "replace"
    ctcp_version: str = "Sockethub"
    raw_events: bool = False
    slash_commands: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Options:
        """From the declaration; the schema has been there before."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in options.items() if key in known})
