"""One of so many connections or logins that somebody may have at all gateways together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """``holder`` (a session, a login) has one of those that ``subject`` (a user, a network) may have of ``kind``."""

    kind: str
    subject: str
    holder: str
