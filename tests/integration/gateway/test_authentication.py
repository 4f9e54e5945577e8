"""Clients say who they are, whatever they speak; whoever cannot is refused alike everywhere."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from sockethub.gateway.sse import NOT_ITS_USERS
from tests.integration.gateway.asking import call, request
from tests.integration.gateway.conftest import House, Make
from tests.support.tokens import AUDIENCE, ISSUER, Provider
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio

ALICE, BOB = "alice-token-alice-token-alice", "bob-token-bob-token-bob-token"
STATIC = {"tokens": [{"user": "alice", "token": ALICE}, {"user": "bob", "token": BOB}]}
REFUSED = (4001, "authentication failed")
PUBLIC = {name: {"policy": {"private_addresses": False}} for name in ("irc", "xmpp")}
ECHO = {"type": "echo", "context": "dummy", "actor": {"id": "me"}, "object": {"type": "message", "content": "hi"}}
PROVIDER = Provider("ES256")


@pytest.fixture
async def strict(house_of: Make, tmp_path: Path) -> AsyncIterator[House]:
    """A gateway that knows two static tokens, and those of a provider."""
    keys = PROVIDER.publish(tmp_path / "jwks.json")
    jwt = {"algorithms": ["ES256"], "jwks_file": str(keys), "audience": AUDIENCE, "issuer": ISSUER, "leeway_seconds": 0}
    asked = STATIC | {"jwt": jwt, "seconds": 1, "failures": {"count": 1000}}
    async with house_of(http=True, authentication=asked) as house:
        yield house


async def closed(socket: ClientConnection) -> tuple[int, str]:
    """How the gateway closes the connection; what comes before is passed over."""
    with anyio.fail_after(10), suppress(ConnectionClosed):
        while True:
            await socket.recv()
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


async def socketio(house: House, token: str, transport: str, *more: str) -> dict[str, Any]:
    """What tests/integration/js/auth.mjs prints."""
    scripts = Path(__file__).parents[1] / "js"
    with anyio.fail_after(40):
        done = await anyio.run_process(
            ["node", "auth.mjs", house.url, transport, token, *more], cwd=scripts, check=False
        )
    assert done.returncode == 0, done.stderr.decode()
    outcome: dict[str, Any] = json.loads(done.stdout.decode().splitlines()[-1])
    return outcome


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_first_frame_says_who_a_page_is(strict: House) -> None:
    async with ws_client(strict.websocket) as client:
        assert await client.ok("authenticate", {"token": ALICE}) == {"user": "alice", "expires": None}
        await client.ok("message", ECHO)
    async with ws_client(strict.websocket) as client:
        told = await client.ok("authenticate", {"token": PROVIDER.token(sub="carol")})
        assert (told["user"], 290 <= told["expires"] <= 300) == ("carol", True)
        await client.ok("message", ECHO)


async def test_a_program_says_it_in_a_header(strict: House) -> None:
    async with ws_client(strict.websocket, additional_headers=bearer(ALICE)) as client:
        await client.ok("message", ECHO)
        assert await client.ok("authenticate", {"token": ALICE}) == {"user": "alice", "expires": None}


@pytest.mark.parametrize(
    "frame",
    [
        {"id": 1, "event": "authenticate", "data": {"token": "wrong"}},
        {"id": 1, "event": "authenticate", "data": {"token": ALICE[:-1]}},
        {"id": 1, "event": "authenticate", "data": {"token": PROVIDER.token(exp=int(time.time()) - 60)}},
        {"id": 1, "event": "authenticate", "data": {"token": PROVIDER.token(aud="https://other.example")}},
        {"id": 1, "event": "authenticate", "data": {"token": Provider("ES256").token()}},
    ],
    ids=["unknown", "cut", "expired", "other audience", "other key"],
)
async def test_refusals_are_all_alike(strict: House, frame: dict[str, Any]) -> None:
    async with connect(strict.websocket) as socket:
        await socket.send(json.dumps(frame))
        assert await closed(socket) == REFUSED
    async with connect(strict.websocket, additional_headers=bearer(frame["data"]["token"])) as socket:
        assert await closed(socket) == REFUSED
    for path in ("/sessions", "/sockethub-http"):
        status, said = await call(strict, "POST", path, [ECHO], X_Request_Id="a", **bearer(frame["data"]["token"]))
        assert (status, said["error"]) == (401, "authentication failed")
    assert not strict.worker.seen


@pytest.mark.parametrize(
    "frame", ['{"id": 1, "event": "message", "data": {}}', '{"event": "authenticate"}', "[", '"x"']
)
async def test_nothing_else_comes_first(strict: House, frame: str) -> None:
    async with connect(strict.websocket) as socket:
        await socket.send(frame)
        assert await closed(socket) == (4001, "the first frame has to be authenticate, with a token")


async def test_who_says_nothing_is_not_waited_for(strict: House) -> None:
    async with connect(strict.websocket) as socket:
        assert await closed(socket) == (4001, "no token came within 1 seconds")


async def test_who_has_not_said_yet_counts_as_a_connection(house_of: Make) -> None:
    async with (
        house_of(authentication=STATIC, sockets_per_address=1) as house,
        connect(house.websocket) as first,
        connect(house.websocket) as second,
    ):
        assert await closed(second) == (1013, "too many connections from your address")
        await first.send(json.dumps({"id": 1, "event": "authenticate", "data": {"token": ALICE}}))
        assert json.loads(await first.recv())["ack"]["user"] == "alice"


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_socketio_takes_the_token_of_its_auth(strict: House, transport: str) -> None:
    outcome = await socketio(strict, ALICE, transport)
    assert outcome["ack"]["object"]["content"] == "hi"
    outcome = await socketio(strict, "wrong", transport)
    refused = {"message": "authentication failed", "data": {"code": "unauthenticated"}}
    assert outcome == {"errors": [], "refused": refused}


async def test_a_connection_joins_once(strict: House) -> None:
    """Who joins again, as somebody else perhaps, stays who it was, and leaves nothing behind."""
    address = f"ws://127.0.0.1:{strict.port}/sockethub/?EIO=4&transport=websocket"
    for _ in range(21):  # one more than an address may have
        async with connect(address) as socket:
            await socket.recv()
            await socket.send("40" + json.dumps({"token": ALICE}))
            assert str(await socket.recv()).startswith("40")
            await socket.send("40" + json.dumps({"token": BOB}))
            assert await socket.recv() == '44"Unable to connect"'


async def test_socketio_is_told_when_its_token_ends_and_may_show_another(strict: House) -> None:
    short = PROVIDER.token(exp=int(time.time()) + 4)
    outcome = await socketio(strict, short, "websocket", PROVIDER.token(exp=int(time.time()) + 6))
    assert outcome["renewed"]["user"] == "alice"
    assert outcome["errors"] == ["your token has expired; show a new one"]
    assert outcome["disconnected"] in ("io server disconnect", "transport close")


async def test_http_actions_are_each_users_own(strict: House) -> None:
    """Results of one user are not another's, whoever knows the id of the request."""
    status, _ = await call(strict, "GET", "/sockethub-http/a")
    assert status == 401
    async with request(strict, "POST", "/sockethub-http", [ECHO], X_Request_Id="a", **bearer(ALICE)) as answer:
        assert answer.status == 200
    assert (await call(strict, "GET", "/sockethub-http/a", **bearer(BOB)))[0] == 404
    async with request(strict, "GET", "/sockethub-http/a", **bearer(ALICE)) as answer:
        assert answer.status in (200, 202)
    async with request(strict, "GET", "/livez") as answer:
        assert answer.status == 200


