"""Points in time: RFC 3339 in, RFC 3339 in UTC out. Pure."""

from __future__ import annotations

import calendar
import time
from datetime import UTC, datetime


def read(text: str) -> datetime | None:
    """RFC 3339 (and what ISO 8601 allows beside it); None for what is no time. Without an offset it is UTC."""
    try:
        found = datetime.fromisoformat(text.strip().replace("z", "Z"))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def from_struct(parts: time.struct_time | None) -> datetime | None:
    """From feedparser's ``*_parsed``, which is in UTC."""
    if parts is None:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parts), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def write(moment: datetime) -> str:
    """``2026-11-03T10:00:00.000Z``."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z".rjust(24, "0")


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return round(moment.timestamp() * 1000)
