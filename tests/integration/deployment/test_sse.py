"""An IRC room, followed by nothing but HTTP."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from anyio import to_thread

from tests.integration.deployment.conversation import credentials, note, room, verb
from tests.support.deployment import Deployment, deployment
from tests.support.ircd import IrcServer
from tests.support.ircpeer import irc_peer

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployment(tmp_path_factory.mktemp("sse"), {"http": {"enabled": True}}) as running:
        yield running


class Client:
    """What a script with an HTTP library does."""

    def __init__(self, port: int) -> None:
        self._port = port
        begun = json.loads(self._request("POST", "/sessions"))
        self._own = {"Authorization": f"Bearer {begun['session']}.{begun['token']}"}
        self._follow(0)

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)

    def _request(self, method: str, path: str, body: Any = None, **headers: str) -> bytes:
        with closing(self._connect()) as connection:
            given = headers if body is None else {**headers, "Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), given)
            answer = connection.getresponse()
            assert answer.status < 300, answer.read()
            return answer.read()

    def _follow(self, seen: int) -> None:
        self._connection = self._connect()
        self._connection.request("GET", "/events", headers={**self._own, "Last-Event-ID": str(seen)})
        self._stream = self._connection.getresponse()

    def close(self) -> None:
        self._stream.close()
        self._connection.close()

    def say(self, id_: int, event: str, data: Any) -> dict[str, Any]:
        """Say it, and wait for what answers it."""
        self._request("POST", "/messages", {"id": id_, "event": event, "data": data}, **self._own)
        return self.hear(lambda frame: frame.get("id") == id_)

    def hear(self, wanted: Any) -> dict[str, Any]:
        """The first frame to come that is wanted."""
        while line := self._stream.readline():
            if line.startswith(b"data: "):
                frame: dict[str, Any] = json.loads(line[6:])
                if wanted(frame):
                    return frame
        raise AssertionError("the stream has ended")

    def break_off(self, seen: int) -> None:
        """Lose the stream, and take it up behind this offset."""
        self.close()
        self._follow(seen)


async def test_a_script_follows_a_room(web: Deployment, ngircd: IrcServer) -> None:
    client = await to_thread.run_sync(Client, web.port)
    async with irc_peer("talker", ngircd.host, ngircd.port) as peer:
        await peer.join("#sse")
        for number, (event, data) in enumerate(
            (
                ("credentials", credentials("script", ngircd)),
                ("message", verb("connect", "script")),
                ("message", verb("join", "script", room("#sse"))),
                ("message", note("script", room("#sse"), "hello from a script")),
            ),
            1,
        ):
            answer = await to_thread.run_sync(client.say, number, event, data)
            assert not (answer["ack"] or {}).get("error")
        await peer.line(lambda line: line.endswith(":hello from a script"))
        client.break_off(answer["offset"])
        await peer.send("PRIVMSG #sse :hello script")
        heard = await to_thread.run_sync(
            client.hear, lambda frame: frame.get("data", {}).get("object", {}).get("content") == "hello script"
        )
        assert heard["data"]["actor"]["id"] == "talker"
    client.close()
