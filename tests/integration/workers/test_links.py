"""Events on their way from a worker to gateways: the gateway's end is the real one."""

from __future__ import annotations

import asyncio
import json
import os
import socket as socketlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest
import redis.asyncio

from sockethub import redis_keys
from sockethub.crypto import KeyRing, RootKey, Secret, seal, unseal
from sockethub.gateway.events import EventServer
from sockethub.gateway.inbox import Inbox
from sockethub.gateway.tasks import Tasks
from sockethub.ipc import NONCE_BYTES, Event, event_binding, frame, inbox_binding, machine_id
from sockethub.jobs import connected, linked
from sockethub.worker import links
from sockethub.worker.links import GatewayLinks
from sockethub.worker.spec import WorkerSpec
from tests.support.redis import PASSWORD, run_mortal_redis
from tests.support.streamserver import unix_server
from tests.support.tcpproxy import proxy_to

pytestmark = pytest.mark.anyio

LOGIN, PLATFORM, GATEWAY = "ann", "parrot", "gw"
KEYS = KeyRing(RootKey.new(0))
KEY = KEYS.login_key(PLATFORM, LOGIN)


class Ear:
    """In the place of the gateway's router: hears what was opened, and who said it."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []

    def event(self, platform: str, login: str, plaintext: bytes) -> None:
        self.heard.append((login, json.loads(plaintext)["activity"]["n"]))


def numbered(number: int, **members: Any) -> Event:
    return Event(activity={"n": number, **members})


def spec(url: str) -> WorkerSpec:
    return WorkerSpec(PLATFORM, "persistent", "a:B", LOGIN, "queue", "one", Secret(url), Secret(KEY))


async def until(condition: Callable[[], Any]) -> None:
    with anyio.fail_after(5):
        while not condition():  # noqa: ASYNC110 - a socket's other end tells nobody
            await anyio.sleep(0.005)


@asynccontextmanager
async def gateway(client: redis.asyncio.Redis) -> AsyncIterator[tuple[Ear, Path]]:
    """A gateway's end, announced."""
    ear = Ear()
    async with EventServer(cast(Any, {PLATFORM}), KEYS, cast(Any, ear)).listening() as path:
        await announce(client, path)
        yield ear, path


async def announce(client: redis.asyncio.Redis, path: Path | str, machine: str | None = None) -> None:
    alive = {"ipc": str(path), "machine": machine or machine_id()}
    await client.set(redis_keys.gateway_alive(GATEWAY), json.dumps(alive))


Gone = list[tuple[str, list[int]]]


@asynccontextmanager
async def worker(
    url: str, gone: Gone | None = None, certain: Callable[[], Awaitable[None]] = anyio.lowlevel.checkpoint
) -> AsyncIterator[GatewayLinks]:
    """A worker's end, told of the gateway."""

    def note(gateway: str, left: Sequence[Event]) -> None:
        assert gone is not None, "the gateway lives"
        gone.append((gateway, [event.activity["n"] for event in left if event.activity is not None]))

    def lost(count: int) -> Event:
        return Event(activity={"n": -count})

    async with linked(url) as link, anyio.create_task_group() as tasks:
        ends = GatewayLinks(spec(url), link, tasks, gone=note, lost=lost, certain=certain)
        ends.set_gateways({GATEWAY})
        yield ends
        ends.set_gateways(set())


async def test_events_arrive_in_order(redis_url: str) -> None:
    async with connected(redis_url) as client, gateway(client) as (ear, _), worker(redis_url) as ends:
        for number in range(500):
            ends.emit(numbered(number))
        await until(lambda: len(ear.heard) == 500)
        assert ear.heard == [(LOGIN, number) for number in range(500)]
        assert not await client.exists(redis_keys.inbox(GATEWAY)), "none took the long way"


async def test_nothing_is_told_of_a_login_that_another_may_have(redis_url: str) -> None:
    sure = anyio.Event()
    async with (
        connected(redis_url) as client,
        gateway(client) as (ear, _),
        worker(redis_url, certain=sure.wait) as ends,
    ):
        ends.emit(numbered(1))
        await anyio.sleep(0.1)
        assert not ear.heard
        sure.set()
        await until(lambda: ear.heard)


async def test_a_gateway_elsewhere_gets_them_through_redis_sealed(redis_url: str) -> None:
    async with connected(redis_url) as client, worker(redis_url) as ends:
        await announce(client, "/nowhere", machine="another")
        await client.config_resetstat()
        for number in range(20):
            ends.emit(numbered(number, content="canary-words"))
        await ends.drain(5)
        entries: Any = await client.xrange(redis_keys.inbox(GATEWAY))
        numbers = []
        for _, fields in entries:
            assert b"canary-words" not in b"".join(fields.values())
            numbers.append(json.loads(opened(fields))["activity"]["n"])
        assert numbers == list(range(20))
        asked: Any = await client.info("commandstats")
        assert asked["cmdstat_get"]["calls"] <= 3, "where a gateway is, is not asked for each event"


