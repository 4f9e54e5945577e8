"""How much, how long, how often: the limits of one fetch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sockethub.commons import Room

HEADER_BYTES: Final = 64 * 1024
"""Status line and headers. Servers allow 8 to 16 KiB in requests; answers with many cookies are larger."""

REDIRECTS: Final = 5
"""Fetch (WHATWG) allows 20; an honest chain (http, https, www, moved) has up to four."""

CHUNK_BYTES: Final = 64 * 1024
"""Read, and inflated, at a time."""


HOST_AT_ONCE: Final = 4
"""Requests to one host under way, from all processes of a platform; browsers open six connections."""

HOST_WAITING: Final = 8
"""Requests to one host that wait for these in each process; further ones are refused. With those under way fewer than a
process performs."""

ROOM: Final = Room(32 * 1024 * 1024, 1_000, 24 * 3_600.0)
"""For what was fetched before: some hundred feeds, those asked for once a day among them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one fetch, redirects included.

    ``body_bytes`` counts twice: what comes over the wire, and what that inflates to. ``cut`` takes the beginning of a
    larger body instead of refusing it. Times are in seconds; ``connect`` is for TCP and TLS of one hop.
    """

    body_bytes: int = 4 * 1024 * 1024
    connect_seconds: float = 10.0
    total_seconds: float = 20.0
    redirects: int = REDIRECTS
    cut: bool = False
    host_at_once: int = HOST_AT_ONCE
    host_waiting: int = HOST_WAITING
    room: Room = ROOM
