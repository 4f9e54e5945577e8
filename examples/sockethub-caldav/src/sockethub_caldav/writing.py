"""From items of activities to iCalendar. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Calendar, Component, Event, Todo, vCalAddress, vText

from sockethub.errors import PlatformError

PRODUCT: Final = "-//Sockethub//sockethub-caldav//EN"

_CLASSES: Final[dict[str, type[Component]]] = {"event": Event, "task": Todo}
_TEXTS: Final = {"name": "SUMMARY", "content": "DESCRIPTION", "location": "LOCATION", "url": "URL"}
_TIMES: Final = {"startTime": "DTSTART", "endTime": "DTEND", "due": "DUE"}
_RULES: Final = {
    "frequency": "FREQ",
    "interval": "INTERVAL",
    "count": "COUNT",
    "until": "UNTIL",
    "byDay": "BYDAY",
    "byMonthDay": "BYMONTHDAY",
}


def created(given: Mapping[str, Any], uid: str, now: datetime) -> str:
    """A calendar with one new item. Raises :class:`~sockethub.errors.PlatformError`, condition ``bad-request``."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    component = _CLASSES[given["type"]]()
    component.add("uid", uid)
    component.add("created", now)
    _apply(component, given, now)
    calendar.add_component(component)
    return _written(calendar)


def changed(text: str, given: Mapping[str, Any], now: datetime) -> str:
    """The calendar with its item changed where ``given`` says so: alarms, exceptions, what we do not know stay.

    Raises :class:`~sockethub.errors.PlatformError`, condition ``bad-request``, ``not-found`` or ``bad-response``.
    """
    try:
        calendar = Calendar.from_ical(text)
    except ValueError:
        raise PlatformError("what is stored there is no calendar", condition="bad-response") from None
    kind = _CLASSES[given["type"]]
    for component in calendar.walk():
        if isinstance(component, kind) and "RECURRENCE-ID" not in component:
            _replace(component, "SEQUENCE", int(component.get("SEQUENCE", 0)) + 1)
            _replace(component, "LAST-MODIFIED", now)
            _apply(component, given, now)
            return _written(calendar)
    raise PlatformError(f"what is stored there is no {given['type']}", condition="not-found")


def utc(text: str, member: str) -> str:
    """A point in time as CalDAV's filters have it."""
    found = time(text, None, member)
    if not isinstance(found, datetime) or found.tzinfo is None:
        raise _bad(member, "must be a date and time with an offset")
    return found.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def time(text: str, zone: str | None, member: str) -> date | datetime:
    """A date; a date and time with an offset; or a local one, in ``zone`` if that is given."""
    try:
        if len(text) == len("2026-01-01"):
            return date.fromisoformat(text)
        found = datetime.fromisoformat(text)
        if zone is not None:
            return found.astimezone(ZoneInfo(zone)) if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))
        return found.astimezone(UTC) if found.tzinfo else found
    except (ZoneInfoNotFoundError, OSError):
        raise _bad("timeZone", "must be the name of a time zone, such as Europe/Lisbon") from None
    except (ValueError, OverflowError):
        raise _bad(member, "must be a date, or a date and time by RFC 3339") from None


def _apply(component: Component, given: Mapping[str, Any], now: datetime) -> None:
    _replace(component, "DTSTAMP", now)
    for member, name in _TEXTS.items():
        if member in given:
            _replace(component, name, given[member])
    for member, name in _TIMES.items():
        if member in given:
            _replace(component, name, time(given[member], given.get("timeZone"), member))
    if "endTime" in given:
        component.pop("DURATION", None)
    for member, name in (("status", "STATUS"), ("percentComplete", "PERCENT-COMPLETE"), ("categories", "CATEGORIES")):
        if member in given:
            value = given[member]
            _replace(component, name, value.upper() if member == "status" else value)
    if given.get("status") == "completed" and "COMPLETED" not in component:
        component.add("completed", now)
    if "recurrence" in given:
        _replace(component, "RRULE", _rule(given["recurrence"]))
    if "attendees" in given:
        component.pop("ATTENDEE", None)
        for each in given["attendees"]:
            component.add("attendee", _address(each))
    if "organizer" in given:
        _replace(component, "ORGANIZER", _address(given["organizer"]))


def _rule(given: Mapping[str, Any]) -> dict[str, Any]:
    rule: dict[str, Any] = {_RULES[member]: value for member, value in given.items()}
    rule["FREQ"] = str(rule["FREQ"]).upper()
    if "UNTIL" in rule:
        rule["UNTIL"] = time(rule["UNTIL"], None, "recurrence/until")
    return rule


def _address(person: Mapping[str, Any]) -> vCalAddress:
    address = vCalAddress(f"mailto:{person['email']}")
    if "name" in person:
        address.params["CN"] = vText(person["name"])
    return address


def _replace(component: Component, name: str, value: Any) -> None:
    component.pop(name, None)
    component.add(name, value)


def _written(calendar: Calendar) -> str:
    calendar.add_missing_timezones()
    written: bytes = calendar.to_ical()
    return written.decode()


def _bad(member: str, what: str) -> PlatformError:
    return PlatformError(f"/object/{member}: {what}", condition="bad-request")
