"""One connection to Redis: order, transactions, errors, loss; on both loops it runs on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import anyio
import pytest
import redis
import uvloop

from sockethub.jobs import commands, linked
from sockethub.jobs.link import NotDone, ServerLink
from sockethub.jobs.names import Naming
from sockethub.jobs.wire import Connection
from tests.support.redis import PASSWORD, RedisServer, run_redis
from tests.support.tcpproxy import proxy_to

Scenario = Callable[[str], Awaitable[None]]


async def _many_in_order(url: str) -> None:
    async with linked(url) as link:
        answers = await asyncio.gather(*(link.call("INCR", "n") for _ in range(500)))
    assert answers == list(range(1, 501))


async def _in_order_while_connecting(url: str) -> None:
    """A command that comes as the connection is made does not overtake those that have waited for it."""
    for attempt in range(20):
        async with linked(url) as link, asyncio.TaskGroup() as tasks:
            for number in range(300):
                tasks.create_task(link.call("RPUSH", f"order {attempt}", number))
                await asyncio.sleep(0)
        async with linked(url) as link:
            pushed = await link.call("LRANGE", f"order {attempt}", 0, -1)
        assert [int(each) for each in pushed] == list(range(300))


async def _transaction(url: str) -> None:
    async with linked(url) as link:
        assert await link.transact(("SET", "k", "1"), ("INCR", "k"), ("GET", "k")) == [b"OK", 2, b"2"]
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            await link.transact(("SET", "k", "text"), ("LPUSH", "k", "x"), ("SET", "after", "1"))
        assert await link.call("GET", "after") == b"1", "as Redis does it"
        with pytest.raises(redis.ResponseError):
            await link.transact(("NO-SUCH-COMMAND",))
        assert await link.call("PING") == b"PONG"


async def _transactions_of_one_tick(url: str) -> None:
    """They are one, unless something is in between: who waits is given what all of them add. Each has its answers."""
    async with linked(url) as link, linked(url, blocking=True) as waiting:
        reading = asyncio.create_task(waiting.call("XREAD", "BLOCK", 5_000, "STREAMS", "inbox", "0"))
        await link.call("SET", "text", "x")
        with anyio.fail_after(5):
            while b"blocked_clients:1" not in await link.call("INFO", "clients"):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        first, failing, second, between, third = await asyncio.gather(
            link.transact(("XADD", "inbox", "1-0", "f", "v"), ("INCR", "counted")),
            link.transact(("LPUSH", "text", "x"), ("INCR", "counted")),
            link.transact(("INCR", "counted"), ("XADD", "inbox", "2-0", "f", "v")),
            link.call("INCR", "counted"),
            link.transact(("XADD", "inbox", "3-0", "f", "v"), ("INCR", "counted")),
            return_exceptions=True,
        )
        assert (first, second, between, third) == ([b"1-0", 1], [3, b"2-0"], 4, [b"3-0", 5])
        assert isinstance(failing, redis.ResponseError)
        [(_, entries)] = await reading
        assert [entry for entry, _ in entries] == [b"1-0", b"2-0"]
        refused = await asyncio.gather(
            link.transact(("INCR", "counted")), link.transact(("NO-SUCH-COMMAND",)), return_exceptions=True
        )
        assert all(isinstance(each, redis.ResponseError) and "unknown command" in str(each) for each in refused)
        assert await link.call("GET", "counted") == b"5"


async def _scripts_that_somebody_has_flushed(url: str) -> None:
    """They are named by their digest: Redis says that it does not know them, nothing is done, and the next one is."""
    enqueue = commands.enqueue(Naming(), "q", b"m", max_length=10)
    async with linked(url) as link:
        assert await link.call(*enqueue)
        await link.call("SCRIPT", "FLUSH")
        with pytest.raises(NotDone, match="NOSCRIPT"):
            await link.call(*enqueue)
        assert await link.call(*enqueue)
        assert await link.call("XLEN", Naming().stream("q")) == 2


async def _errors_leave_the_connection_usable(url: str) -> None:
    async with linked(url) as link:
        with pytest.raises(redis.ResponseError, match="unknown command"):
            await link.batch(("PING",), ("NO-SUCH-COMMAND",), ("PING",))
        assert await link.call("ECHO", "still here") == b"still here"


async def _a_lost_connection(url: str) -> None:
    async with linked(url, blocking=True) as waiting, linked(url) as other:
        await waiting.call("PING")
        read = asyncio.create_task(waiting.call("BLPOP", "nothing", 0))
        while b"cmd=blpop" not in await other.call("CLIENT", "LIST"):  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(0.005)
        await other.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        with pytest.raises(redis.ConnectionError):
            await read
        assert await waiting.call("PING") == b"PONG", "the next command connects anew"


async def _a_cancelled_wait(url: str) -> None:
    """What a cancelled read would have got must not be taken for the answer of the next command."""
    async with linked(url, blocking=True) as waiting, linked(url) as other:
        with anyio.move_on_after(0.05):
            await waiting.call("BLPOP", "list", 0)
        await other.call("RPUSH", "list", "late")
        assert await waiting.call("ECHO", "mine") == b"mine"


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize(
    "scenario",
    [
        _many_in_order,
        _in_order_while_connecting,
        _transaction,
        _transactions_of_one_tick,
        _scripts_that_somebody_has_flushed,
        _errors_leave_the_connection_usable,
        _a_lost_connection,
        _a_cancelled_wait,
    ],
    ids=lambda scenario: scenario.__name__.strip("_"),
)
def test_link(factory: Callable[[], asyncio.AbstractEventLoop], scenario: Scenario, redis_url: str) -> None:
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(scenario(redis_url))


@pytest.mark.anyio
async def test_a_password_and_a_database_are_given_first() -> None:
    with run_redis() as server:
        async with linked(f"{server.url}?db=3") as link:
            await link.call("SET", "k", "v")
            assert b"db=3" in await link.call("CLIENT", "INFO")
        async with linked(f"unix://{server.socket}") as link:
            with pytest.raises(redis.ResponseError, match="NOAUTH"):
                await link.call("GET", "k")
        async with linked(f"unix://:guess@{server.socket}") as link:
            with pytest.raises(NotDone, match="WRONGPASS"):
                await link.call("GET", "k")


@pytest.mark.anyio
async def test_scripts_are_called_by_digest_once_they_are_there(redis_url: str) -> None:
    async with linked(redis_url) as trusted, linked(redis_url, by_digest=True) as link:
        script = "return redis.call('INCR', KEYS[1])"
        with pytest.raises(NotDone, match="NOSCRIPT"):
            await link.call("EVAL", script, 1, "n")
        await trusted.call("SCRIPT", "LOAD", script)
        assert await link.call("EVAL", script, 1, "n") == 1
        assert await link.transact(("EVAL", script, 1, "n"), ("GET", "n")) == [2, b"2"]


@pytest.mark.anyio
async def test_nowhere_to_connect_is_told() -> None:
    link = ServerLink("redis://127.0.0.1:1")
    with pytest.raises(redis.ConnectionError, match="cannot connect"):
        await link.call("PING")
    await link.aclose()


@pytest.mark.anyio
async def test_a_way_that_leads_nowhere_is_told_as_such(redis_server: RedisServer, redis_url: str) -> None:
    """A network that takes a connection and drops it: nothing was sent into it."""
    async with (
        proxy_to(str(redis_server.socket)) as proxy,
        linked(f"redis://:{PASSWORD}@{proxy.host}:{proxy.port}") as link,
    ):
        assert await link.call("PING") == b"PONG"
        proxy.refuse(True)
        proxy.cut()
        await anyio.sleep(0.05)
        with pytest.raises(NotDone):
            await link.call("INCR", "n")
        proxy.refuse(False)
        assert await link.call("INCR", "n") == 1


@pytest.mark.anyio
async def test_a_server_that_falls_silent_is_not_waited_for(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sockethub.jobs.link.COMMAND_SECONDS", 0.2)
    async with linked(redis_url) as link, linked(redis_url) as other:
        await link.call("SET", "k", "v")
        await anyio.sleep(0.15)  # the time before it owed an answer does not count
        await other.call("CLIENT", "PAUSE", 1_000, "WRITE")
        begun = anyio.current_time()
        with pytest.raises(redis.TimeoutError, match="no answer in time"):
            await link.call("SET", "k", "w")
        assert 0.2 <= anyio.current_time() - begun < 1.0
        assert await link.call("GET", "k") == b"v", "the next command connects anew"


@pytest.mark.anyio
async def test_one_that_was_closed_connects_no_more(redis_url: str) -> None:
    async with linked(redis_url) as link:
        await link.call("PING")
    with pytest.raises(NotDone, match="closed"):
        await link.call("PING")
    assert link.connections == 1


@pytest.mark.anyio
async def test_one_that_is_left_as_it_connects_leaves_no_connection_behind(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is cancelled closes what it has, too: the connection may just have been made."""
    connect = ServerLink._connect

    async def too_late(self: ServerLink) -> Connection:
        """As where the cancellation comes with the last step."""
        connecting = asyncio.ensure_future(connect(self))
        while not connecting.done():
            with suppress(asyncio.CancelledError):
                await asyncio.shield(connecting)
        return await connecting

    monkeypatch.setattr(ServerLink, "_connect", too_late)
    with anyio.CancelScope() as scope:
        async with linked(redis_url) as link:
            asking = asyncio.ensure_future(link.call("PING"))
            await asyncio.sleep(0)
            scope.cancel()
            await asyncio.sleep(0)
    with anyio.fail_after(10), pytest.raises(redis.ConnectionError):
        await asking
    assert isinstance(link, ServerLink)
    assert link._connection is None
    monkeypatch.undo()
    async with linked(redis_url) as other:
        assert (await other.call("CLIENT", "LIST")).count(b"\n") == 1
