"""Times, in the one form that activities have: RFC 3339 in UTC with milliseconds, ``2026-11-23T12:00:00.000Z``."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["normal", "read", "write"]


def read(text: str) -> datetime | None:
    """A time by RFC 3339 (and what ISO 8601 has beside it), in UTC, which is also meant without an offset; or None."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write(moment: datetime) -> str:
    """The form; ``moment`` is in UTC."""
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def normal(text: str) -> str | None:
    """A time in that form; None for what is none."""
    moment = read(text)
    return None if moment is None else write(moment)
