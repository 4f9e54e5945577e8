"""The shell of the Python client, with a gateway that the test plays."""

from __future__ import annotations

import http
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from websockets.asyncio.server import Request, Response, Server, ServerConnection, serve

from sockethub.client import (
    CommandError,
    NotSentError,
    OutcomeUnknownError,
    OverrunError,
    connect,
)
from sockethub.client.client import websocket_address
from sockethub.client.streams import KEPT

pytestmark = pytest.mark.anyio

REGISTRY = {
    "fingerprint": "f",
    "contexts": {"as": "a", "sockethub": "s"},
    "platforms": [{"id": "irc", "contextUrl": "i"}],
}
Answer = Callable[[dict[str, Any]], Any]


def echo(frame: dict[str, Any]) -> Any:
    return frame["data"]


class Played:
    """A gateway with one platform; ``events`` is what it was sent."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.events: list[str] = []
        self.sockets: list[ServerConnection] = []
        self.url = ""

    async def serve(self, socket: ServerConnection) -> None:
        self.sockets.append(socket)
        async for text in socket:
            frame = json.loads(text)
            self.events.append(frame["event"])
            if "id" in frame:
                await socket.send(json.dumps({"id": frame["id"], "ack": self._ack(frame)}))

    def _ack(self, frame: dict[str, Any]) -> Any:
        match frame["event"]:
            case "session":
                return {"session": "s", "token": "t", "offset": 0, "seconds": 60}
            case "resume":
                return {"recovered": True, "offset": 0}
            case "schemas":
                return REGISTRY
            case _:
                return self.answer(frame)

    async def say(self, number: int) -> None:
        await self.sockets[-1].send(json.dumps({"event": "message", "data": {"type": "send", "number": number}}))


def address_of(server: Server) -> str:
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def played(answer: Answer = echo, **options: Any) -> AsyncIterator[Played]:
    gateway = Played(answer)
    async with serve(gateway.serve, "127.0.0.1", 0, **options) as server:
        gateway.url = address_of(server)
        yield gateway


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("http://g.example", "ws://g.example/ws"),
        ("https://g.example/sub/", "wss://g.example/sub/ws"),
        ("ws://g.example:1/socket", "ws://g.example:1/socket"),
    ],
)
def test_the_address_of_the_gateway_is_enough(given: str, wanted: str) -> None:
    assert websocket_address(given) == wanted


@pytest.mark.parametrize("address", ["localhost:10550", "ftp://g.example", "", "http://"])
def test_what_is_no_address_is_said_to_be_none(address: str) -> None:
    with pytest.raises(ValueError, match="such as http"):
        websocket_address(address)


async def test_answers_become_values_and_errors_of_three_kinds() -> None:
    def answer(frame: dict[str, Any]) -> Any:
        said = frame["data"]
        match said["object"]["content"]:
            case "no":
                return {**said, "error": "[irc] /object/content: no"}
            case "perhaps":
                return {**said, "error": "outcome: unknown (x)", "outcome": "unknown"}
        return said

    async with played(answer) as gateway, connect(gateway.url) as client:
        await client.ready()
        assert client.context_for("irc") == ["a", "s", "i"]
        with pytest.raises(LookupError, match="no platform nope"):
            client.context_for("nope")
        room = client.actor("irc", "me").room("#r")
        done = await room.send("hi")
        assert done["object"] == {"type": "note", "content": "hi"}
        assert done["id"].startswith("urn:uuid:")
        with pytest.raises(CommandError) as refused:
            await room.send("no")
        assert refused.value.pointer == "/object/content"
        assert refused.value.activity is not None
        with pytest.raises(OutcomeUnknownError):
            await room.send("perhaps")
        with pytest.raises(NotSentError, match="longer"):
            await room.send("x" * 300_000)
    with pytest.raises(NotSentError):
        await room.send("late")
    assert gateway.events[-1] == "end"


async def test_what_the_block_raises_comes_out_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        async with played() as gateway, connect(gateway.url):
            raise ZeroDivisionError


async def test_without_a_gateway_it_is_said_in_time() -> None:
    async with connect("http://127.0.0.1:9") as client:
        with pytest.raises(NotSentError, match="cannot be reached"):
            await client.ready(within=0.3)
        with pytest.raises(NotSentError, match="in time"):
            await client.send({"type": "echo", "context": "dummy"}, within=0.1)


async def test_who_may_not_connect_is_told_so_and_does_not_come_back() -> None:
    asked = []

    def refuse(connection: ServerConnection, request: Request) -> Response:
        asked.append(request.path)
        return connection.respond(http.HTTPStatus.FORBIDDEN, "no")

    async with played(process_request=refuse) as gateway, connect(gateway.url) as client:
        with pytest.raises(NotSentError, match="403 Forbidden"):
            await client.ready()
        assert client.state == "closed"
    assert asked == ["/ws"]


@pytest.mark.parametrize("text", ["hello", "[1]", "null"])
async def test_what_is_no_gateway_is_not_asked_again(text: str) -> None:
    async def babble(socket: ServerConnection) -> None:
        await socket.send(text)
        await socket.wait_closed()

    async with serve(babble, "127.0.0.1", 0) as server, connect(address_of(server)) as client:
        with pytest.raises(NotSentError, match="no Sockethub gateway"):
            await client.ready()
        assert client.state == "closed"


async def test_all_who_wait_for_it_are_told_that_it_is_ready() -> None:
    async with played() as gateway, connect(gateway.url) as client, anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(client.ready, 10.0)


async def test_what_a_reader_does_wrong_is_the_readers_affair() -> None:
    async with played() as gateway, connect(gateway.url) as client:
        careless = client.messages(lambda activity: bool(activity["object"]["content"]))
        await client.ready()
        await gateway.say(1)
        with pytest.raises(KeyError):
            await careless.next(within=10)
        assert (await client.send({"type": "still", "actor": "there"}))["type"] == "still"


async def test_errors_show_no_secrets() -> None:
    async with connect("http://127.0.0.1:9", within=0.1) as client:
        with pytest.raises(NotSentError) as error:
            await client.actor("irc", "me").credentials(nick="me", password="hunter2")
    assert error.value.activity is not None
    assert error.value.activity["type"] == "credentials"
    assert "hunter2" not in repr(error.value.activity)


async def test_it_comes_back_and_tells_so() -> None:
    async with played() as gateway, connect(gateway.url) as client, client.events() as events:
        await client.ready()
        gateway.sockets[-1].transport.abort()
        while (event := await events.next(within=10)).detail.get("state") != "waiting":
            pass
        assert event.detail["retry_in"] < 1
        await client.send({"type": "send", "actor": "a"})
        assert gateway.events.count("resume") == 1


async def test_a_stream_ends_with_the_client_and_says_what_it_could_not_keep() -> None:
    async with played() as gateway, connect(gateway.url) as client:
        some = client.messages(lambda activity: activity["number"] in (1, 3))
        unread = client.messages()
        await client.ready()
        for number in range(KEPT):
            await gateway.say(number)
        assert [(await some.next())["number"] for _ in range(2)] == [1, 3]
        with pytest.raises(TimeoutError):
            await some.next(within=0.5)
        await gateway.say(KEPT)
        await client.request("message", {})
        assert [(await unread.next())["number"] for _ in range(KEPT)] == list(range(KEPT))
        async with unread:
            with pytest.raises(OverrunError):
                await unread.next()
    assert [activity async for activity in some] == []
    with pytest.raises(EOFError):
        await some.next()


async def test_a_command_that_is_given_up_disturbs_nobody() -> None:
    async with played() as gateway, connect(gateway.url) as client:
        await client.ready()
        with anyio.move_on_after(0):
            await client.send({"type": "first", "actor": "a"})
        assert (await client.send({"type": "second", "actor": "a"}))["type"] == "second"


def test_it_is_light_and_knows_nothing_of_the_gateway() -> None:
    program = "import sys, sockethub.client; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"sockethub.gateway", "sockethub.errors", "pydantic", "quart", "redis", "orjson"} & loaded == set()
