"""The description of the plain WebSocket."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from sockethub.client.core import Options
from sockethub.config.gateway import Gateway
from sockethub.config.resources import CHECKOUT, SCHEMAS
from sockethub.gateway import asyncapi
from sockethub.gateway.commands import EVENTS
from sockethub.gateway.frames import FROM_CLIENT, FROM_GATEWAY, SCHEMA_IDS, frame_schemas
from tests.support.node import MODULES
from tests.unit.client.world import World

PAGE = (CHECKOUT / "docs" / "reference" / "websocket.md").read_text()


@pytest.mark.parametrize("path", asyncapi.files())
def test_what_is_published_is_this(path: str) -> None:
    assert (SCHEMAS / path).read_text() == asyncapi.files()[path], "run: python -m sockethub.gateway.asyncapi"


def test_nothing_else_is_published_as_a_frame() -> None:
    assert {path.stem for path in (SCHEMAS / "frames").iterdir()} == {*FROM_CLIENT, *FROM_GATEWAY}


def test_it_is_asyncapi() -> None:
    meta: Any = json.loads((MODULES / "@asyncapi/specs/schemas/3.0.0-without-$id.json").read_text())
    document = asyncapi.document(Gateway())
    jsonschema.Draft7Validator(meta).validate(document)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(meta).validate({**document, "channels": {"websocket": {"adress": "/ws"}}})


def test_references_lead_somewhere() -> None:
    document = asyncapi.document(Gateway())
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        found: Any = document
        for step in reference.split("/"):
            found = found[step]
        assert found


def test_it_has_the_declared_path() -> None:
    document = asyncapi.document(Gateway(websocket_path="/other"))
    assert document["channels"]["websocket"]["address"] == "/other"


def test_every_frame_has_an_address_of_its_own_and_is_a_schema() -> None:
    for name, schema in frame_schemas().items():
        assert schema["$id"] == f"{SCHEMA_IDS}{name}.json"
        jsonschema.Draft202012Validator.check_schema(schema)


def test_it_names_the_events_that_there_are_and_the_reference_page_names_the_same() -> None:
    schemas = frame_schemas()
    said = {schemas[name]["properties"]["event"]["const"] for name in FROM_CLIENT}
    assert said == {*EVENTS, "session", "resume", "end"}
    table = re.findall(r"^\| `([\w-]+)` \| .*\| .*\|$", PAGE.split("| event |")[1].split("\n\n")[0], re.MULTILINE)
    assert set(table) == said


def test_what_our_client_writes_is_as_described() -> None:
    schemas = frame_schemas()
    by_event = {schemas[name]["properties"]["event"]["const"]: schemas[name] for name in FROM_CLIENT}
    world = World(Options())
    seen = set()

    def check() -> None:
        world.open()
        assert world.wire is not None
        for frame in world.wire.up:
            seen.add(frame["event"])
            jsonschema.Draft202012Validator(by_event[frame["event"]]).validate(frame)

    activity = {"type": "credentials", "context": "irc", "actor": {"id": "a"}}
    world.submit("credentials", activity)
    world.submit("message", {**activity, "type": "connect", "id": "1"})
    check()
    world.settle()
    world.cut()
    world.skip(1.0)
    check()
    wire = world.wire
    world.settle()
    world.stop()
    assert wire is not None
    check_end = [frame for frame in wire.up if frame["event"] == "end"]
    jsonschema.Draft202012Validator(by_event["end"]).validate(check_end[0])
    assert seen == {"session", "schemas", "credentials", "message", "resume"}
