"""Servers that want TLS say so (IRCv3 ``sts``): where, and for how long to remember it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sockethub_translators import irc

__all__ = ["Policy", "offered_port", "port_in", "seconds"]

MAX_PORT: Final = 65_535
MAX_SECONDS: Final = 365 * 86_400
"""A year: what is longer is cut, since a mistake of the server's would stay as long."""


@dataclass(frozen=True, slots=True)
class Policy:
    """TLS at this port, until then (seconds since 1970)."""

    port: int
    until: float

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Policy | None:
        found = state.get("sts")
        return None if found is None else cls(found["port"], found["until"])

    def saved(self) -> dict[str, float]:
        return {"port": self.port, "until": self.until}


def _parsed(value: str) -> dict[str, str]:
    return dict(item.partition("=")[::2] for item in value.split(","))


def _number(text: str, most: int) -> int | None:
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 12 else None


def offered_port(value: str | None) -> int | None:
    """The port in the value of the capability; None where it says none."""
    port = None if value is None else _number(_parsed(value).get("port", ""), MAX_PORT + 1)
    return port if port and port <= MAX_PORT else None


def seconds(value: str | None) -> int | None:
    """How long to remember it, which counts over TLS alone."""
    return None if value is None else _number(_parsed(value).get("duration", ""), MAX_SECONDS)


def port_in(lines: list[irc.Line]) -> int | None:
    """The port in the answers to ``CAP LS 302``."""
    for line in lines:
        if line.command == "CAP" and len(line.params) > 2 and line.params[1].upper() == "LS":
            for word in line.params[-1].split(" "):
                name, _, value = word.partition("=")
                if name == "sts":
                    return offered_port(value)
    return None
