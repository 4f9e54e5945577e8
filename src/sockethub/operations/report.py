"""What a member says of itself: plain JSON, as `sockethub status --json` shows it (schemas/operations/status.json)."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sockethub import __version__
from sockethub.operations.metrics import Role


class Identity:
    """Who a member is."""

    def __init__(self, member: str, role: Role) -> None:
        self.id = member
        self._fields = {
            "id": member,
            "role": role,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "version": __version__,
            "since": now(),
        }

    def report(self, **fields: Any) -> dict[str, Any]:
        """Its report, with these members."""
        return {**self._fields, **fields}


def now() -> str:
    """This moment, as reports have it: RFC 3339, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def latencies(summaries: Mapping[str, tuple[int, float, float]]) -> list[dict[str, Any]]:
    """How fast the commands of each platform were answered, as reports have it."""
    return [
        {"platform": platform, "count": count, "p50_seconds": half, "p99_seconds": most}
        for platform, (count, half, most) in summaries.items()
    ]


def resident_bytes(pid: int) -> int:
    """Memory of a process, what it shares with its fork server included; 0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
