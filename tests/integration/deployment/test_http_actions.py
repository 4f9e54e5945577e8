"""HTTP actions through a whole deployment."""

from __future__ import annotations

import functools
import http.client
import json
import socket
import time
import uuid
from collections.abc import Iterator
from typing import Any

import anyio
import anyio.to_thread
import pytest

from sockethub.config.gateway import Http
from sockethub.gateway.openapi import document
from sockethub_translators.dialects import context_array
from tests.support.deployment import Deployment, deployment
from tests.support.ircd import IrcServer
from tests.support.web import web_server

PATH = "/sockethub-http"
BODY_BYTES = 20_000
KEPT_BYTES = 4_096
PAGE = "https://chat.example"
Answer = tuple[int, dict[str, str], list[Any]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    limits = {"enabled": True, "requests": 1_000, "max_body_bytes": BODY_BYTES, "replay_bytes": KEPT_BYTES}
    settings = {
        "http": {**limits, "body_seconds": 0.5, "idle_seconds": 3},
        "gateway": {"origins": [PAGE], "port": 0},
        "platforms": {"feeds": {"policy": {"private_addresses": True}}},
    }
    with deployment(tmp_path_factory.mktemp("http"), settings) as running:
        yield running


def ask(house: Deployment, method: str, path: str = PATH, body: Any = None, **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    if data is not None:
        sent.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, path, data, sent)
        response = connection.getresponse()
        text = response.read().decode()
        found = {name.lower(): value for name, value in response.getheaders()}
        return response.status, found, [json.loads(line) for line in text.splitlines()]
    finally:
        connection.close()


def new_id() -> str:
    return str(uuid.uuid4())


def echo(content: str, verb: str = "echo") -> dict[str, Any]:
    said = {"type": "message", "content": content}
    return {"type": verb, "context": "dummy", "actor": {"id": "me", "type": "person"}, "object": said}


def replayed(house: Deployment, request: str) -> Answer:
    deadline = time.monotonic() + 10
    while (found := ask(house, "GET", f"{PATH}/{request}"))[0] in (202, 404) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def test_results_come_and_are_replayed_by_id(house: Deployment) -> None:
    request = new_id()
    status, headers, lines = ask(house, "POST", body=[echo("1"), echo("2")], X_Request_Id=request)
    assert (status, headers["content-type"], headers["x-request-id"]) == (200, "application/x-ndjson", request)
    assert headers["cache-control"] == "no-store"
    assert "x-idempotent-replay" not in headers
    assert sorted(line["object"]["content"] for line in lines) == ["1", "2"]
    assert replayed(house, request)[2] == lines
    for again in (
        ask(house, "POST", body=[echo("other")], X_Request_Id=request),
        ask(house, "GET", f"{PATH}?requestId={request}"),
    ):
        assert (again[0], again[1]["x-idempotent-replay"], again[2]) == (200, "true", lines)


def test_the_id_may_be_in_the_body(house: Deployment) -> None:
    request = new_id()
    status, headers, lines = ask(house, "POST", body={"requestId": request, "messages": [echo("x")]})
    assert (status, headers["x-request-id"], len(lines)) == (200, request, 1)


def test_failures_are_lines_and_secrets_are_in_none(house: Deployment) -> None:
    person = {"id": "h@127.0.0.1", "type": "person"}
    given = {"type": "credentials", "nick": "h", "server": "127.0.0.1", "password": "hunter2-secret"}
    credentials = {"type": "credentials", "context": "irc", "actor": person, "object": given}
    wrong = {**credentials, "object": {**given, "port": "none"}}
    body = [credentials, wrong, echo("no", "fail"), {**echo("x"), "context": "nope"}, 7]
    request = new_id()
    status, _, lines = ask(house, "POST", body=body, X_Request_Id=request)
    assert status == 200
    assert "hunter2" not in json.dumps(lines) + house.log
    ack = {"type": "credentials-ack", "@context": context_array("sockethub:internal"), "actor": person}
    assert ack in lines
    assert sorted(line["type"] for line in lines) == ["credentials", "credentials-ack", "echo", "error", "fail"]
    assert all("error" in line for line in lines if line != ack)
    assert [line["requestId"] for line in lines if line["type"] == "error"] == [request]


def test_irc_in_one_request(house: Deployment, ngircd: IrcServer) -> None:
    person = {"id": "webhook@127.0.0.1", "type": "person"}
    room = {"id": "#http@127.0.0.1", "type": "room"}
    given = {"type": "credentials", "nick": "webhook", "server": "127.0.0.1", "port": ngircd.port, "secure": False}
    body = [
        {"type": "credentials", "context": "irc", "actor": person, "object": given},
        {"type": "connect", "context": "irc", "actor": person},
        {"type": "join", "context": "irc", "actor": person, "target": room},
        {"type": "send", "context": "irc", "actor": person, "target": room, "object": echo("hello")["object"]},
    ]
    status, _, lines = ask(house, "POST", body=body, X_Request_Id=new_id())
    assert status == 200
    assert [line["type"] for line in lines] == ["credentials-ack", "connect", "join", "send"]
    assert not any("error" in line for line in lines)


@pytest.mark.anyio
async def test_a_feed(house: Deployment) -> None:
    async with web_server() as site:
        url = site.page(
            "/rss", "<rss version='2.0'><channel><title>News</title></channel></rss>", "application/rss+xml"
        )
        body = {"type": "fetch", "context": "feeds", "actor": {"id": url, "type": "feed"}}
        post = functools.partial(ask, house, "POST", body=body, X_Request_Id=new_id())
        status, _, [line] = await anyio.to_thread.run_sync(post)
    assert (status, line["type"], line["summary"]) == (200, "collection", "News")


def test_a_client_that_left_finds_its_results(house: Deployment) -> None:
    request = new_id()
    body = json.dumps([echo("still done")])
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Request-Id: {request}\r\n"
    with socket.create_connection(("127.0.0.1", house.port)) as client:
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        deadline = time.monotonic() + 5
        while ask(house, "GET", f"{PATH}/{request}")[0] == 404 and time.monotonic() < deadline:
            time.sleep(0.01)
    status, _, lines = replayed(house, request)
    assert (status, [line["object"]["content"] for line in lines]) == (200, ["still done"])


def test_a_running_request_is_not_begun_again_and_ends_in_time(house: Deployment) -> None:
    request = new_id()
    hanging = json.dumps([echo("x", "hang")])
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Request-Id: {request}\r\n"
    with socket.create_connection(("127.0.0.1", house.port)) as client:
        client.sendall(f"{head}Content-Length: {len(hanging)}\r\n\r\n{hanging}".encode())
        deadline = time.monotonic() + 5
        while (found := ask(house, "GET", f"{PATH}/{request}"))[0] == 404 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (found[0], found[2]) == (202, [{"status": "running", "requestId": request}])
        status, headers, [told] = ask(house, "POST", body=[echo("x")], X_Request_Id=request)
        assert (status, told["requestId"]) == (409, request)
        assert int(headers["retry-after"]) > 0
    [line] = replayed(house, request)[2]
    assert (line["type"], line["outcome"]) == ("hang", "unknown")


def test_results_too_large_are_told_but_not_kept(house: Deployment) -> None:
    request = new_id()
    _, _, [line] = ask(house, "POST", body=echo("x" * KEPT_BYTES), X_Request_Id=request)
    assert len(line["object"]["content"]) == KEPT_BYTES
    [kept] = replayed(house, request)[2]
    assert (kept["type"], kept["requestId"]) == ("error", request)


DEEP = b"[" * 5_000 + b"]" * 5_000


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{bad", {}, 400),
        (b"\xff", {}, 400),
        (DEEP, {}, 400),
        (b"[]", {}, 400),
        (b"7", {}, 400),
        (b'{"messages": {}}', {}, 400),
        (b"{}", {"X_Request_Id": "a b"}, 400),
        (b"{}", {"X_Request_Id": "x" * 129}, 400),
        (b"{}", {"X_Request_Id": ""}, 400),
        (b'{"requestId": 7, "messages": [{}]}', {"X_Request_Id": ""}, 400),
        (b"[{}" + b",{}" * 20 + b"]", {}, 413),
        (b" " * (BODY_BYTES + 1), {}, 413),
        (b"{}", {"Content_Type": "text/plain"}, 415),
        (b"{}", {"Origin": "https://evil.example"}, 403),
    ],
)
def test_a_request_that_cannot_be_used(house: Deployment, body: bytes, headers: dict[str, str], status: int) -> None:
    found, answered, [told] = ask(house, "POST", body=body, **{"X_Request_Id": new_id(), **headers})
    assert (found, answered["content-type"]) == (status, "application/json")
    assert set(told) <= {"error", "requestId"}
    assert "Traceback" not in house.log


