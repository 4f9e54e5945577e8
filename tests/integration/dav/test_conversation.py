"""Calendars and contacts at a real server: made, found, changed, and not overwritten unseen."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from sockethub.activity.bundle import bundle
from sockethub.activity.validation import SchemaValidator
from sockethub.errors import PlatformError
from sockethub_caldav import PLATFORM as CALDAV
from sockethub_caldav.platform import CalDavPlatform
from sockethub_carddav import PLATFORM as CARDDAV
from sockethub_carddav.platform import CardDavPlatform
from sockethub_dav import DavPlatform
from tests.integration.dav.conftest import OPTIONS, asked, credentials, event
from tests.support.driver import PlatformDriver
from tests.support.radicale import DavServer

pytestmark = pytest.mark.anyio

PLATFORMS: dict[str, tuple[type[DavPlatform], dict[str, Any]]] = {
    "caldav": (CalDavPlatform, CALDAV),
    "carddav": (CardDavPlatform, CARDDAV),
}


class Talk:
    """A connected platform; what it answers is held against its schema."""

    def __init__(self, context: str, driver: PlatformDriver, schemas: dict[str, str]) -> None:
        self._context, self._driver = context, driver
        self._messages = _validator(context, schemas["messages"])
        self._responses = _validator(context, schemas["responses"])

    async def __call__(self, verb: str, target: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
        members = {"target": target} if target else {}
        command = asked(self._context, verb, **members, **({"object": given} if given else {}))
        self._messages.check(command)
        answer = await self._driver.platform.perform(command)
        assert answer is not None
        self._responses.check(answer)
        return answer

    async def refused(self, verb: str, target: dict[str, Any] | None = None, **given: Any) -> PlatformError:
        with pytest.raises(PlatformError) as refusal:
            await self(verb, target, **given)
        return refusal.value


def _validator(context: str, file: str) -> SchemaValidator:
    return SchemaValidator(context, bundle(json.loads(Path(file).read_text())))


@asynccontextmanager
async def talk(context: str, url: str, *, connect: bool = True, **options: Any) -> AsyncIterator[Talk]:
    driver, declared = PLATFORMS[context]
    schemas = declared["schemas"]
    responses = _validator(context, schemas["responses"])
    async with anyio.create_task_group() as tasks:
        it = PlatformDriver(tasks, driver, context, {**OPTIONS, **options}, responses)
        if connect:
            await it.platform.connect(credentials(context, url), None)
        yield Talk(context, it, schemas)
        assert it.faults == []


async def test_calendars_are_found(server: DavServer) -> None:
    for url in (server.url, server.calendar):
        async with talk("caldav", url) as it:
            (found,) = (await it("fetch"))["items"]
    assert found == {
        "id": server.calendar,
        "type": "calendar",
        "name": "Personal",
        "color": "#3a87ad",
        "components": ["event", "task"],
    }


async def test_an_event_is_made_found_changed_and_deleted(server: DavServer) -> None:
    calendar = {"id": server.calendar, "type": "calendar"}
    during = {"startTime": "2031-08-01T00:00:00Z", "endTime": "2031-09-01T00:00:00Z"}
    times = {"startTime": "2031-08-04T15:00:00", "endTime": "2031-08-04T16:00:00"}
    weekly = {"frequency": "weekly", "count": 4, "byDay": ["MO"]}
    people = [{"email": "bob@example.com", "name": "Bob"}]
    said = {"content": "Where; with what", "location": "The barn", "attendees": people, "categories": ["a", "b, c"]}
    async with talk("caldav", server.url) as it:
        made = (await it("create", calendar, **event(**times, recurrence=weekly, **said)))["object"]
        (found,) = (await it("query", calendar, type="event", **during))["items"]
        assert found["id"] == made["id"]
        assert found["uid"] == made["uid"]
        assert found["startTime"] == "2031-08-04T15:00:00+02:00"
        assert (found["timeZone"], found["allDay"], found["recurrence"]) == ("Europe/Prague", False, weekly)
        assert {name: found[name] for name in said} == said

        wanted = {"id": found["id"], "type": "event", "etag": found["etag"]}
        await it("update", None, **wanted, name="Plan the spring")
        (again,) = (await it("query", calendar, type="event", **during))["items"]
        assert again == {**found, "name": "Plan the spring", "etag": again["etag"], "sequence": 1}

        assert (await it.refused("update", None, **wanted, name="Too late")).condition == "conflict"
        assert (await it.refused("delete", None, **wanted)).condition == "conflict"
        await it("delete", None, **{**wanted, "etag": again["etag"]})
        assert (await it("query", calendar, type="event", **during))["items"] == []
        assert (await it.refused("update", None, **wanted, name="Gone")).condition == "not-found"


async def test_a_task_is_done(server: DavServer) -> None:
    calendar = {"id": server.calendar, "type": "calendar"}
    async with talk("caldav", server.url) as it:
        await it("create", calendar, type="task", name="Mend the roof", due="2031-10-01", status="needs-action")
        (found,) = (await it("query", calendar, type="task"))["items"]
        assert (found["due"], found["allDay"], found["status"]) == ("2031-10-01", True, "needs-action")
        wanted = {"id": found["id"], "type": "task", "etag": found["etag"]}
        await it("update", None, **wanted, status="completed", percentComplete=100)
        (done,) = (await it("query", calendar, type="task"))["items"]
        assert (done["status"], done["percentComplete"]) == ("completed", 100)
        assert done["completedTime"].endswith("Z")
        assert (await it.refused("update", None, **{**wanted, "type": "event", "etag": done["etag"]})).condition


async def test_a_contact_is_made_found_changed_and_deleted(server: DavServer) -> None:
    book = {"id": server.addresses, "type": "addressBook"}
    emails = [{"value": "carol@example.com", "types": ["work"], "preferred": True}, {"value": "c@example.com"}]
    card = {
        "type": "person",
        "name": "Carol Ünique",
        "givenName": "Carol",
        "familyName": "Ünique",
        "organization": "Owls & Co",
        "emails": emails,
        "phones": [{"value": "+351 1 23"}],
    }
    async with talk("carddav", server.url) as it:
        (found,) = (await it("fetch"))["items"]
        assert found == {"id": server.addresses, "type": "addressBook", "name": "Friends", "content": "All of them"}
        await it("create", book, **card)
        everybody = (await it("query", book))["items"]
        assert card.items() <= next(each for each in everybody if each["name"] == card["name"]).items()
        assert len((await it("query", book, limit=1))["items"]) == 1
        assert (await it("query", book, text="ünique", fields=["email"]))["items"] == []
        (found,) = (await it("query", book, type="contactQuery", text="ünique", fields=["name", "email"]))["items"]
        wanted = {"id": found["id"], "type": "person", "etag": found["etag"]}
        await it("update", None, **wanted, content="Hoots <at> night & day")
        (again,) = (await it("query", book, text="ünique"))["items"]
        assert again == {**found, "content": "Hoots <at> night & day", "etag": again["etag"]}
        assert (await it.refused("update", None, **wanted, name="Too late")).condition == "conflict"
        await it("delete", None, **{**wanted, "etag": again["etag"]})
        assert (await it("query", book, text="ünique"))["items"] == []


async def test_passwords_are_not_sent_without_tls_unless_the_operator_says_so(server: DavServer) -> None:
    async with talk("caldav", server.url, connect=False, require_tls=True) as it:
        with pytest.raises(PlatformError, match="not sent without TLS") as refusal:
            await it._driver.platform.connect(credentials("caldav", server.url), None)
    assert refusal.value.condition == "forbidden"


async def test_no_other_server_is_asked(server: DavServer) -> None:
    async with talk("caldav", server.url) as it:
        for url in ("https://127.0.0.1/x", f"http://localhost:{server.port}/x", "http://127.0.0.1:8099/x"):
            refusal = await it.refused("query", {"id": url, "type": "calendar"})
            assert refusal.condition == "forbidden"
            assert str(server.port) in str(refusal)