async def test_a_session_by_http_is_begun_with_a_token(strict: House) -> None:
    status, refused = await call(strict, "POST", "/sessions")
    assert (status, refused) == (401, {"error": "authentication failed"})
    status, told = await call(strict, "POST", "/sessions", **bearer(PROVIDER.token(exp=int(time.time()) + 3)))
    assert status == 201
    own = bearer(f"{told['session']}.{told['token']}")
    said = {"id": 1, "event": "message", "data": ECHO}
    async with request(strict, "GET", "/events", **own) as stream:
        assert (await call(strict, "POST", "/messages", said, **own))[0] == 202
        assert (await stream.event())[1]["ack"]["object"]["content"] == "hi"
        await stream.ended()  # with the token
    assert await call(strict, "POST", "/messages", said, **own) == (
        401,
        {"error": "your token has expired; show a new one"},
    )
    assert (await call(strict, "GET", "/events", **own))[0] == 401
    newer = {"id": 2, "event": "authenticate", "data": {"token": PROVIDER.token()}}
    assert (await call(strict, "POST", "/messages", newer, **own))[0] == 202
    async with request(strict, "GET", "/events", Last_Event_ID="1", **own) as stream:
        assert (await stream.event())[1]["ack"]["user"] == "alice"
        assert (await call(strict, "POST", "/messages", said, **own))[0] == 202
        assert (await stream.event())[1]["ack"]["object"]["content"] == "hi"


async def test_a_token_that_expires_ends_the_connection_unless_a_newer_one_comes(strict: House) -> None:
    soon = int(time.time()) + 3
    async with (
        connect(strict.websocket, additional_headers=bearer(PROVIDER.token(exp=soon))) as left,
        ws_client(strict.websocket, additional_headers=bearer(PROVIDER.token(exp=soon))) as renewed,
    ):
        assert (await renewed.ok("authenticate", {"token": PROVIDER.token()}))["expires"] > 200
        assert await closed(left) == (4003, "your token has expired; show a new one")
        assert time.time() >= soon
        await renewed.ok("message", ECHO)


