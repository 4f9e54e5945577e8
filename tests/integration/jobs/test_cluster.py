"""Link and clients at a real Redis Cluster: commands go where their slots are, in order, also while these move."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import dramatiq
import pytest
import redis

from sockethub.jobs import (
    AsyncProducer,
    AsyncWorker,
    RedisLink,
    RedisRun,
    StreamBroker,
    commands,
    connect_sync,
    connected,
    current_delivery,
    linked,
)
from sockethub.jobs.clusterclient import servers_of
from sockethub.jobs.clusterlink import ClusterLink
from sockethub.jobs.commands import Command, Word
from sockethub.jobs.link import NotDone
from sockethub.jobs.names import Naming
from sockethub.jobs.topology import LOOK_SECONDS
from sockethub.jobs.watching import watch
from sockethub.redis_url import Address, cluster_of
from tests.support.cluster import RedisCluster, run_cluster
from tests.support.processes import PATIENCE
from tests.support.tls import Certificates

pytestmark = pytest.mark.anyio

KEYS = [f"key {number}" for number in range(50)]
"""At all masters."""

INBOX = "gateway:{g}:inbox"

HEALED_SECONDS = 15.0 * PATIENCE
"""After a master's death: 1.5 s until it is given up, one or two for the vote, and one until somebody looks."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    with run_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(autouse=True)
def _empty(request: pytest.FixtureRequest) -> None:
    if "cluster" in request.fixturenames:
        running: RedisCluster = request.getfixturevalue("cluster")
        for port in running.masters():
            with running.server(port) as server:
                server.flushall()


async def test_each_command_goes_where_its_slot_is(cluster: RedisCluster) -> None:
    async with linked(cluster.url) as link:
        assert await link.batch(*(("SET", key, key) for key in KEYS)) == [b"OK"] * len(KEYS)
        found = await asyncio.gather(*(link.call("GET", key) for key in KEYS))
        assert found == [key.encode() for key in KEYS]
        assert await link.transact(("SET", "{a}1", 1), ("INCR", "{a}1"), ("INCR", "{a}2")) == [b"OK", 2, 1]
        assert await link.call("PING") == b"PONG"
        with pytest.raises(redis.ResponseError, match="CROSSSLOT"):
            await link.call("DEL", *KEYS)
        assert link.connections == 3


async def test_a_link_that_was_closed_connects_no_more(cluster: RedisCluster) -> None:
    async with linked(cluster.url) as link:
        await link.call("GET", "a")
    with pytest.raises(NotDone, match="closed"):
        await link.call("GET", "a")


async def test_a_client_that_was_closed_connects_no_more(cluster: RedisCluster) -> None:
    async with connected(cluster.url) as client:
        await client.get("a")
    with pytest.raises(NotDone, match="closed"):
        await client.get("a")


async def test_what_ends_a_job_is_divided_by_slots(cluster: RedisCluster) -> None:
    reply, record, end = ("XADD", "inbox", "*", "a", "b"), ("HSET", "{q}:a", "a", "b"), ("DEL", "{q}")
    async with linked(cluster.url) as link:
        assert link.together(reply, record, end) == [(reply,), (record, end)]


async def test_a_reply_is_given_once_however_often_its_job_is_finished(cluster: RedisCluster) -> None:
    """Its inbox is another server's; the queue's does not take the end at first."""
    queue, ended = "irc.abc", anyio.Event()
    broker = StreamBroker("", middleware=[])

    async def act(**_: str) -> None:
        await current_delivery().settle(("XADD", INBOX, "*", "reply", "x"), ("HSET", "login:{abc}:answers", "a", "b"))
        ended.set()

    dramatiq.actor(actor_name="act", queue_name=queue, broker=broker)(act)
    async with linked(cluster.url, blocking=True) as blocking, anyio.create_task_group() as tasks:
        link = _Forgetful(cluster.url)
        worker = AsyncWorker(broker, queue, blocking=blocking, link=link, consumer="one")
        tasks.start_soon(worker.run)
        message: dramatiq.Message[None] = dramatiq.Message(queue, "act", (), {}, {})
        await AsyncProducer(link).enqueue(message, max_length=10)
        with anyio.fail_after(HEALED_SECONDS):
            await ended.wait()
        assert link.refused == 2
        assert await link.batch(("XLEN", INBOX), ("XLEN", Naming().stream(queue))) == [1, 0]
        assert await link.call("HGET", "login:{abc}:answers", "a") == b"b"
        tasks.cancel_scope.cancel()
    await link.aclose()


