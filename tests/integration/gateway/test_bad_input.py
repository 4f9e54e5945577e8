"""Bad input is told, or ends the connection with a documented code; nothing of it is queued."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import dramatiq
import pytest
import redis.asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sockethub import redis_keys
from sockethub.crypto import Binding, KeyRing, RootKey, login_queue, seal
from sockethub.gateway.wsstream import SMALL_BYTES
from sockethub.ipc import inbox_binding
from sockethub.jobs import Envelope, Reply
from sockethub.notices import Notice
from tests.integration.gateway.asking import call
from tests.integration.gateway.conftest import House, Make
from tests.integration.gateway.test_websocket import said
from tests.support.wsclient import WsClient, ws_client

pytestmark = pytest.mark.anyio

LIMIT = 4_096
POLL_SECONDS = 0.01


async def queued(house: House) -> int:
    async with redis.asyncio.Redis.from_url(house.redis_url) as client:
        return sum([await client.xlen(key) async for key in client.scan_iter("queue:*")])


async def frame_error(socket: ClientConnection, text: str) -> str:
    await socket.send(text)
    with anyio.fail_after(5):
        answer = json.loads(await socket.recv())
    assert set(answer) == {"error"}
    error: str = answer["error"]
    return error


FRAMES: list[tuple[str, str]] = [
    ("", "not JSON"),
    ("{", "not JSON"),
    ("NaN", "not JSON"),
    ('{"id":1,"event":"message","data":"\\ud800"}', "not JSON"),
    ("[]", "a frame is a JSON object"),
    ("{}", "/event: must name an event"),
    ('{"event": 3}', "/event: must name an event"),
    ('{"id": {}, "event": "message"}', "/id: must be a string or an integer"),
    ('{"id": 1, "event": "message", "data": ' + "[" * 100 + "]" * 100 + "}", "nested more than 64 levels deep"),
]


@pytest.mark.parametrize(("text", "error"), FRAMES)
async def test_a_malformed_frame_is_told_and_the_connection_lives(house: House, text: str, error: str) -> None:
    async with connect(house.websocket) as socket:
        assert error in await frame_error(socket, text)
        await socket.send(json.dumps({"id": 7, "event": "message", "data": said()}))
        assert json.loads(await socket.recv())["id"] == 7


ACTIVITIES: list[tuple[Any, str]] = [
    (None, "message received is not an object."),
    ("text", "message received is not an object."),
    ({}, "must contain an @context array"),
    (said(context="nope"), "platform nope resolved from @context is not enabled"),
    (said(context=3), "/context: must name the platform"),
    (said("nope"), "platform type nope not supported by dummy platform. (types: echo"),
    (said(content=3), "[dummy] /object/content: must be string"),
    (said(foo=1), "[dummy] activity stream: must NOT have additional properties: foo"),
    (said(object={"type": "nope", "content": ""}), "[dummy] /object/type: must be one of: message, note, me, notice"),
    (said(published="yesterday"), "[dummy] /published: must be RFC 3339 date and time"),
    ({key: value for key, value in said().items() if key != "actor"}, "must contain an actor property"),
    ({key: value for key, value in said().items() if key != "object"}, "must have required property 'object'"),
    (
        {"type": "connect", "context": "irc", "actor": {"id": "bob@irc.example"}},
        "credentials not found for irc:bob@irc.example",
    ),
    ({"type": "credentials", "context": "irc", "actor": {"id": "bob"}, "object": {"password": "hush"}}, "/type:"),
]


@pytest.mark.parametrize(("activity", "error"), ACTIVITIES)
async def test_a_refused_command_is_told_and_nothing_is_queued(house: House, activity: Any, error: str) -> None:
    async with ws_client(house.websocket) as client:
        ack = await client.request("message", activity)
        assert error in ack["error"]
        assert "hush" not in json.dumps(ack)
        assert await queued(house) == 0
        assert not house.worker.seen
        await client.ok("message", said())


async def test_refused_credentials_are_not_sent_back(house: House) -> None:
    secret = {"type": "credentials", "nick": 3, "server": "irc.example", "password": "hush"}
    activity = {"type": "credentials", "context": "irc", "actor": {"id": "bob"}, "object": secret}
    async with ws_client(house.websocket) as client:
        ack = await client.request("credentials", activity)
    assert "/object/nick" in ack["error"]
    assert "hush" not in json.dumps(ack)


async def test_an_unknown_event_is_told(house: House) -> None:
    async with ws_client(house.websocket) as client:
        ack = await client.request("nonsense", {})
    assert "unknown event" in ack["error"]


async def closed(socket: ClientConnection) -> int | None:
    with anyio.fail_after(10):
        await socket.wait_closed()
    return socket.close_code


async def test_a_frame_that_is_too_long_ends_the_connection(house_of: Make) -> None:
    async with house_of(max_message_bytes=LIMIT) as house, connect(house.websocket) as socket:
        await socket.send("x" * (LIMIT + 1))
        assert await closed(socket) == 1009
        assert await queued(house) == 0


async def test_bytes_count_not_characters(house_of: Make) -> None:
    async with house_of(max_message_bytes=LIMIT) as house, connect(house.websocket) as socket:
        frame = {"id": 1, "event": "message", "data": said(content="é" * (LIMIT // 2))}
        await socket.send(json.dumps(frame, ensure_ascii=False))
        ack = json.loads(await socket.recv())["ack"]
        assert "bytes, at most 4096 are allowed" in ack["error"]
        await socket.send(json.dumps({"id": 2, "event": "message", "data": said()}))
        assert json.loads(await socket.recv())["id"] == 2


async def test_binary_frames_end_the_connection(house: House) -> None:
    for data in (b"{}", b""):
        async with connect(house.websocket) as socket:
            await socket.send(data)
            assert await closed(socket) == 1003


async def test_a_message_in_many_pieces_is_one_message_and_in_too_many_it_is_none(house_of: Make) -> None:
    async with house_of(max_message_bytes=500_000) as house:
        text = json.dumps({"id": 1, "event": "message", "data": said()})
        async with connect(house.websocket) as socket:
            await socket.send([*text, *" " * 500])
            assert json.loads(await socket.recv())["id"] == 1
        async with connect(house.websocket) as socket:
            await socket.send([text, *[" " * SMALL_BYTES] * 1_500])
            assert json.loads(await socket.recv())["id"] == 1, "of a size that networks send them in"
        async with connect(house.websocket) as socket:
            with suppress(ConnectionClosed):
                await socket.send([*text, *" " * 20_000])
            assert await closed(socket) == 1008
        assert await queued(house) == 0


async def test_a_flood_of_pings_keeps_nobody_else_waiting(house: House) -> None:
    async with connect(house.websocket) as socket, ws_client(house.websocket) as other:
        with suppress(ConnectionClosed):
            for _ in range(5_000):
                await socket.ping()
        await other.ok("message", said())
        assert await closed(socket) == 1008


async def test_compression_is_never_agreed_to(house: House) -> None:
    async with connect(house.websocket, compression="deflate") as socket:
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers
        bomb = zlib.compress(b"0" * 1_000_000)
        assert len(bomb) < 2_000  # what would be sent, were it agreed to


async def test_a_flood_is_blocked_for_a_while(house_of: Make) -> None:
    rate = {"events": 5, "seconds": 60, "block_seconds": 0.2}
    async with house_of(rate=rate) as house, ws_client(house.websocket) as client:
        for _ in range(5):
            await client.ok("message", said())
        ack = await client.request("message", said())
        assert ack["error"] == "rate limit exceeded, temporarily blocked"
        assert (await client.message(lambda event: event["type"] == "Error"))["summary"] == ack["error"]
        assert len(house.worker.seen) == 5
        with anyio.fail_after(5):
            while (await client.request("message", said())).get("error"):  # noqa: ASYNC110 - polled, with a deadline
                await anyio.sleep(POLL_SECONDS)


async def test_malformed_frames_count_as_events(house_of: Make) -> None:
    rate = {"events": 5, "seconds": 60, "block_seconds": 60}
    async with house_of(rate=rate) as house, connect(house.websocket) as socket:
        errors = [await frame_error(socket, "{") for _ in range(5)]
        assert all("not JSON" in error for error in errors)
        await socket.send("{")
        frames = [json.loads(await socket.recv()) for _ in range(2)]
        assert {"error": "rate limit exceeded, temporarily blocked"} in frames


async def test_too_many_commands_at_once_are_refused(house_of: Make) -> None:
    async with house_of(pending_commands=3) as house, ws_client(house.websocket) as client:
        house.worker.hold = anyio.Event()
        futures = [await client.send("message", said()) for _ in range(3)]
        ack = await client.request("message", said())
        assert "3 commands already await their reply" in ack["error"]
        house.worker.hold.set()
        for future in futures:
            assert "error" not in await future


async def test_commands_of_too_many_bytes_at_once_are_refused(house_of: Make) -> None:
    async with house_of(pending_bytes=10_000) as house, ws_client(house.websocket) as client:
        house.worker.hold = anyio.Event()
        large = said("echo", "x" * 6_000)
        first = await client.send("message", large)
        ack = await client.request("message", large)
        assert "bytes already await their reply, and at most 10000 may" in ack["error"]
        house.worker.hold.set()
        told = await first
        assert "error" not in told
        assert told["object"]["content"] == "x" * 6_000
        await client.ok("message", large)


async def test_a_large_command_that_fails_is_given_back_whole(house: House) -> None:
    async with ws_client(house.websocket) as client:
        ack = await client.request("message", {**said("fail", "x" * 6_000), "id": "one"})
        assert ack["id"] == "one"
        assert ack["object"]["content"] == "x" * 6_000
        assert ack["error"]


async def test_too_many_connections_from_one_address_are_refused(house_of: Make) -> None:
    async with house_of(sockets_per_address=1) as house, ws_client(house.websocket) as first:
        async with connect(house.websocket) as second:
            assert await closed(second) == 1013
        await first.ok("message", said())


async def _send_until_closed(socket: ClientConnection, text: str) -> None:
    try:
        while True:
            await socket.send(text)
    except ConnectionClosed:
        return


async def test_a_client_that_does_not_read_is_closed(house_of: Make) -> None:
    loose = {"events": 1_000_000, "seconds": 1, "block_seconds": 0.1}
    async with house_of(outbox_bytes=65_536, rate=loose) as house:
        async with connect(house.websocket, max_queue=1) as socket:
            text = json.dumps({"id": 1, "event": "message", "data": said("nope", "x" * 200_000)})
            with anyio.fail_after(30):
                await _send_until_closed(socket, text)
        async with ws_client(house.websocket) as other:
            await other.ok("message", said())


ORIGINS: list[tuple[Callable[[House], str], bool]] = [
    (lambda house: house.url, True),
    (lambda house: f"http://localhost:{house.port}", False),
    (lambda house: "https://chat.example", True),
    (lambda house: "https://chat.example.evil.example", False),
    (lambda house: "http://chat.example", False),
    (lambda house: "null", False),
]


@pytest.mark.parametrize("path", ["/ws", "/sockethub/?EIO=4&transport=websocket"])
@pytest.mark.parametrize(("origin", "allowed"), ORIGINS)
async def test_only_declared_origins_connect(
    house_of: Make, origin: Callable[[House], str], allowed: bool, path: str
) -> None:
    async with house_of(origins=["https://chat.example"]) as house:
        url = f"ws://127.0.0.1:{house.port}{path}"
        if allowed:
            async with connect(url, origin=origin(house)):  # type: ignore[arg-type]
                return
        with pytest.raises(InvalidStatus) as refused:
            async with connect(url, origin=origin(house)):  # type: ignore[arg-type]
                pass
        assert refused.value.response.status_code == 403


async def test_who_asks_for_what_is_not_there_is_told(house: House) -> None:
    assert await call(house, "GET", "/ws") == (
        400,
        {"error": "this is for WebSocket: there is no Upgrade in the request"},
    )
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://127.0.0.1:{house.port}/elsewhere"):
            pass
    assert refused.value.response.status_code == 404


async def test_a_page_that_is_not_let_in_is_logged_with_the_remedy(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InvalidStatus):
        async with connect(f"ws://127.0.0.1:{house.port}/ws", origin="http://mine.example"):  # type: ignore[arg-type]
            pass
    out = "".join(capsys.readouterr())
    assert "`gateway.origins` does not name it" in out
    assert "http://mine.example" in out


async def test_a_name_that_was_pointed_here_is_no_origin_of_ours(house: House) -> None:
    headers = {"Host": f"rebound.example:{house.port}"}
    origin: Any = f"http://rebound.example:{house.port}"
    with pytest.raises(InvalidStatus):
        async with connect(house.websocket, origin=origin, additional_headers=headers):
            pass


async def remaining(store: redis.asyncio.Redis) -> list[bytes]:
    return [key for pattern in ("session:*", "login:*") async for key in store.scan_iter(pattern)]


async def test_nothing_of_a_session_remains(house: House) -> None:
    credentials = {
        "type": "credentials",
        "context": "irc",
        "actor": {"id": "bob", "type": "person"},
        "object": {"type": "credentials", "nick": "bob", "server": "irc.example", "password": "hush"},
    }
    async with redis.asyncio.Redis.from_url(house.redis_url) as store:
        async with ws_client(house.websocket) as client:
            await client.ok("credentials", credentials)
            keys = [key async for key in store.scan_iter("session:*")]
            assert len(keys) == 1
            assert keys[0].startswith(b"session:{")
            assert b"hush" not in b"".join((await store.hgetall(keys[0])).values())
            assert await store.ttl(keys[0]) > 0
        with anyio.fail_after(5):
            while await remaining(store):  # noqa: ASYNC110 - polled, with a deadline
                await anyio.sleep(POLL_SECONDS)


def anonymous(nick: str) -> dict[str, Any]:
    return {
        "type": "credentials",
        "context": "irc",
        "actor": {"id": nick, "type": "person"},
        "object": {"type": "credentials", "nick": nick, "server": "irc.example"},
    }


async def logins(store: redis.asyncio.Redis) -> set[bytes]:
    return {key async for key in store.scan_iter("login:*:attached")}


async def test_who_has_no_password_gets_the_same_login_back_but_never_another_clients(house: House) -> None:
    async with redis.asyncio.Redis.from_url(house.redis_url) as store:
        async with ws_client(house.websocket) as first:
            await first.ok("credentials", anonymous("ann"))
            (one,) = await logins(store)
            await first.ok("credentials", anonymous("ann"))
            assert await logins(store) == {one}
            async with ws_client(house.websocket) as second:
                await second.ok("credentials", anonymous("ann"))
                assert len(await logins(store)) == 2
        with anyio.fail_after(5):
            while await logins(store):  # noqa: ASYNC110 - polled, with a deadline
                await anyio.sleep(POLL_SECONDS)
        async with ws_client(house.websocket) as again:
            await again.ok("credentials", anonymous("ann"))
            assert await logins(store) == {one}


async def test_the_same_password_is_the_same_login(house: House) -> None:
    def known(password: str) -> dict[str, Any]:
        activity = anonymous("ann")
        activity["object"]["password"] = password
        return activity

    async with (
        redis.asyncio.Redis.from_url(house.redis_url) as store,
        ws_client(house.websocket) as first,
        ws_client(house.websocket) as second,
        ws_client(house.websocket) as third,
    ):
        await first.ok("credentials", known("hush"))
        await second.ok("credentials", known("hush"))
        assert len(await logins(store)) == 1
        await third.ok("credentials", known("guess"))
        assert len(await logins(store)) == 2


async def test_a_notice_of_failure_answers_what_waits_when_a_supervisor_wrote_it(house: House) -> None:
    """Workers may write into the inbox too: one that was taken over holds its own login's key, and may try any."""
    async with redis.asyncio.Redis.from_url(house.redis_url) as store, ws_client(house.websocket) as client:
        await client.ok("credentials", anonymous("ann"))
        waiting = await _connect(client)
        login, gateway = await _requested(store)
        forged, elsewhere = Notice("failed", "forged"), Notice("failed", "of another")
        of_worker = seal(
            house.keys.login_key("irc", login), b'["failed", "forged"]', Binding("notice", login=login, id=gateway)
        )
        notices: list[Any] = [
            {"kind": "login", "login": login, "state": "failed", "text": "forged"},
            {"kind": "login", "login": login, "data": of_worker},
            forged.to_fields(KeyRing(RootKey.new(0)), login=login, gateway=gateway),
            {**elsewhere.to_fields(house.keys, login="other", gateway=gateway), "login": login},
            elsewhere.to_fields(house.keys, login=login, gateway="other"),
            Notice("failed", "no room").to_fields(house.keys, login=login, gateway=gateway),
        ]
        for notice in notices:
            await store.xadd(redis_keys.inbox(gateway), notice)
        with anyio.fail_after(5):
            assert (await waiting)["error"] == "no room"
        assert await queued(house) == 0


