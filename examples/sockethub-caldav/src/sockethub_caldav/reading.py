"""From iCalendar to items of activities. Pure. What cannot be read is left out: an item, or a member of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Final

from icalendar import Calendar, Component

TEXT_CHARACTERS: Final = 64 * 1024
"""Of one text that is passed on; a description of a meeting has a few thousand."""

LISTED: Final = 100
"""Attendees or categories of one item that are passed on."""

TYPES: Final = {"VEVENT": "event", "VTODO": "task"}

_TEXTS: Final = {"name": "SUMMARY", "content": "DESCRIPTION", "location": "LOCATION", "url": "URL", "uid": "UID"}
_TIMES: Final = {"startTime": "DTSTART", "endTime": "DTEND", "due": "DUE", "completedTime": "COMPLETED"}
_NUMBERS: Final = {"sequence": "SEQUENCE", "percentComplete": "PERCENT-COMPLETE"}


def items(text: str) -> list[dict[str, Any]]:
    """Events and tasks of one resource: several are one series, with occurrences that differ (``recurrenceId``)."""
    try:
        calendar = Calendar.from_ical(text)
    except ValueError:
        return []
    return [_item(each) for each in calendar.walk() if each.name in TYPES]


def moment(value: date | datetime) -> str:
    """RFC 3339 with the offset; a date alone for a whole day; without an offset where it is no certain time."""
    if isinstance(value, datetime) and value.utcoffset() is not None and not value.utcoffset():
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat()


def _item(component: Component) -> dict[str, Any]:
    return {"type": TYPES[component.name or ""], **dict(_members(component))}


def _members(component: Component) -> Iterator[tuple[str, Any]]:
    for member, name in _TEXTS.items():
        if found := str(component.get(name, "")):
            yield member, found[:TEXT_CHARACTERS]
    for member, name in _TIMES.items():
        if (at := _time(component, name)) is not None:
            yield member, moment(at)
    start = _time(component, "DTSTART") or _time(component, "DUE")
    if start is not None:
        yield "allDay", not isinstance(start, datetime)
    zone = getattr(getattr(start, "tzinfo", None), "key", None)
    if zone not in (None, "UTC"):
        yield "timeZone", zone
    if (at := _time(component, "RECURRENCE-ID")) is not None:
        yield "recurrenceId", moment(at)
    for member, name in _NUMBERS.items():
        if isinstance(found := component.get(name), int):
            yield member, int(found)
    if status := str(component.get("STATUS", "")):
        yield "status", status.lower()[:64]
    if recurrence := _recurrence(component):
        yield "recurrence", recurrence
    if people := [_person(each) for each in _list(component, "ATTENDEE")]:
        yield "attendees", people
    if organizers := _list(component, "ORGANIZER"):
        yield "organizer", _person(organizers[0])
    if categories := [str(each)[:256] for group in _list(component, "CATEGORIES") for each in group.cats]:
        yield "categories", categories[:LISTED]


def _time(component: Component, name: str) -> date | datetime | None:
    found = getattr(component.get(name), "dt", None)
    return found if isinstance(found, date) else None


def _list(component: Component, name: str) -> list[Any]:
    found = component.get(name, [])
    return (found if isinstance(found, list) else [found])[:LISTED]


def _person(address: Any) -> dict[str, Any]:
    email = str(address)
    name = address.params.get("CN", "")
    email = email[7:] if email.lower().startswith("mailto:") else email
    return {"email": email[:1024], **({"name": str(name)[:1024]} if name else {})}


def _recurrence(component: Component) -> dict[str, Any]:
    rules = _list(component, "RRULE")
    if not rules:
        return {}
    rule, found = rules[0], dict[str, Any]()
    for member, name in (("frequency", "FREQ"), ("interval", "INTERVAL"), ("count", "COUNT"), ("until", "UNTIL")):
        if values := rule.get(name):
            value = values[0] if isinstance(values, list) else values
            found[member] = moment(value) if isinstance(value, date) else value
    for member, name in (("byDay", "BYDAY"), ("byMonthDay", "BYMONTHDAY")):
        if values := rule.get(name):
            found[member] = [str(each) if member == "byDay" else int(each) for each in values]
    if "frequency" in found:
        found["frequency"] = str(found["frequency"]).lower()
    return found