class _Forgetful(ClusterLink):
    """Does not take the end of a job, twice."""

    refused = 0

    async def transact(self, *each: Command) -> list[Any]:
        if each[-1][0] == "XACK" and self.refused < 2:
            self.refused += 1
            raise NotDone("for a test")
        return await super().transact(*each)


async def test_dramatiqs_own_worker(cluster: RedisCluster) -> None:
    broker = StreamBroker(cluster.url)
    done = list[int]()
    actor = dramatiq.actor(actor_name="note", queue_name="notes", broker=broker)(done.append)
    worker = dramatiq.Worker(broker, worker_timeout=100, worker_threads=1)
    worker.start()
    try:
        for number in range(20):
            actor.send(number)
        await anyio.to_thread.run_sync(lambda: broker.join("notes", timeout=10_000))
    finally:
        await anyio.to_thread.run_sync(worker.stop)
        broker.close()
    assert done == list(range(20))


async def test_a_read_that_waits(cluster: RedisCluster) -> None:
    async with (
        linked(cluster.url, blocking=True) as blocking,
        linked(cluster.url) as link,
        asyncio.TaskGroup() as tasks,
    ):
        for key in KEYS[:3]:
            read = tasks.create_task(blocking.call("XREAD", "BLOCK", 5_000, "STREAMS", key, "$"))
            await anyio.sleep(0.1)
            await link.call("XADD", key, "*", "a", "b")
            assert (await read)[0][0] == key.encode()


async def test_order_while_slots_move(cluster: RedisCluster) -> None:
    """Commands of one key, and scripts of two keys, one of which is not there."""
    naming, queue = Naming(), "irc.abc"
    stream = naming.stream(queue)
    moving, sent = True, 0

    async def move() -> None:
        nonlocal moving
        for _ in range(3):
            for key in ("list", stream):
                await anyio.to_thread.run_sync(cluster.move, key, cluster.others(cluster.owner(key))[0])
                await anyio.sleep(0.05)
        moving = False

    async with linked(cluster.url) as link, asyncio.TaskGroup() as tasks:
        tasks.create_task(move())
        while moving:
            tasks.create_task(link.call("RPUSH", "list", sent))
            command = commands.enqueue(naming, queue, str(sent).encode(), max_length=1_000_000)
            tasks.create_task(link.call(*command))
            sent += 1
            await asyncio.sleep(0 if sent % 20 else 0.005)
    async with linked(cluster.url) as link:
        pushed = [int(each) for each in await link.call("LRANGE", "list", 0, -1)]
        queued = [int(fields[1]) for _, fields in await link.call("XRANGE", stream, "-", "+")]
    assert pushed == list(range(sent))
    assert queued == list(range(sent))