async def test_events_wait_while_there_is_neither_socket_nor_redis() -> None:
    with run_mortal_redis() as server:
        async with connected(server.url) as client, worker(server.url) as ends:
            await announce(client, "/nowhere", machine="another")
            await client.config_set("maxmemory", 1)
            for number in range(20):
                ends.emit(numbered(number))
            await ends.drain(0.3)
            await client.config_set("maxmemory", 0)
            assert not await client.exists(redis_keys.inbox(GATEWAY))
            await ends.drain(5)
            entries: Any = await client.xrange(redis_keys.inbox(GATEWAY))
            assert [json.loads(opened(fields))["activity"]["n"] for _, fields in entries] == list(range(20))


def opened(fields: dict[bytes, bytes]) -> bytes:
    return unseal(KEY, fields[b"data"], inbox_binding(LOGIN, fields[b"id"].decode()))


async def test_a_gateway_that_is_left_meanwhile_holds_nobody_up() -> None:
    with run_mortal_redis() as server:
        async with connected(server.url) as client:
            async with worker(server.url) as ends:
                await announce(client, "/nowhere", machine="another")
                await client.config_set("maxmemory", 1)
                ends.emit(numbered(1))
                await ends.drain(0.1)
                ends.set_gateways(set())
            await client.config_set("maxmemory", 0)
            assert not await client.exists(redis_keys.inbox(GATEWAY))


async def test_an_event_of_which_nobody_knows_whether_it_was_put_there_is_taken_once() -> None:
    """What Redis says to the first is lost, with the connection; the inbox has it twice."""
    with run_mortal_redis() as server:
        async with (
            proxy_to(str(server.socket)) as proxy,
            connected(server.url) as client,
            linked(server.url, blocking=True) as link,
            worker(f"redis://:{PASSWORD}@{proxy.host}:{proxy.port}/0") as ends,
        ):
            await announce(client, "/nowhere", machine="another")
            ends.emit(numbered(0))
            await ends.drain(5)

            async def watch(outward: bool, data: bytes) -> bytes:
                if outward:
                    return data
                proxy.watch = None
                proxy.cut()
                return b""

            proxy.watch = watch
            for number in range(1, 4):
                ends.emit(numbered(number))
            await ends.drain(5)
            entries: Any = await client.xrange(redis_keys.inbox(GATEWAY))
            assert [json.loads(opened(fields))["activity"]["n"] for _, fields in entries] == [0, 1, 1, 2, 3]
            ear = Ear()
            inbox = Inbox(link, GATEWAY, cast(Any, {PLATFORM}), KEYS, cast(Any, ear), cast(Any, None), Tasks())
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(inbox.run)
                await until(lambda: (LOGIN, 3) in ear.heard)
                tasks.cancel_scope.cancel()
            assert ear.heard == [(LOGIN, number) for number in range(4)]


async def test_a_gateway_that_hangs_up_is_found_again(redis_url: str) -> None:
    heard: list[bytes] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(os.urandom(NONCE_BYTES))
        heard.append(await reader.read(100))
        if len(heard) > 1:
            await reader.read()

    async with unix_server(accept) as path, connected(redis_url) as client, worker(redis_url) as ends:
        await announce(client, path)
        ends.emit(numbered(1))
        await until(lambda: len(heard) == 2)  # the second time at once, before there is anything to say


@pytest.mark.parametrize("killed", [True, False])
async def test_a_gateway_that_has_died_is_noticed_at_once(redis_url: str, tmp_path: Path, killed: bool) -> None:
    """One that is killed leaves its socket behind."""
    gone: Gone = []
    path = tmp_path / "events.sock"
    async with connected(redis_url) as client, worker(redis_url, gone) as ends:
        async with gateway(client) as (ear, socket):
            await announce(client, path)
            path.symlink_to(socket)
            ends.emit(numbered(1))
            await until(lambda: ear.heard)
            if killed:
                path.unlink()
                with socketlib.socket(socketlib.AF_UNIX) as nobody:
                    nobody.bind(str(path))
        await until(lambda: gone)
        assert gone == [(GATEWAY, [])]


async def test_one_that_died_with_something_unread_is_noticed_too(redis_url: str) -> None:
    """The kernel ends such a connection with an error; what comes after it is nobody's, and is handed back."""
    gone: Gone = []
    greeted: list[asyncio.StreamWriter] = []

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a socket, which has it
        writer.write(os.urandom(NONCE_BYTES))
        greeted.append(writer)
        await anyio.sleep_forever()

    async with connected(redis_url) as client, worker(redis_url, gone) as ends:
        async with unix_server(accept) as path:
            await announce(client, path)
            ends.emit(numbered(1, content="x" * 100_000))  # what is written after the kernel has had enough waits here
            await until(lambda: greeted)
            await anyio.sleep(0.1)
        for number in (2, 3):
            ends.emit(numbered(number))
        await until(lambda: gone)
        ((gateway_, left),) = gone
        assert gateway_ == GATEWAY
        assert left[-2:] == [2, 3]
        assert not await client.exists(redis_keys.inbox(GATEWAY)), "nobody reads it any more"


