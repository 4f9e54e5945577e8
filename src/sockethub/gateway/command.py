"""One event of one client on its way through the pipeline."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from sockethub.activity.platforms import PlatformInfo
from sockethub.sessions.session import Session, Trace


@dataclass(slots=True)
class Command:
    """What middleware sees.

    ``event`` is ``schemas``, ``activity-object``, ``credentials`` or ``message`` (or ``malformed``, where none could be
    read); ``raw`` is what the client sent, parsed but not trusted; ``size`` is its length in bytes. ``platform`` and
    ``activity`` (canonical) are there once
    ``Normalise`` has run, for ``credentials`` and ``message`` alone.
    """

    session: Session
    event: str
    raw: Any
    size: int
    platform: PlatformInfo | None = None
    activity: dict[str, Any] | None = None
    began: float = field(default_factory=time.monotonic)
    """When it came, on the monotonic clock, in seconds."""
    trace: Trace | None = None
