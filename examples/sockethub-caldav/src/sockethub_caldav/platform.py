"""The driver: what differs from other WebDAV."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sockethub_caldav import reading, writing
from sockethub_dav import DavPlatform, Flavour, Found
from sockethub_dav.multistatus import tag

NAMESPACE: Final = "urn:ietf:params:xml:ns:caldav"
KINDS: Final = {"event": "VEVENT", "task": "VTODO"}

_COMPONENTS: Final = tag(NAMESPACE, "supported-calendar-component-set")
_COLOR: Final = "{http://apple.com/ns/ical/}calendar-color"
_REPORT: Final = (
    '<c:calendar-query xmlns="DAV:" xmlns:c="{namespace}"><prop><getetag/><c:calendar-data/></prop>'
    '<c:filter><c:comp-filter name="VCALENDAR">{filter}</c:comp-filter></c:filter></c:calendar-query>'
)
_REHEARSAL: Final = {"type": "event", "name": "t", "startTime": "2026-01-01T10:00:00", "timeZone": "Europe/Lisbon"}


class CalDavPlatform(DavPlatform):
    """Calendars, and the events and tasks in them."""

    flavour = Flavour(
        namespace=NAMESPACE,
        well_known="/.well-known/caldav",
        home="calendar-home-set",
        collection="calendar",
        collection_type="calendar",
        properties="<a:calendar-color/><x:supported-calendar-component-set/>",
        data="calendar-data",
        media_type="text/calendar",
        suffix=".ics",
    )

    @classmethod
    def warm_up(cls) -> None:
        reading.items(writing.created(_REHEARSAL, "t", datetime.now(UTC)))

    def described(self, collection: Found) -> dict[str, Any]:
        declared = collection.properties.get(_COMPONENTS)
        # Without the property all kinds may be in it (RFC 4791 §5.2.3).
        names = set(KINDS.values()) if declared is None else {each.get("name", "") for each in declared}
        color = collection.text(_COLOR)[:64]
        return {
            "components": [kind for kind, name in KINDS.items() if name in names],
            **({"color": color} if color else {}),
        }

    def report(self, wanted: Mapping[str, Any]) -> str:
        ends = {"start": wanted.get("startTime"), "end": wanted.get("endTime")}
        given = {name: writing.utc(value, f"{name}Time") for name, value in ends.items() if value}
        limits = "".join(f' {name}="{value}"' for name, value in given.items())
        within = f"<c:time-range{limits}/>" if limits else ""
        kind = KINDS.get(wanted.get("type", "event" if within else ""))
        inner = f'<c:comp-filter name="{kind}">{within}</c:comp-filter>' if kind else ""
        return _REPORT.format(namespace=NAMESPACE, filter=inner)

    def items(self, text: str) -> list[dict[str, Any]]:
        return reading.items(text)

    def created(self, given: Mapping[str, Any], uid: str, now: datetime) -> str:
        return writing.created(given, uid, now)

    def changed(self, text: str, given: Mapping[str, Any], now: datetime) -> str:
        return writing.changed(text, given, now)
