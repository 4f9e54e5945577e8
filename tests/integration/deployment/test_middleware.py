"""The middleware of examples/, in a whole gateway, as the page about it declares it."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import yaml

from tests.support.deployment import REPOSITORY, Deployment, deployment
from tests.support.ircd import IrcServer
from tests.support.processes import eventually
from tests.support.wsclient import WsClient, ws_client

pytestmark = pytest.mark.anyio

SECRET = "what-only-the-servers-of-the-app-know"
PAGE = (REPOSITORY / "docs" / "how-to" / "write-middleware.md").read_text()
_BLOCK = re.compile(r"^```yaml declaration\n(.*?)^```", re.MULTILINE | re.DOTALL)


def token(user: str, seconds: float = 60.0, secret: str = SECRET) -> str:
    said = f"{user}.{int(time.time() + seconds)}"
    return f"{said}.{hmac.new(secret.encode(), said.encode(), hashlib.sha256).hexdigest()}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, ngircd: IrcServer) -> Iterator[Deployment]:
    directory = tmp_path_factory.mktemp("middleware")
    (directory / "signing").write_text(SECRET)
    (text,) = _BLOCK.findall(PAGE)
    declared = yaml.safe_load(text.replace("/run/secrets/signing", str(directory / "signing")))
    rooms = declared["gateway"]["middleware"]["allowed_rooms:AllowedRooms"]["rooms"]
    declared["platforms"] = {"dummy": {"options": {"greeting": "owl@barn.example"}}}
    rooms[:] = [room.replace("irc.example", ngircd.host) for room in rooms]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(REPOSITORY / "examples" / "middleware")]))
        with deployment(directory, declared) as running:
            yield running


@pytest.fixture
async def client(house: Deployment) -> AsyncIterator[WsClient]:
    async with ws_client(house.websocket) as made:
        yield made


def echo(content: str, **members: Any) -> dict[str, Any]:
    ann = {"id": "ann", "type": "person"}
    object_ = {"type": "message", "content": content}
    return {"context": "dummy", "type": "echo", "actor": ann, "object": object_, **members}


async def test_authentication(house: Deployment, client: WsClient) -> None:
    for wrong in (
        {},
        {"token": "ann"},
        {"token": token("ann", secret="x" * 40)},
        {"token": token("ann", -1)},
        {"token": 7},
    ):
        ack = await client.request("message", echo("hello", **wrong))
        assert "/token: sign in first" in ack["error"]
    given = token("ann")
    answer = await client.ok("message", echo("hello", token=given))
    assert answer["object"]["content"] == "hello"
    assert "token" not in answer
    assert (await client.ok("message", echo("again")))["object"]["content"] == "again"
    assert given not in house.log


async def test_transformation_and_validation(house: Deployment, ngircd: IrcServer) -> None:
    def asked(nick: str, verb: str, room: str = "#help", **members: Any) -> dict[str, Any]:
        target = {"id": f"{room}@{ngircd.host}", "type": "room"}
        me = {"id": f"{nick}@{ngircd.host}", "type": "person"}
        return {"context": "irc", "type": verb, "actor": me, "target": target, **members}

    async with ws_client(house.websocket) as ann, ws_client(house.websocket) as bob:
        for client, nick in ((ann, "mid-ann"), (bob, "mid-bob")):
            where = {"type": "credentials", "nick": nick, "server": ngircd.host, "port": ngircd.port, "secure": False}
            await client.ok("credentials", {**asked(nick, "credentials"), "object": where, "token": token(nick)})
            await client.ok("message", asked(nick, "connect"))
            await client.ok("message", asked(nick, "join"))
        ack = await ann.request("message", asked("mid-ann", "join", "#elsewhere"))
        assert f"/target/id: must be one of: #help@{ngircd.host}" in ack["error"]
        said = {"type": "message", "content": "write to ann@owls.example, <bob@x.example>"}
        await ann.ok("message", asked("mid-ann", "send", object=said))
        heard = await bob.message(lambda told: told["type"] == "send")
        assert heard["object"]["content"] == "write to …@…, <…@…>"


async def test_what_is_heard_is_transformed_too(house: Deployment, client: WsClient) -> None:
    """`greet` puts an address in front, that no client has sent."""
    answer = await client.ok("message", echo("hello", type="greet", token=token("ann")))
    assert answer["object"]["content"] == "…@… hello"


async def test_monitoring(house: Deployment) -> None:
    async with ws_client(house.websocket) as client:
        await client.ok("message", echo("one", token=token("ann")))
        await client.request("message", echo("two", type="fail"))
    eventually(lambda: "client gone" in house.log.rpartition("outcome=error")[2], "the client was told to be gone")
    assert re.search(r"answered.*milliseconds=\d+.*outcome=result.*platform=dummy.*verb=echo", house.log)
    assert re.search(r"answered.*outcome=error.*platform=dummy.*verb=fail", house.log)
