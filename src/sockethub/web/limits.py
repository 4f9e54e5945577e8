"""How much, how long, how often: the limits of one fetch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HEADER_BYTES: Final = 64 * 1024
"""Status line and headers. Servers allow 8 to 16 KiB in requests; answers with many cookies are larger."""

REDIRECTS: Final = 5
"""Fetch (WHATWG) allows 20; an honest chain (http, https, www, moved) has up to four."""

CHUNK_BYTES: Final = 64 * 1024
"""Read, and inflated, at a time."""


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
