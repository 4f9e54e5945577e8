"""What processes of one platform have in common, through a real Redis: each :class:`RedisCommons` stands for one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
import redis.asyncio

from sockethub import redis_keys
from sockethub.commons import PauseWanted, Room
from sockethub.crypto import Secret, new_key
from sockethub.jobs import RedisLink, connect, linked
from sockethub.worker import commons
from sockethub.worker.commons import RedisCommons
from sockethub.worker.spec import WorkerSpec
from tests.support.redis import run_mortal_redis

pytestmark = pytest.mark.anyio

KEY = new_key()
ROOM = Room(1_000_000, 10, 60)
URL = "https://news.example/secret-feed"


def process(link: RedisLink, key: bytes = KEY, platform: str = "feeds") -> RedisCommons:
    spec = WorkerSpec(platform, "stateless", "", platform, platform, "c", Secret("unused"), Secret(key))
    return RedisCommons(spec, link)


@pytest.fixture
async def link(redis_url: str) -> AsyncIterator[RedisLink]:
    async with linked(redis_url) as made:
        yield made


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[redis.asyncio.Redis]:
    async with connect(redis_url) as made:
        yield made


async def test_what_one_keeps_all_have(link: RedisLink) -> None:
    one, two = process(link), process(link)
    assert await one.kept(URL) is None
    await one.keep(URL, b"page", ROOM)
    assert await two.kept(URL) == b"page"
    assert await two.kept(URL + "x") is None
    await two.keep(URL, b"newer", ROOM)
    assert await one.kept(URL) == b"newer"
    await two.forget(URL)
    assert await one.kept(URL) is None
    await two.forget(URL)


async def test_nobody_else_reads_it_or_what_it_is_about(link: RedisLink, client: redis.asyncio.Redis) -> None:
    await process(link).keep(URL, b"the page itself", ROOM)
    assert await process(link, new_key()).kept(URL) is None
    assert await process(link, KEY, "metadata").kept(URL) is None
    everything = b""
    async for key in client.scan_iter("*"):
        everything += key + await client.dump(key)  # type: ignore[no-untyped-call]
    for secret in (b"the page", b"news.example", b"secret-feed"):
        assert secret not in everything


async def test_a_record_that_was_moved_or_altered_is_none(link: RedisLink, client: redis.asyncio.Redis) -> None:
    one = process(link)
    await one.keep("a", b"A", ROOM)
    await one.keep("b", b"B", ROOM)
    records = redis_keys.kept("feeds")[0]
    (first, sealed), (second, other) = (await client.hgetall(records)).items()  # type: ignore[misc]
    await client.hset(records, mapping={first: other, second: sealed[:-1] + bytes([sealed[-1] ^ 1])})  # type: ignore[misc]
    assert [await one.kept(name) for name in "ab"] == [None, None]


async def test_room_is_bounded_by_bytes_and_by_entries(link: RedisLink, client: redis.asyncio.Redis) -> None:
    one = process(link)
    overhead = 29  # of sealing: version, nonce, tag
    room = Room(3 * (100 + overhead), 10, 60)
    for name in "abc":
        await one.keep(name, bytes(100), room)
    assert await one.kept("a") is not None
    await one.keep("d", bytes(100), room)
    assert [name for name in "abcd" if await one.kept(name)] == ["a", "c", "d"], "the one not used for longest goes"
    assert int(await client.get(redis_keys.kept("feeds")[2]) or 0) == 3 * (100 + overhead)
    await one.keep("huge", bytes(1_000), room)
    assert [name for name in ("a", "c", "d", "huge") if await one.kept(name)] == ["a", "c", "d"]
    for number in range(20):
        await one.keep(str(number), b"x", Room(1_000_000, 5, 60))
    assert await client.hlen(redis_keys.kept("feeds")[0]) == 5  # type: ignore[misc]
    assert await client.zcard(redis_keys.kept("feeds")[1]) == 5
    assert int(await client.get(redis_keys.kept("feeds")[2]) or 0) == 5 * (1 + overhead)


async def test_what_nobody_uses_ends(link: RedisLink, client: redis.asyncio.Redis) -> None:
    one = process(link)
    await one.keep("a", b"A", ROOM)
    assert {await client.ttl(key) for key in redis_keys.kept("feeds")} == {60}
    await client.zadd(redis_keys.kept("feeds")[1], dict.fromkeys(await client.hkeys(redis_keys.kept("feeds")[0]), 0))  # type: ignore[misc]
    await one.keep("b", b"B", ROOM)
    assert [await one.kept(name) for name in "ab"] == [None, b"B"]


async def test_a_part_that_the_server_threw_away(link: RedisLink, client: redis.asyncio.Redis) -> None:
    for gone in redis_keys.kept("feeds"):
        one = process(link)
        await one.keep("a", b"A", ROOM)
        await client.delete(gone)
        await one.keep("b", b"B", ROOM)
        assert await one.kept("b") == b"B"
        assert await client.hlen(redis_keys.kept("feeds")[0]) == 1  # type: ignore[misc]


class Crowd:
    """Visitors of one host and how many are there at once."""

    def __init__(self) -> None:
        self.order: list[int] = []
        self.inside = 0
        self.most = 0

    async def visit(self, one: RedisCommons, number: int, pause: float = 0.005) -> None:
        async with one.place("host", 3, 60):
            self.order.append(number)
            self.inside += 1
            self.most = max(self.most, self.inside)
            await anyio.sleep(pause)
            self.inside -= 1


async def test_places_are_bounded_over_all_processes(link: RedisLink, client: redis.asyncio.Redis) -> None:
    processes = [process(link) for _ in range(4)]
    crowd = Crowd()
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            for number in range(40):
                tasks.start_soon(crowd.visit, processes[number % 4], number)
    assert sorted(crowd.order) == list(range(40))
    assert crowd.most == 3
    assert [key async for key in client.scan_iter("platform:*")] == [], "an empty line is none"


async def test_first_come_first_served(link: RedisLink) -> None:
    one, two = process(link), process(link)
    crowd = Crowd()
    async with anyio.create_task_group() as tasks, _all_places(two):
        for number in range(6):
            tasks.start_soon(crowd.visit, (one, two)[number % 2], number)
            await anyio.wait_all_tasks_blocked()
            await link.call("PING")  # what was sent before has been answered
    assert set(crowd.order[:3]) == {0, 1, 2}


@asynccontextmanager
async def _all_places(one: RedisCommons) -> AsyncIterator[None]:
    async with one.place("host", 3, 60), one.place("host", 3, 60), one.place("host", 3, 60):
        yield


async def test_the_place_of_a_process_that_died_is_given_to_another(
    link: RedisLink, client: redis.asyncio.Redis
) -> None:
    async with process(link).place("host", 1, 60):
        (line,) = [key async for key in client.scan_iter("platform:*:line:*")]
        assert 0 < await client.ttl(line) <= 60
        with anyio.move_on_after(0.2) as waited:
            async with process(link).place("host", 1, 60):
                raise AssertionError("there is one place only")
        assert waited.cancelled_caught
        assert await client.zcard(line) == 1, "whoever gave up stands in nobody's way"
        with anyio.fail_after(5):
            async with process(link).place("host", 1, 0.01):  # a ticket lasts as long as those of all
                pass


async def test_a_pause_is_everybodys_and_ends(link: RedisLink, client: redis.asyncio.Redis) -> None:
    one, two = process(link), process(link)
    await one.pause("host", 0.2)
    await one.pause("host", 0.1)
    with pytest.raises(PauseWanted) as caught:
        async with two.place("host", 1, 60):
            pass
    assert 0 < caught.value.seconds <= 0.2
    async with two.place("elsewhere", 1, 60):
        pass
    with anyio.fail_after(5):
        while True:
            try:
                async with two.place("host", 1, 60):
                    break
            except PauseWanted as pause:
                await anyio.sleep(pause.seconds)


async def test_pauses_are_bounded(
    link: RedisLink, client: redis.asyncio.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commons, "PAUSES", 5)
    one = process(link)
    for number in range(20):
        await one.pause(str(number), 60 + number)
    assert await client.zcard(redis_keys.pauses("feeds")) == 5
    assert 70 < await client.ttl(redis_keys.pauses("feeds")) <= 80
    with pytest.raises(PauseWanted):
        async with one.place("19", 1, 60):
            pass
    async with one.place("0", 1, 60):
        pass


async def test_without_redis_it_goes_on() -> None:
    with run_mortal_redis() as server:
        async with linked(server.url) as link:
            one = process(link)
            await one.keep("a", b"A", ROOM)
            assert await one.kept("a") == b"A"
            async with one.place("host", 1, 60):
                server.kill()
            async with one.place("host", 1, 60), one.place("host", 1, 60):
                assert await one.kept("a") is None
            await one.keep("a", b"A", ROOM)
            await one.forget("a")
            await one.pause("host", 60)
            server.start()
            await one.keep("a", b"B", ROOM)
            assert await one.kept("a") == b"B"
