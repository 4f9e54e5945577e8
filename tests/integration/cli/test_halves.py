"""`sockethub gateway` and `sockethub workers` as services of their own, on one Redis and one master key."""

from __future__ import annotations

import json
import signal
import uuid
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import pytest

from sockethub import redis_keys
from sockethub.jobs import connected
from tests.integration.deployment.conversation import log_in, person
from tests.support.halves import READY_SECONDS, Half, declare, half
from tests.support.ircd import IrcServer
from tests.support.ircpeer import irc_peer
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio

HTTP_PATH = "/sockethub-http"


@pytest.fixture
def folder(tmp_path: Path, redis_url: str) -> Path:
    return declare(tmp_path, redis_url)


async def test_they_find_each_other(folder: Path) -> None:
    with half("workers", folder), half("gateway", folder) as gateway:
        async with ws_client(gateway.websocket) as client:
            sent = {
                "type": "echo",
                "context": "dummy",
                "actor": person("ann"),
                "object": {"type": "note", "content": "hi"},
            }
            answer = await client.ok("message", sent)
            assert answer["object"]["content"] == "hi"


async def test_restarting_the_gateway_keeps_the_logins(folder: Path, ngircd: IrcServer) -> None:
    with half("workers", folder):
        async with irc_peer("witness", ngircd.host, ngircd.port) as peer:
            await peer.join("#halves")
            with half("gateway", folder) as gateway:
                async with ws_client(gateway.websocket) as client:
                    await log_in(client, "stays", ngircd, "#halves")
                    gateway.process.send_signal(signal.SIGTERM)
                    await client.socket.wait_closed()
                assert gateway.process.wait(READY_SECONDS) == 0
            with half("gateway", folder) as gateway:
                async with ws_client(gateway.websocket) as client:
                    await log_in(client, "stays", ngircd, "#halves")
                    await peer.send("PRIVMSG #halves :still there?")
                    await client.message(lambda a: a["type"] == "send" and a["object"]["content"] == "still there?")
            assert sum(" JOIN " in line and line.startswith(":stays!") for line in peer.lines) == 1


async def test_a_gateway_that_stood_still_is_attached_again_and_says_so(
    tmp_path: Path, redis_url: str, ngircd: IrcServer
) -> None:
    """It was taken for dead. Without a password: only the session that has missed something is told of it."""
    folder = declare(tmp_path, redis_url, {"workers": {"lease_seconds": 1}}, only="irc")
    async with connected(redis_url) as store:

        async def attached() -> bool:
            return [key async for key in store.scan_iter(redis_keys.attached("*"))] != []

        with half("workers", folder), half("gateway", folder) as gateway:
            async with irc_peer("insomniac", ngircd.host, ngircd.port) as peer, ws_client(gateway.websocket) as client:
                await peer.join("#nap")
                await log_in(client, "napper", ngircd, "#nap")
                gateway.process.send_signal(signal.SIGSTOP)
                try:
                    [alive] = [key async for key in store.scan_iter(redis_keys.gateway_alive("*"))]
                    await store.delete(alive)  # what its expiry does
                    with anyio.fail_after(20):
                        while await attached():  # noqa: ASYNC110 - polled, with a deadline
                            await anyio.sleep(0.05)
                    await peer.send("PRIVMSG #nap :meanwhile")
                    await peer.send("PING :said")
                    await peer.line(lambda line: "PONG" in line and line.endswith("said"))
                finally:
                    gateway.process.send_signal(signal.SIGCONT)
                told = await client.message(lambda a: a["type"] == "error")
                assert "stood still" in told["error"]
                await client.message(lambda a: a["type"] == "send" and a["object"]["content"] == "meanwhile")
                assert await attached()
                await peer.send("PRIVMSG #nap :afterwards")
                await client.message(lambda a: a["type"] == "send" and a["object"]["content"] == "afterwards")


def test_a_request_whose_gateway_is_killed_is_not_done_again(tmp_path: Path, redis_url: str) -> None:
    """In the middle of its results: whoever asks for the rest hears that it runs, until its time is over."""
    folder = declare(tmp_path, redis_url, {"http": {"enabled": True}}, only="dummy")
    headers = {"Content-Type": "application/json", "X-Request-Id": str(uuid.uuid4())}
    activities = [{"type": verb, "context": "dummy", "actor": person("ann")} for verb in ("echo", "hang")]
    for activity in activities:
        activity["object"] = {"type": "message", "content": "hi"}
    with half("workers", folder):
        with half("gateway", folder) as gateway, closing(_http(gateway)) as connection:
            connection.request("POST", HTTP_PATH, json.dumps(activities), headers)
            assert json.loads(connection.getresponse().readline())["object"]["content"] == "hi", "the first result"
            gateway.process.kill()
            gateway.process.wait()
        with half("gateway", folder) as gateway, closing(_http(gateway)) as connection:
            connection.request("GET", f"{HTTP_PATH}/{headers['X-Request-Id']}")
            answer = connection.getresponse()
            assert (answer.status, json.load(answer)["status"]) == (202, "running")
            connection.request("POST", HTTP_PATH, json.dumps(activities), headers)
            assert connection.getresponse().status == 409


def _http(gateway: Half) -> HTTPConnection:
    address = urlsplit(gateway.websocket)
    return HTTPConnection(str(address.hostname), address.port, timeout=READY_SECONDS)