async def test_what_a_gateway_that_is_given_up_was_not_given(redis_url: str) -> None:
    gone: Gone = []
    async with connected(redis_url) as client, worker(redis_url, gone) as ends:
        await announce(client, "/nonexistent/events.sock")
        for number in range(3):
            ends.emit(numbered(number))
        left = ends.abandon(GATEWAY)
        assert [event.activity["n"] for event in left if event.activity is not None] == [0, 1, 2]
        await ends.drain(5)
    assert gone == [], "it is told once"


async def test_what_a_dead_gateway_was_not_given_is_handed_back(redis_url: str) -> None:
    gone: Gone = []
    async with connected(redis_url) as client, worker(redis_url, gone) as ends:
        await announce(client, "/nonexistent/events.sock")
        for number in range(3):
            ends.emit(numbered(number))
        await until(lambda: gone)
        assert gone == [(GATEWAY, [0, 1, 2])]
        assert not await client.exists(redis_keys.inbox(GATEWAY))


async def test_a_gateway_hears_how_much_it_was_not_told(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "WAITING_EVENTS", 10)
    async with connected(redis_url) as client, gateway(client) as (ear, _), worker(redis_url) as ends:
        for number in range(25):  # nothing runs meanwhile
            ends.emit(numbered(number))
        await until(lambda: len(ear.heard) == 11)
        ends.emit(numbered(25))
        await until(lambda: len(ear.heard) >= 12)
        assert [number for _, number in ear.heard] == [-15, *range(10), 25]


async def test_a_gateway_that_does_not_read_holds_nobody_up(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "WRITE_SECONDS", 0.2)

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(os.urandom(NONCE_BYTES))
        await anyio.sleep_forever()  # and never a word read

    async with unix_server(accept, limit=1024) as path, connected(redis_url) as client, worker(redis_url) as ends:
        await announce(client, path)
        for number in range(links.WAITING_EVENTS + 100):
            ends.emit(numbered(number, content="x" * 1_000))
        await ends.drain(5)
        assert await client.xlen(redis_keys.inbox(GATEWAY)) > 100, "the rest took the long way"


async def test_a_gateway_that_says_nothing_is_left_again(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "CONNECT_SECONDS", 0.1)
    left = anyio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""
        left.set()

    async with unix_server(accept) as path, connected(redis_url) as client, worker(redis_url) as ends:
        await announce(client, path)
        ends.emit(numbered(1))
        await ends.drain(5)
        with anyio.fail_after(5):
            await left.wait()
        assert await client.xlen(redis_keys.inbox(GATEWAY)) == 1


def sealed(nonce: bytes, sequence: int, key: bytes = KEY, login: str = LOGIN) -> bytes:
    return seal(key, numbered(sequence).encode(), event_binding(login, nonce, sequence))


def altered(record: bytes) -> bytes:
    return record[:-1] + bytes([record[-1] ^ 1])


FORGERIES: dict[str, Callable[[bytes], bytes]] = {
    "altered": lambda nonce: altered(sealed(nonce, 1)),
    "repeated": lambda nonce: sealed(nonce, 0),
    "out of order": lambda nonce: sealed(nonce, 2),
    "of another connection": lambda nonce: sealed(bytes(NONCE_BYTES), 1),
    "with another login's key": lambda nonce: sealed(nonce, 1, key=KEYS.login_key(PLATFORM, "ben")),
    "in another login's name": lambda nonce: sealed(nonce, 1, login="ben"),
    "meant for an inbox": lambda nonce: seal(KEY, numbered(1).encode(), inbox_binding(LOGIN, "1")),
    "in the clear": lambda nonce: numbered(1).encode(),
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_what_is_not_the_logins_next_event_is_refused(redis_url: str, forgery: str) -> None:
    async with connected(redis_url) as client, gateway(client) as (ear, path):
        reader, writer = await asyncio.open_unix_connection(path)
        nonce = await reader.readexactly(NONCE_BYTES)
        writer.write(frame(json.dumps({"platform": PLATFORM, "login": LOGIN}).encode()))
        writer.write(frame(sealed(nonce, 0)))
        writer.write(frame(FORGERIES[forgery](nonce)))
        writer.write(frame(sealed(nonce, 1)))  # what would have been next comes too late
        with anyio.fail_after(5):
            assert await reader.read() == b"", "the gateway hangs up"
        writer.close()
        assert ear.heard == [(LOGIN, 0)]


@pytest.mark.parametrize("alive", [b"[]", b"5", b"{", b'{"machine":1,"ipc":[]}'])
async def test_a_sign_of_life_that_makes_no_sense_is_none(redis_url: str, alive: bytes) -> None:
    """Where Redis has no users for workers, each of them may have written it: the event takes the long way."""
    async with connected(redis_url) as client, worker(redis_url) as ends:
        await client.set(redis_keys.gateway_alive(GATEWAY), alive)
        ends.emit(numbered(1))
        with anyio.fail_after(5):
            while not await client.xlen(redis_keys.inbox(GATEWAY)):  # noqa: ASYNC110 - polled, with a deadline
                await anyio.sleep(0.005)