async def test_while_a_slot_is_at_two_servers(cluster: RedisCluster) -> None:
    """What has one key is done at either; a transaction waits; nothing waits for ever."""
    to = cluster.others(cluster.owner("{s}here"))[0]
    async with linked(cluster.url) as link, connected(cluster.url) as client:
        await link.call("SET", "{s}here", 1)
        source = cluster.begin_move("{s}here", to)
        try:
            assert await link.call("GET", "{s}here") == b"1"
            assert await link.call("SET", "{s}new", 2) == b"OK"
            assert await link.batch(("GET", "{s}new"), ("GET", "{s}here")) == [b"2", b"1"]
            assert await link.transact(("GET", "{s}new"), ("INCR", "{s}new")) == [b"2", 3]
            assert await client.get("{s}new") == b"3"
            pipeline = client.pipeline(transaction=False)
            assert await pipeline.get("{s}here").get("{s}new").get("elsewhere").execute() == [b"1", b"3", None]
            async with asyncio.TaskGroup() as tasks:
                waiting = tasks.create_task(link.transact(("INCR", "{s}here"), ("INCR", "{s}new")))
                also = tasks.create_task(client.pipeline().incr("{s}here").incr("{s}new").execute())
                await anyio.sleep(0.2)
                assert not waiting.done()
                assert not also.done()
                cluster.move_keys("{s}here", source, to)
                cluster.end_move("{s}here", to)
            assert sorted([await waiting, await also]) == [[2, 4], [3, 5]]
        finally:
            cluster.end_move("{s}here", to)
    assert cluster.owner("{s}here") == to


