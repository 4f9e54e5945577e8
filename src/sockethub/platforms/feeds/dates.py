"""Points in time: RFC 3339 in, RFC 3339 in UTC out. Pure."""

from __future__ import annotations

import calendar
import time
from datetime import UTC, datetime

from sockethub_translators import times
from sockethub_translators.times import write

__all__ = ["from_struct", "milliseconds", "read", "write"]


def read(text: str) -> datetime | None:
    """RFC 3339 (and what ISO 8601 allows beside it); None for what is no time. Without an offset it is UTC."""
    return times.read(text.strip().replace("z", "Z"))


def from_struct(parts: time.struct_time | None) -> datetime | None:
    """From feedparser's ``*_parsed``, which is in UTC."""
    if parts is None:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parts), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return round(moment.timestamp() * 1000)
