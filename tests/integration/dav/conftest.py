"""A Radicale, and the platforms of examples/ as the conformance kit looks at them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sockethub.testing import Subject
from sockethub_caldav import PLATFORM as CALDAV
from sockethub_carddav import PLATFORM as CARDDAV
from tests.support.radicale import PASSWORD, USER, DavServer, run_radicale

OPTIONS = {"require_tls": False}
LOCAL = {"private_addresses": True}


@pytest.fixture(scope="session")
def server() -> Iterator[DavServer]:
    with run_radicale() as running:
        yield running


def asked(context: str, verb: str, **members: Any) -> dict[str, Any]:
    return {"context": context, "type": verb, "actor": {"id": f"{context}:{USER}", "type": "person"}, **members}


def credentials(context: str, url: str, **members: Any) -> dict[str, Any]:
    given = {"type": "credentials", "url": url, "username": USER, "password": PASSWORD, **members}
    return asked(context, "credentials", object=given)


def event(**members: Any) -> dict[str, Any]:
    times = {"startTime": "2026-08-03T15:00:00", "endTime": "2026-08-03T16:00:00", "timeZone": "Europe/Prague"}
    return {"type": "event", "name": "Plan the winter", **times, **members}


@pytest.fixture(scope="session")
def caldav(server: DavServer) -> Subject:
    calendar = {"id": server.calendar, "type": "calendar"}
    gone = {"id": f"{server.calendar}nothing.ics", "type": "event", "etag": '"none"'}
    return Subject(
        name="caldav",
        stanza={**CALDAV, "options": OPTIONS, "policy": LOCAL},
        credentials=credentials("caldav", server.url),
        wrong_credentials=credentials("caldav", server.url, password="owls-are-what-they-seem"),
        examples=[
            asked("caldav", "fetch"),
            asked("caldav", "create", target=calendar, object=event()),
            asked("caldav", "query", target=calendar, object={"type": "event", "startTime": "2027-01-01T00:00:00Z"}),
        ],
        refused=[
            asked("caldav", "delete", object=gone),
            asked("caldav", "update", object={**gone, "name": "Anything"}),
            asked("caldav", "query", target={"id": "https://elsewhere.example/", "type": "calendar"}),
            asked("caldav", "create", target=calendar, object=event(startTime="tomorrow at noon")),
        ],
        flood=30,
    )


@pytest.fixture(scope="session")
def carddav(server: DavServer) -> Subject:
    addresses = {"id": server.addresses, "type": "addressBook"}
    gone = {"id": f"{server.addresses}nothing.vcf", "type": "person", "etag": '"none"'}
    bob = {"type": "person", "name": "Bob Example", "emails": [{"value": "bob@example.com", "types": ["work"]}]}
    return Subject(
        name="carddav",
        stanza={**CARDDAV, "options": OPTIONS, "policy": LOCAL},
        credentials=credentials("carddav", server.url),
        wrong_credentials=credentials("carddav", server.url, username="bob"),
        examples=[
            asked("carddav", "fetch"),
            asked("carddav", "create", target=addresses, object=bob),
            asked("carddav", "query", target=addresses, object={"type": "contactQuery", "text": "nobody's name"}),
        ],
        refused=[
            asked("carddav", "delete", object=gone),
            asked("carddav", "update", object={**gone, "name": "Anything"}),
        ],
        flood=30,
    )
