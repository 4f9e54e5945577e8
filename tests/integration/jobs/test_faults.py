"""The queue while Redis is killed, loading, full, or without room for another client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
import redis

from sockethub.errors import QueueLost, QueueUnavailable
from sockethub.jobs import AsyncProducer, RedisLink, connect, current_delivery, linked, read_inbox
from sockethub.jobs.link import WritesRefused
from tests.support.jobs import DEAD, WITHIN_SECONDS, empty, enqueue, message, until, working
from tests.support.redis import MortalRedis, run_mortal_redis, run_redis

pytestmark = pytest.mark.anyio

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
SLOW_TO_LOAD = ("--key-load-delay", "100", "--loading-process-events-interval-bytes", "1024")
"""With 3,000 keys, a server that is loading for about half a second, and says so meanwhile."""


@pytest.fixture
def mortal() -> Iterator[MortalRedis]:
    with run_mortal_redis(*DURABLE, *SLOW_TO_LOAD) as server:
        yield server


async def _fill(server: MortalRedis) -> None:
    async with linked(server.url) as link:
        await link.batch(*(("SET", f"k{number}", "x" * 100) for number in range(3_000)))


async def _is_loading(server: MortalRedis) -> bool:
    """Waits until it answers at all; asserts nothing about what."""
    async with linked(server.url) as link:
        try:
            await link.call("PING")
        except redis.ConnectionError as error:
            return str(error).startswith("LOADING")
    return False


async def _loaded(server: MortalRedis) -> None:
    with anyio.fail_after(WITHIN_SECONDS):
        while await _is_loading(server):  # noqa: ASYNC110 - Redis tells nobody
            await anyio.sleep(0.02)


async def test_a_server_that_is_loading_is_one_that_is_away(mortal: MortalRedis) -> None:
    await _fill(mortal)
    mortal.kill()
    mortal.start()
    assert await _is_loading(mortal)


async def test_a_worker_outlives_a_redis_that_is_killed_and_takes_its_time_to_load(mortal: MortalRedis) -> None:
    done: list[tuple[int, int]] = []

    async def act(number: int) -> None:
        done.append((number, current_delivery().attempts))

    await _fill(mortal)
    async with working(mortal.url, act):
        await enqueue(mortal.url, 1)
        await empty(mortal.url)
        mortal.kill()
        mortal.start()
        assert await _is_loading(mortal), "else this test tests nothing"
        await _loaded(mortal)
        await enqueue(mortal.url, 2)
        await until(lambda: len(done) == 2)
    assert done == [(1, 1), (2, 1)]


async def test_a_worker_outlives_a_redis_that_lost_everything() -> None:
    done: list[int] = []

    async def act(number: int) -> None:
        done.append(number)

    with run_mortal_redis() as server:
        async with working(server.url, act):
            await enqueue(server.url, 1)
            await empty(server.url)
            server.kill()
            server.start()
            await enqueue(server.url, 2)
            await until(lambda: done == [1, 2])


async def test_a_message_under_way_when_redis_is_killed_is_settled_and_not_run_again(mortal: MortalRedis) -> None:
    runs: list[int] = []
    begun, go_on = anyio.Event(), anyio.Event()

    async def act(number: int) -> None:
        runs.append(number)
        begun.set()
        await go_on.wait()
        await current_delivery().settle(("XADD", "replies", "*", "n", number))

    async with working(mortal.url, act):
        await enqueue(mortal.url, 1)
        with anyio.fail_after(WITHIN_SECONDS):
            await begun.wait()
        mortal.kill()
        go_on.set()
        mortal.start()
        await _loaded(mortal)
        await empty(mortal.url)
    assert runs == [1]
    async with connect(mortal.url) as client:
        assert [fields for _, fields in await client.xrange("replies")] == [{b"n": b"1"}]


async def test_an_inbox_is_read_on_after_a_restart(mortal: MortalRedis) -> None:
    seen: list[bytes] = []

    async def read(link: RedisLink) -> None:
        async for batch in read_inbox(link, "inbox"):
            seen.extend(entry.fields[b"n"] for entry in batch)

    await _fill(mortal)
    async with linked(mortal.url, blocking=True) as blocking, anyio.create_task_group() as tasks:
        tasks.start_soon(read, blocking)
        async with connect(mortal.url) as client:
            await client.xadd("inbox", {"n": "1"})
        await until(lambda: seen == [b"1"])
        mortal.kill()
        mortal.start()
        await _loaded(mortal)
        async with connect(mortal.url) as client:
            await client.xadd("inbox", {"n": "2"})
        await until(lambda: seen[-1] == b"2")
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("busy", [False, True], ids=["demoted", "busy"])
async def test_an_inbox_is_read_on_where_redis_did_not_serve(busy: bool) -> None:
    """Who waits at a server that becomes a replica is sent away by it."""
    seen: list[bytes] = []

    async def read(link: RedisLink) -> None:
        async for batch in read_inbox(link, "inbox"):
            seen.extend(entry.fields[b"n"] for entry in batch)

    with run_redis("--busy-reply-threshold", "50") as server:
        async with (
            connect(server.url) as client,
            linked(server.url, blocking=True) as blocking,
            anyio.create_task_group() as tasks,
        ):
            if busy:
                tasks.start_soon(_busy_for_a_second, server.url)
                await anyio.sleep(0.2)  # past the threshold: from now on Redis answers BUSY
                tasks.start_soon(read, blocking)
            else:
                tasks.start_soon(read, blocking)
                await until(lambda: bool(blocking._connection))
                await client.execute_command("REPLICAOF", "127.0.0.1", "1")
                await anyio.sleep(0.2)
                await client.execute_command("REPLICAOF", "NO", "ONE")
            async with connect(server.url) as other:
                with anyio.fail_after(WITHIN_SECONDS):
                    while not await _added(other, "1"):  # noqa: ASYNC110 - nobody tells when Redis serves again
                        await anyio.sleep(0.05)
            await until(lambda: seen == [b"1"])
            tasks.cancel_scope.cancel()


async def _busy_for_a_second(url: str) -> None:
    """A script has no clock that goes on in all versions of Redis, but can be killed."""
    async with connect(url) as client, connect(url) as killer, anyio.create_task_group() as tasks:

        async def forever() -> None:
            with pytest.raises(redis.ResponseError, match=r"(?i)killed"):
                await client.eval("while true do end", 0)  # type: ignore[misc]  # its stub has both kinds of client

        tasks.start_soon(forever)
        await anyio.sleep(1)
        await killer.script_kill()  # type: ignore[no-untyped-call]


async def _added(client: Any, number: str) -> bool:
    try:
        return bool(await client.xadd("inbox", {"n": number}))
    except redis.ResponseError:
        return False


async def test_what_was_done_while_redis_was_full_is_settled_when_there_is_room(redis_url: str) -> None:
    """Its reply is neither lost, nor is it done again."""
    attempts: list[int] = []
    async with connect(redis_url) as client:

        async def act(number: int) -> None:
            attempts.append(current_delivery().attempts)
            if number == 1:
                await client.config_set("maxmemory", "1")
            await current_delivery().settle(("XADD", "replies", "*", "n", number))

        try:
            async with working(redis_url, act):
                await enqueue(redis_url, 1)
                await until(lambda: attempts == [1])
                with pytest.raises(redis.OutOfMemoryError):
                    await client.xadd("replies", {"n": "another"})
                await client.config_set("maxmemory", "0")
                await enqueue(redis_url, 2)
                await empty(redis_url)
        finally:
            await client.config_set("maxmemory", "0")
        assert attempts == [1, 1]
        assert [fields for _, fields in await client.xrange("replies")] == [{b"n": b"1"}, {b"n": b"2"}]
        assert not await client.exists(DEAD)


async def test_a_refused_transaction_says_why_and_does_nothing(redis_url: str) -> None:
    async with connect(redis_url) as client, linked(redis_url) as link:
        await client.config_set("maxmemory", "1")
        try:
            with pytest.raises(WritesRefused, match="OOM"):
                await link.transact(("DEL", "k"), ("SET", "k", "v"))
        finally:
            await client.config_set("maxmemory", "0")


async def test_no_room_for_another_client_is_waited_for() -> None:
    done: list[int] = []

    async def act(number: int) -> None:
        done.append(number)

    with run_redis() as server, redis.Redis.from_url(server.url) as admin:
        await enqueue(server.url, 1)
        admin.config_set("maxclients", 1)
        async with linked(server.url) as link:
            with pytest.raises(redis.ConnectionError, match="max number of clients"):
                await link.call("PING")
        async with working(server.url, act):
            await until(lambda: admin.info("stats")["rejected_connections"] >= 2)
            admin.config_set("maxclients", 100)
            await until(lambda: done == [1])


async def test_a_server_that_is_not_reached_or_does_not_serve_has_not_taken_the_message(mortal: MortalRedis) -> None:
    await _fill(mortal)
    mortal.kill()
    async with linked(mortal.url) as link:
        producer = AsyncProducer(link)
        with pytest.raises(QueueUnavailable, match="cannot connect"):
            await producer.enqueue(message(1), max_length=10)
        mortal.start()
        with pytest.raises(QueueUnavailable, match="LOADING"):
            await producer.enqueue(message(1), max_length=10)


async def test_a_server_that_is_lost_meanwhile_may_have_taken_the_message(mortal: MortalRedis) -> None:
    async with linked(mortal.url) as link, linked(mortal.url) as other, anyio.create_task_group() as tasks:
        await link.call("PING")
        await other.call("CLIENT", "PAUSE", 60_000, "WRITE")

        async def lost() -> None:
            with pytest.raises(QueueLost, match="may have been queued"):
                await AsyncProducer(link).enqueue(message(1), max_length=10)

        tasks.start_soon(lost)
        with anyio.fail_after(WITHIN_SECONDS):
            while b"cmd=eval" not in await other.call("CLIENT", "LIST"):  # noqa: ASYNC110 - Redis tells nobody
                await anyio.sleep(0.005)
        mortal.kill()