async def test_what_the_worker_of_another_login_says_in_its_name_is_dropped(house: House) -> None:
    """Though it had found out every id there is."""
    async with redis.asyncio.Redis.from_url(house.redis_url) as store, ws_client(house.websocket) as client:
        await client.ok("credentials", anonymous("ann"))
        waiting = await _connect(client)
        login, gateway = await _requested(store)
        queue: Any = await store.xrange(redis_keys.queue(login_queue("irc", login)))
        [(_, entry)] = queue
        message: dramatiq.Message[Any] = dramatiq.Message.decode(entry[b"m"])
        job, session = message.message_id, Envelope.from_kwargs(message.kwargs).session
        key = house.keys.login_key("irc", "other")
        event = json.dumps({"activity": {"type": "send", "context": "irc", "actor": {"id": "forger"}}}).encode()
        forgeries: list[Any] = [
            {
                "kind": "reply",
                "session": session,
                "login": login,
                "job": job,
                "data": Reply("result").seal(key, job_id=job, session=session, login=login),
            },
            {
                "kind": "event",
                "platform": "irc",
                "login": login,
                "id": "record",
                "data": seal(key, event, inbox_binding(login, "record")),
            },
        ]
        for forgery in forgeries:
            await store.xadd(redis_keys.inbox(gateway), forgery)
        notice: Any = Notice("failed", "no room").to_fields(house.keys, login=login, gateway=gateway)
        await store.xadd(redis_keys.inbox(gateway), notice)
        with anyio.fail_after(5):
            assert (await waiting)["error"] == "no room"
        assert "forger" not in json.dumps(client.events)


async def _requested(store: redis.asyncio.Redis) -> tuple[str, str]:
    """The login that supervisors were asked for, and the gateway that did."""
    requests: Any = []
    with anyio.fail_after(5):
        while not (requests := await store.xrange(redis_keys.SUPERVISOR_REQUESTS)):  # noqa: ASYNC110 - polled, with a deadline
            await anyio.sleep(POLL_SECONDS)
    fields = requests[0][1]
    assert fields[b"platform"] == b"irc"
    return fields[b"login"].decode(), fields[b"gateway"].decode()


async def _connect(client: WsClient) -> Any:
    return await client.send("message", {"type": "connect", "context": "irc", "actor": {"id": "ann", "type": "person"}})