@pytest.mark.parametrize(("path", "status"), [("", 400), ("/a%20b", 400), ("/nobody-asked", 404)])
def test_a_replay_that_is_not_to_be_had(house: Deployment, path: str, status: int) -> None:
    found, _, [told] = ask(house, "GET", PATH + path)
    assert found == status
    assert told["error"]


def test_the_description_is_of_this_endpoint(house: Deployment) -> None:
    status, _, lines = ask(house, "GET", "/openapi.json")
    assert (status, lines) == (200, [document(Http(enabled=True))])


def test_other_methods(house: Deployment) -> None:
    status, headers, lines = ask(house, "HEAD", f"{PATH}/nobody-asked")
    assert (status, headers["cache-control"], lines) == (404, "no-store", [])
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
    connection.request("DELETE", PATH)
    response = connection.getresponse()
    assert (response.status, set(response.headers["Allow"].split(", "))) == (405, {"GET", "HEAD", "OPTIONS", "POST"})
    connection.close()


def test_a_body_that_does_not_come(house: Deployment) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Request-Id: {new_id()}\r\n"
    with socket.create_connection(("127.0.0.1", house.port), timeout=10) as client:
        client.sendall(f"{head}Content-Length: 100\r\n\r\n[".encode())
        assert b" 408 " in client.recv(4_096).partition(b"\r\n")[0]


def test_only_pages_that_may_connect_are_told_so(house: Deployment) -> None:
    status, headers, _ = ask(house, "OPTIONS", Origin=PAGE, Access_Control_Request_Method="POST")
    assert (status, headers["access-control-allow-origin"], headers["vary"]) == (204, PAGE, "Origin")
    status, headers, _ = ask(house, "OPTIONS", Origin="https://evil.example", Access_Control_Request_Method="POST")
    assert status == 403
    assert "access-control-allow-origin" not in headers


def test_an_address_that_asks_too_often(tmp_path_factory: pytest.TempPathFactory) -> None:
    with deployment(tmp_path_factory.mktemp("rate"), {"http": {"enabled": True, "requests": 2}}) as house:
        assert [ask(house, "GET", f"{PATH}/x")[0] for _ in range(2)] == [404, 404]
        status, headers, _ = ask(house, "GET", f"{PATH}/x")
        assert status == 429
        assert 0 < int(headers["retry-after"]) <= 60
