"""The client that people install from npm (`@sockethub/client`), unmodified, in node; and ours of the same surface."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.integration.gateway.conftest import House
from tests.support.deployment import declaration

pytestmark = pytest.mark.anyio

SCRIPTS = Path(__file__).parents[1] / "js"
ALICE = {"id": "alice", "type": "person", "name": "Alice"}
DUMMY = {"id": "dummy", "type": "platform"}


async def run(house: House, scenario: str, transport: str = "websocket") -> dict[str, Any]:
    """What ``client.mjs`` prints."""
    with anyio.fail_after(40):
        done = await anyio.run_process(["node", "client.mjs", house.url, scenario, transport], cwd=SCRIPTS, check=False)
    assert done.returncode == 0, done.stderr.decode()
    outcome: dict[str, Any] = json.loads(done.stdout.decode().splitlines()[-1])
    return outcome


def said(kind: str, content: str) -> dict[str, Any]:
    return {"type": kind, "context": "dummy", "actor": ALICE, "object": {"type": "message", "content": content}}


either = pytest.mark.parametrize("client", ["websocket", "ours"])


@pytest.mark.parametrize("transport", ["websocket", "polling", "both", "ours"])
async def test_results_and_errors(house: House, transport: str) -> None:
    outcome = await run(house, "verbs", transport)
    assert outcome["echo"] == said("echo", "hello") | {"actor": DUMMY, "target": ALICE}
    assert outcome["greet"]["object"]["content"] == "Hello world"
    assert outcome["fail"] == said("fail", "on purpose") | {"error": "on purpose"}


async def test_commands_are_taken_in_order(house: House) -> None:
    await run(house, "order")
    assert [activity["object"]["content"] for activity in house.worker.seen] == [str(n) for n in range(50)]


async def test_what_is_wrong_is_told(house: House) -> None:
    outcome = await run(house, "errors")
    errors = {name: ack["error"] for name, ack in outcome.items()}
    assert errors["platform"].startswith("platform nope resolved from @context is not enabled")
    assert errors["verb"].startswith("platform type nope not supported by dummy platform. (types: echo, greet")
    assert errors["schema"] == "[dummy] /object/content: must be string"
    assert errors["extra"] == "[dummy] activity stream: must NOT have additional properties: foo"
    assert errors["missing"] == "credentials not found for irc:bob@irc.example"
    assert "not an object" in errors["text"]
    assert outcome["verb"] == said("nope", "x") | {"error": errors["verb"]}
    assert not house.worker.seen


async def test_without_an_acknowledgement_a_message_tells(house: House) -> None:
    outcome = await run(house, "silent")
    assert outcome["failure"]["error"] == "nobody asked"
    assert outcome["result"]["actor"] == DUMMY


@either
async def test_objects_can_be_named_by_id(house: House, client: str) -> None:
    outcome = await run(house, "objects", client)
    assert outcome["created"] is None
    assert outcome["refused"] == "/id: must be a string that is not empty"
    assert outcome["echo"]["target"] == ALICE


@either
async def test_the_registry(house: House, client: str) -> None:
    outcome = await run(house, "schemas", client)
    registry = outcome["registry"]
    assert outcome["again"] == {"fingerprint": registry["fingerprint"], "unchanged": True}
    assert outcome["emitted"] == registry
    assert len(registry["fingerprint"]) == 16
    assert {platform["id"] for platform in registry["platforms"]} == set(declaration()["platforms"])


@either
async def test_a_client_that_comes_back_replays_what_it_had(house: House, client: str) -> None:
    outcome = await run(house, "replay", client)
    assert outcome["acknowledged"] == []
    assert outcome["renewed"]
    assert outcome["replayed"][:3] == ["activity-object", "credentials", "message"]
    assert outcome["echo"]["target"] == ALICE