async def test_a_connection_stays_its_users(strict: House) -> None:
    async with ws_client(strict.websocket, additional_headers=bearer(ALICE)) as client:
        for token in (BOB, "wrong", None):
            ack = await client.request("authenticate", {"token": token})
            text = "this connection is another user's: connect anew" if token == BOB else "authentication failed"
            assert ack == {"error": text}
        await client.ok("message", ECHO)


async def test_a_session_is_resumed_by_its_own_user_alone(strict: House) -> None:
    async with ws_client(strict.websocket, additional_headers=bearer(ALICE)) as client:
        told = await client.ok("session")
    again = {"session": told["session"], "token": told["token"], "offset": 0}
    async with connect(strict.websocket) as stranger:
        await stranger.send(json.dumps({"id": 1, "event": "resume", "data": again}))
        assert (await closed(stranger))[0] == 4001
    async with ws_client(strict.websocket, additional_headers=bearer(BOB)) as other:
        assert await other.request("resume", again) == {"recovered": False, "reason": "unknown"}
    async with ws_client(strict.websocket, additional_headers=bearer(ALICE)) as client:
        assert (await client.request("resume", again))["recovered"] is True


async def test_guessing_is_counted_and_locks_nobody_else_out(
    house_of: Make, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neighbours behind one address have failed; who shows what holds is let in all the same."""
    keys = PROVIDER.publish(tmp_path / "jwks.json")
    jwt = {"algorithms": ["ES256"], "jwks_file": str(keys), "audience": AUDIENCE, "issuer": ISSUER}
    asked = STATIC | {"jwt": jwt, "failures": {"count": 3, "seconds": 60}}
    async with house_of(http=True, authentication=asked) as house:
        said = [(await call(house, "POST", "/sessions", **bearer("wrong")))[1]["error"] for _ in range(5)]
        assert (
            said == ["authentication failed"] * 3 + ["too many failed attempts from your address; try again later"] * 2
        )
        async with connect(house.websocket, additional_headers=bearer("wrong")) as socket:
            assert (await closed(socket))[0] == 4001
        for token in (ALICE, BOB, PROVIDER.token(sub="carol")):
            assert (await call(house, "POST", "/sessions", **bearer(token)))[0] == 201
            async with ws_client(house.websocket, additional_headers=bearer(token)) as client:
                await client.ok("message", ECHO)
    assert "".join(capfd.readouterr()).count("a client was refused: authentication failed") == 3  # logs do not fill


BEHIND: dict[str, Any] = {
    "origins": [],
    "authentication": {"user_header": "X-Forwarded-User"},
    "sockets_per_address": 1,
}


async def test_a_trusted_proxy_says_who_and_where_the_client_is(house_of: Make) -> None:
    def seen(user: str, address: str) -> dict[str, Any]:
        return {"additional_headers": {"X-Forwarded-User": user, "X-Forwarded-For": f"6.6.6.6, {address}"}}

    async with (
        house_of(trusted_proxies=["127.0.0.1/32"], platforms=PUBLIC, **BEHIND) as house,
        ws_client(house.websocket, **seen("alice", "203.0.113.7")) as first,
        ws_client(house.websocket, **seen("bob", "203.0.113.8")) as second,
    ):
        await first.ok("message", ECHO)
        await second.ok("message", ECHO)
        async with connect(house.websocket, **seen("carol", "203.0.113.7")) as third:
            assert await closed(third) == (1013, "too many connections from your address")
        async with connect(house.websocket, additional_headers={"X-Forwarded-For": "203.0.113.9"}) as nobody:
            assert (await closed(nobody))[0] == 4001


async def test_a_user_header_of_somebody_else_is_not_believed(house_of: Make) -> None:
    lies = {"X-Forwarded-User": "admin", "X-Forwarded-For": "203.0.113.7"}
    asked = BEHIND["authentication"] | {"seconds": 1}
    settings = BEHIND | {"trusted_proxies": ["192.0.2.0/24"], "platforms": PUBLIC, "authentication": asked}
    async with house_of(http=True, **settings) as house:
        async with connect(house.websocket, additional_headers=lies) as socket:
            assert (await closed(socket))[0] == 4001
        headers = {name.replace("-", "_"): value for name, value in lies.items()}
        assert (await call(house, "POST", "/sessions", **headers))[0] == 401


PAGES: list[tuple[str, dict[str, str], bool]] = [
    ("https://chat.example", {"X-Forwarded-Host": "chat.example", "X-Forwarded-Proto": "https"}, True),
    ("http://chat.example", {"X-Forwarded-Host": "chat.example", "X-Forwarded-Proto": "https"}, False),
    ("https://evil.example", {"X-Forwarded-Host": "chat.example", "X-Forwarded-Proto": "https"}, False),
    ("https://evil.example", {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}, False),
    ("https://chat.example", {}, False),
]


@pytest.mark.parametrize(("origin", "headers", "allowed"), PAGES)
async def test_the_own_host_is_the_one_a_proxy_was_asked_by(
    house_of: Make, origin: str, headers: dict[str, str], allowed: bool
) -> None:
    settings = {"trusted_proxies": ["127.0.0.1/32"], "authentication": "none", "origins": [], "platforms": PUBLIC}
    async with house_of(http=True, hosts=["chat.example"], **settings) as house:
        sent = {name.replace("-", "_"): value for name, value in headers.items()}
        forwarded = {"X_Forwarded_For": "203.0.113.7"} if headers else {}
        status, said = await call(house, "POST", "/sessions", Origin=origin, **sent, **forwarded)
        assert status == (201 if allowed else 403)
        assert allowed or "gateway.hosts" in said["error"]


SESSION_REQUESTS = [("POST", "/messages"), ("GET", "/events"), ("DELETE", "/sessions")]


async def refused(house: House, told: dict[str, Any], **headers: str) -> None:
    """Nothing can be done with a session's token in this way."""
    for method, path in SESSION_REQUESTS:
        body = {"id": "x", "event": "message", "data": ECHO} if method == "POST" else None
        own = f"Bearer {told['session']}.{told['token']}"
        status, said = await call(house, method, path, body, Authorization=own, **headers)
        assert (status, said["error"]) == (401, NOT_ITS_USERS)


async def test_a_session_that_began_by_websocket_is_not_had_by_http(strict: House) -> None:
    """Its token alone does not say who its user is; to resume it, that has to be shown besides."""
    async with ws_client(strict.websocket, additional_headers=bearer(ALICE)) as client:
        told = await client.request("session")
        await refused(strict, told)
        await client.ok("message", ECHO)
    assert len(strict.worker.seen) == 1


async def test_a_session_by_http_goes_on_by_the_token_that_it_was_given(strict: House) -> None:
    status, told = await call(strict, "POST", "/sessions", **bearer(ALICE))
    own = bearer(f"{told['session']}.{told['token']}")
    assert status == 201
    assert (await call(strict, "POST", "/messages", {"id": 1, "event": "message", "data": ECHO}, **own))[0] == 202
    async with request(strict, "GET", "/events", **own) as stream:
        assert (await stream.event())[1]["ack"]["object"]["content"] == "hi"
    assert (await call(strict, "DELETE", "/sessions", **own))[0] == 204


async def test_a_session_of_a_proxys_user_is_no_other_users(house_of: Make) -> None:
    """Nor of somebody whom the proxy has logged out."""
    settings = BEHIND | {"trusted_proxies": ["127.0.0.1/32"], "platforms": PUBLIC, "sockets_per_address": 9}
    async with house_of(http=True, **settings) as house:
        alice = {"X_Forwarded_User": "alice", "X_Forwarded_For": "203.0.113.7"}
        _, told = await call(house, "POST", "/sessions", **alice)
        await refused(house, told, **alice | {"X_Forwarded_User": "bob"})
        await refused(house, told, X_Forwarded_For="203.0.113.7")
        own = f"Bearer {told['session']}.{told['token']}"
        assert (await call(house, "DELETE", "/sessions", Authorization=own, **alice))[0] == 204
        async with ws_client(
            house.websocket, additional_headers={name.replace("_", "-"): value for name, value in alice.items()}
        ) as client:
            told = await client.request("session")
            await refused(house, told, X_Forwarded_For="203.0.113.7")
            own = f"Bearer {told['session']}.{told['token']}"
            sent = {"id": 1, "event": "message", "data": ECHO}
            assert (await call(house, "POST", "/messages", sent, Authorization=own, **alice))[0] == 202


async def test_logs_know_users_by_another_name(strict: House, capfd: pytest.CaptureFixture[str]) -> None:
    async with ws_client(strict.websocket, additional_headers=bearer(ALICE)) as client:
        await client.ok("message", ECHO)
    async with ws_client(strict.websocket, additional_headers=bearer(ALICE)) as client:
        await client.ok("authenticate", {"token": ALICE})
    output = "".join(capfd.readouterr())
    names = [line.split("user=")[1].split()[0] for line in output.splitlines() if "user=" in line]
    assert len(names) == 2
    assert len(set(names)) == 1
    assert "alice" not in output
