"""Points in time: RFC 3339 in, RFC 3339 in UTC out. Pure."""

from __future__ import annotations

import calendar
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from sockethub_translators import times
from sockethub_translators.times import write

__all__ = ["from_header", "from_struct", "milliseconds", "read", "write"]


HEADER_CHARACTERS: Final = 64
"""Of a date that is looked at; the longest forms have 37."""


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


def from_header(text: str) -> datetime | None:
    """The forms of RFC 9110 §5.6.7, and what mail programs write; None for what is none of them."""
    try:
        moment = parsedate_to_datetime(text[:HEADER_CHARACTERS])
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return round(moment.timestamp() * 1000)
