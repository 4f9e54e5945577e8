"""The example of the documentation, run: a declared API behind the whole gateway."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.deployment import REPOSITORY, Deployment, deployment
from tests.support.processes import free_port
from tests.support.schemas import shipped
from tests.support.web import Request, WebServer, answer, web_server
from tests.support.wsclient import WsClient, ws_client

pytestmark = pytest.mark.anyio

TOKEN = "t0ken-that-nobody-sees"
PAGE = (REPOSITORY / "docs" / "reference" / "http-apis.md").read_text()
_BLOCK = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = {name or language: text for language, name, text in _BLOCK.findall(PAGE)}


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Deployment]:
    """The stanza as it is shown, but for where the API is."""
    directory: Path = tmp_path_factory.mktemp("http")
    (directory / "token").write_text(TOKEN + "\n")
    text = BLOCKS["yaml"].replace("https://api.tickets.example", f"http://127.0.0.1:{port}")
    stanza = yaml.safe_load(text.replace("${env:TICKETS_TOKEN}", f"${{file:{directory}/token}}"))["platforms"]
    stanza["tickets"]["policy"] = {"allowed_addresses": ["127.0.0.1/32"]}
    stanza["tickets"]["options"] |= {"total_seconds": 1, "max_bytes": 4096}
    with deployment(directory, {"platforms": stanza, "log": {"level": "debug"}}) as running:
        yield running


@pytest.fixture
async def api(port: int) -> AsyncIterator[WebServer]:
    async with web_server(port=port) as site:
        yield site


@pytest.fixture
async def client(house: Deployment) -> AsyncIterator[WsClient]:
    async with ws_client(house.websocket) as made:
        yield made


def command(verb: str, **members: Any) -> dict[str, Any]:
    return {"type": verb, "context": "tickets", "actor": {"id": "ann", "type": "person"}, **members}


def says(document: Any, status: str = "200 OK", **headers: str) -> bytes:
    return answer(json.dumps(document).encode(), "application/json", status, **headers)


async def test_the_example(api: WebServer, client: WsClient) -> None:
    async def create(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(says({"ticket": {"number": 7}}, "201 Created"))

    api.on("/v1/tickets", create)
    found = await client.ok("message", json.loads(BLOCKS["request"]))
    assert found == json.loads(BLOCKS["response"])
    shipped("http/responses.json").validate(found)
    (asked,) = api.requests
    assert (asked.method, asked.headers["authorization"]) == ("POST", f"Bearer {TOKEN}")
    assert asked.body
    shown = re.findall(r"`POST /v1/tickets` with `(\{.*\})`", PAGE)
    assert [json.loads(text) for text in shown] == [json.loads(asked.body)]


async def test_what_is_fetched(api: WebServer, client: WsClient) -> None:
    ticket = {"ticket": {"text": "dark", "reporter": {"name": "Ann"}, "secret": "not asked for"}}
    api.page("/v1/tickets/a%2Fb%3F", json.dumps(ticket), "application/json")
    found = await client.ok("message", command("fetch", target={"id": "a/b?"}))
    assert found == command("fetch", object={"type": "ticket", "content": "dark", "by": "Ann"})
    assert api.requests[0].target == "/v1/tickets/a%2Fb%3F?view=short"
    assert api.requests[0].method == "GET"


async def test_lists(api: WebServer, client: WsClient) -> None:
    api.page("/v1/search", json.dumps({"total": 9, "hits": [{"number": 1, "text": "a"}, {"number": 2}]}))
    found = await client.ok("message", command("query", object={"content": "lamp & light"}))
    assert found == command("query", totalItems=9, items=[{"id": 1, "content": "a"}, {"id": 2}])
    assert api.requests[0].target == "/v1/search?q=lamp%20%26%20light"


async def test_refusals_name_the_reason_and_no_secret(
    api: WebServer, client: WsClient, house: Deployment, port: int
) -> None:
    async def hold(_: Request, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def redirect(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"", status="307 Temporary Redirect", Location=api.url("/v1/tickets/elsewhere")))

    api.page("/v1/tickets/text", "<p>no JSON</p>")
    api.page("/v1/tickets/large", json.dumps({"ticket": "x" * 5000}))
    api.page("/v1/tickets/deep", "[" * 4000)
    api.on("/v1/tickets/slow", hold)
    api.on("/v1/tickets/moved", redirect)
    for ticket, words in (
        ("gone", "request failed: 404 Not Found"),
        ("text", "the answer is not JSON"),
        ("large", "larger than 4096 bytes"),
        ("deep", "the answer is not JSON"),
        ("slow", f"no whole answer within 1 s from 127.0.0.1:{port}"),
        ("moved", "request failed: 307"),
        ("..", "/target/id: must be text that can stand in a URL"),
    ):
        ack = await client.request("message", command("fetch", target={"id": ticket}))
        assert words in ack["error"], ack
        assert TOKEN not in json.dumps(ack)
    ack = await client.request("message", command("fetch"))
    assert ack["error"].endswith("/target/id: required, but missing")
    assert not any("elsewhere" in request.target for request in api.requests), "no secret follows a redirect"
    assert TOKEN not in house.log
    assert not any(TOKEN in line for line in house.processes().values())


async def test_the_outcome_of_what_broke_off_is_unknown(api: WebServer, client: WsClient) -> None:
    async def cut(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")

    api.on("/v1/tickets", cut)
    ack = await client.request("message", command("send", object={"content": "x"}))
    assert ack["outcome"] == "unknown", ack
    assert "whether it took effect is not known" in ack["error"]
    assert len(api.requests) == 1


async def test_nobody_there(client: WsClient) -> None:
    ack = await client.request("message", command("send", object={"content": "x"}))
    assert "refuses connections" in ack["error"]
    assert "outcome" not in ack