async def test_a_slot_that_does_not_get_on(cluster: RedisCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sockethub.jobs.clusterlink.INSIST_SECONDS", 0.2)
    monkeypatch.setattr("sockethub.jobs.clusterclient.INSIST_SECONDS", 0.2)
    to = cluster.others(cluster.owner("{t}here"))[0]
    async with linked(cluster.url) as link, connected(cluster.url) as client:
        await link.call("SET", "{t}here", 1)
        source = cluster.begin_move("{t}here", to)
        try:
            with pytest.raises(NotDone):
                await link.call("DEL", "{t}here", "{t}there")
            with pytest.raises(NotDone):
                await client.delete("{t}here", "{t}there")
            assert await link.call("GET", "{t}here") == b"1"
        finally:
            cluster.move_keys("{t}here", source, to)
            cluster.end_move("{t}here", to)


async def test_the_client_for_the_rest(cluster: RedisCluster) -> None:
    async with connected(cluster.url) as client:
        pipeline = client.pipeline(transaction=False)
        for key in KEYS:
            pipeline.set(key, key)
        pipeline.execute_command("LPUSH", KEYS[0], "x")
        *done, wrong = await pipeline.execute(raise_on_error=False)
        assert done == [True] * len(KEYS)
        assert isinstance(wrong, redis.ResponseError)
        assert sorted([key.decode() async for key in client.scan_iter(match="key *")]) == sorted(KEYS)
        assert await client.pipeline(transaction=True).incr("n").expire("n", 10).execute() == [1, True]
        assert await client.eval("return redis.call('GET', KEYS[1])", 1, KEYS[1]) == KEYS[1].encode()
        assert await client.ping()
        await client.xgroup_create("stream", "workers", "0", mkstream=True)
        await client.xadd("stream", {"a": "b"})
        [[_, [[_, fields]]]] = await client.xreadgroup("workers", "me", {"stream": ">"}, count=1)
        assert fields == {b"a": b"b"}
        assert len(await servers_of(client)) == 3
    with closing(connect_sync(cluster.url)) as tool:
        assert sorted(key.decode() for key in tool.scan_iter(match="key *")) == sorted(KEYS)
        assert tool.pipeline(transaction=True).incr("n").expire("n", 10).execute() == [2, True]


@pytest.mark.parametrize("silent", [False, True])
async def test_everybody_follows_a_promotion(tmp_path: Path, silent: bool) -> None:
    """``silent``: its machine is gone, and no connection to it ends."""
    told: list[Address] = []
    promoted = anyio.Event()
    restored = 0

    def note(master: Address) -> None:
        told.append(master)
        promoted.set()

    async def restore() -> None:
        nonlocal restored
        restored += 1

    with run_cluster(tmp_path, masters=3, replicas=3) as cluster:
        url, victim = cluster.url, cluster.owner(KEYS[0])
        async with (
            linked(url) as link,
            linked(url, blocking=True) as blocking,
            connected(url) as client,
            asyncio.TaskGroup() as tasks,
        ):
            run = RedisRun(client)
            await run.follow(restore)
            looking = tasks.create_task(watch(url, note))
            await link.batch(*(("SET", key, 1) for key in KEYS))
            await asyncio.gather(*(client.get(key) for key in KEYS))
            waiting = tasks.create_task(_loses(blocking, "XREAD", "BLOCK", 60_000, "STREAMS", f"{{{KEYS[0]}}}s", "$"))
            await anyio.sleep(0.5)
            (cluster.stop if silent else cluster.kill)(victim)
            with anyio.fail_after(HEALED_SECONDS):
                await waiting
            with anyio.fail_after(HEALED_SECONDS):
                await promoted.wait()
                for key in KEYS:
                    await _until_done(link.call, "INCR", key)
                    await _until_done(client.execute_command, "INCR", key)
            assert {port for _, port in told} == set(cluster.masters()) - set(cluster.ports[:3])
            assert restored == 0
            await run.follow(restore)
            assert restored == 1
            if silent:
                cluster.go_on(victim)
                with anyio.fail_after(HEALED_SECONDS):
                    await anyio.to_thread.run_sync(cluster.follows, victim)
                assert await link.batch(*(("INCR", key) for key in KEYS)) == [4] * len(KEYS)
            looking.cancel()


async def _loses(link: RedisLink, *command: Word) -> None:
    with pytest.raises(redis.ConnectionError):
        await link.call(*command)


async def _until_done(call: Callable[..., Awaitable[object]], *command: str) -> None:
    while True:
        try:
            await call(*command)
            return
        except (redis.ConnectionError, redis.TimeoutError):
            await anyio.sleep(0.05)


async def test_tls_and_a_port_that_was_not_named(
    tmp_path: Path, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    with run_cluster(tmp_path, masters=2, certificates=certificates) as cluster:
        async with linked(cluster.url) as link, connected(cluster.url) as client:
            await link.batch(*(("SET", key, key) for key in KEYS))
            assert await client.get(KEYS[0]) == KEYS[0].encode()
        with closing(connect_sync(cluster.url)) as tool:
            assert tool.get(KEYS[0]) == KEYS[0].encode()
        one = cluster.url.rpartition(",")[0]
        assert cluster_of(one) is not None
        async with linked(one) as link:
            with pytest.raises(NotDone, match="ports="):
                await link.call("GET", KEYS[0])


async def test_who_is_not_let_in(cluster: RedisCluster) -> None:
    async with linked(cluster.url.replace("canary", "other")) as link:
        with pytest.raises(NotDone, match="WRONGPASS"):
            await link.call("PING")
    async with linked(cluster.url.replace(":canary-redis-password@", "")) as link:
        with pytest.raises(redis.ResponseError, match="NOAUTH"):
            await link.call("PING")


async def test_servers_that_are_no_cluster() -> None:
    async with linked("redis+cluster://127.0.0.1:1") as link:
        with pytest.raises(NotDone, match="does not answer"):
            await link.call("PING")


async def test_a_server_that_gets_its_first_slot(tmp_path: Path) -> None:
    """What is asked of it, before it is listed as a master, is not broken off when somebody looks."""
    with run_cluster(tmp_path, masters=2, idle=1) as cluster:
        new = cluster.ports[2]
        async with linked(cluster.url) as link, connected(cluster.url) as client, asyncio.TaskGroup() as tasks:
            await link.call("SET", "here", 1)
            looking = tasks.create_task(watch(cluster.url))
            source = cluster.begin_move("here", new)
            cluster.move_keys("here", source, new)
            ends = anyio.current_time() + 2 * LOOK_SECONDS
            number = 1
            while anyio.current_time() < ends:
                assert await link.call("INCR", "here") == number + 1
                assert int(await client.incr("here")) == number + 2
                number += 2
                await anyio.sleep(0.01)
            cluster.end_move("here", new)
            assert await link.call("GET", "here") == str(number).encode()
            looking.cancel()
