"""A worker that was taken over reaches in Redis what is its login's own; the rest would succeed without its user.

A prisoner (:mod:`tests.support.prisoner`) is asked for one command after the other, with ``redis.acl`` and without.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
import redis
import redis.asyncio

from sockethub import redis_keys
from sockethub.config.models import Declaration
from sockethub.crypto import RootKey, Secret, login_queue
from sockethub.errors import ConfigError, QueueUnavailable, SockethubError
from sockethub.jobs import commands, connect, connected
from sockethub.jobs.link import digest
from sockethub.jobs.names import GROUP
from sockethub.redis_rights import ROLES, of_login, of_pool
from sockethub.supervisor.launch import run_supervisor
from sockethub.supervisor.redis_users import PREFIX, RedisUsers
from tests.integration.workers.stage import Client, staged
from tests.support.redis import RedisServer, run_redis

pytestmark = pytest.mark.anyio

PRISONER = "prisoner"
OTHER = "other"
THEIR_QUEUE = redis_keys.queue(login_queue(PRISONER, OTHER))
THEIR_SESSION = redis_keys.session_login("their-session", OTHER)
OWN_QUEUE = redis_keys.queue(login_queue(PRISONER, "inmate"))
OWN_SESSION = redis_keys.session_login("own-session", "inmate")
INBOX = redis_keys.inbox("gateway")
WITHIN_SECONDS = 10.0
POOL_SIZE = 2

REFUSED: dict[str, tuple[str, ...]] = {
    "read another's queue": ("XREADGROUP", "GROUP", GROUP, "x", "COUNT", "1", "STREAMS", THEIR_QUEUE, ">"),
    "take over what is pending there": ("XCLAIM", THEIR_QUEUE, GROUP, "x", "0", "1-1"),
    "put something on it": ("XADD", THEIR_QUEUE, "*", "m", "forged"),
    "finish what is on it": ("XDEL", THEIR_QUEUE, "1-1"),
    "do so by a script": ("EVALSHA", digest(commands.JOURNAL), "1", THEIR_QUEUE, "x", "1-1"),
    "copy its own there": ("COPY", OWN_QUEUE, THEIR_QUEUE),
    "read what another had asked for": ("GET", redis_keys.state(OTHER)),
    "change it": ("SET", redis_keys.state(OTHER), "forged"),
    "read another's answers": ("HGETALL", redis_keys.answers(OTHER)),
    "read another's credentials": ("HGETALL", THEIR_SESSION),
    "change one's own": ("HSET", OWN_SESSION, "credentials", "forged"),
    "attach a session": ("HSET", redis_keys.attached("inmate"), "session", "gateway"),
    "take another's lease": ("SET", redis_keys.lease(OTHER), "thief:1"),
    "read an inbox": ("XREAD", "COUNT", "1", "STREAMS", INBOX, "0"),
    "take something out of it": ("XDEL", INBOX, "1-1"),
    "remove it": ("DEL", INBOX),
    "say that a gateway is gone": ("DEL", redis_keys.gateway_alive("gateway")),
    "ask for logins": ("XADD", redis_keys.SUPERVISOR_REQUESTS, "*", "login", "forged"),
    "strike off a login": ("HDEL", redis_keys.SUPERVISOR_LOGINS, "nobody"),
    "throw away the wrapped root key": ("DEL", redis_keys.ROOT_KEY),
    "read what a pool keeps": ("HGET", redis_keys.kept("feeds")[0], "name"),
    "list keys": ("KEYS", "*"),
    "scan keys": ("SCAN", "0"),
    "count keys": ("DBSIZE",),
    "look at another database": ("SELECT", "1"),
    "bring a script": ("EVAL", "return 1", "0"),
    "load a script": ("SCRIPT", "LOAD", "return 1"),
    "ask for scripts": ("SCRIPT", "EXISTS", "0" * 40),
    "load a function": ("FUNCTION", "LIST"),
    "read the configuration": ("CONFIG", "GET", "requirepass"),
    "change it at will": ("CONFIG", "SET", "maxclients", "9999"),
    "list users": ("ACL", "LIST"),
    "make a user": ("ACL", "SETUSER", "accomplice", "on", "nopass", "~*", "+@all"),
    "see clients": ("CLIENT", "LIST"),
    "end their connections": ("CLIENT", "KILL", "ID", "999999"),
    "become a replica": ("REPLICAOF", "NO", "ONE"),
    "say something to all": ("PUBLISH", "channel", "text"),
    "rewrite its file": ("BGREWRITEAOF",),
    "throw everything away": ("FLUSHALL",),
}
"""The last one is the last one."""

POSSIBLE: dict[str, tuple[str, ...]] = {
    "read one's credentials": ("HGETALL", OWN_SESSION),
    "see who is attached": ("HGETALL", redis_keys.attached("inmate")),
    "find a gateway": ("GET", redis_keys.gateway_alive("gateway")),
    "tell it something": ("XADD", INBOX, "*", "kind", "reply"),
    "keep what was asked for": ("SET", redis_keys.state("inmate"), "sealed"),
}


def declaration(acl: str) -> Declaration:
    return Declaration.model_validate(
        {
            "redis": {"acl": acl},
            "log": {"level": "error"},
            "platforms": {
                PRISONER: {
                    "mode": "persistent",
                    "driver": "tests.support.prisoner:Prisoner",
                    "verbs": ["connect", "query"],
                    "schemas": {"messages": "unused"},
                }
            },
        }
    )


async def furnish(client: redis.asyncio.Redis) -> None:
    """What the prisoner is after."""
    await client.xgroup_create(THEIR_QUEUE, GROUP, id="0", mkstream=True)
    await client.xadd(THEIR_QUEUE, {"m": "sealed"}, id="1-1")
    await client.xadd(INBOX, {"kind": "reply"}, id="1-1")
    for key in (THEIR_SESSION, OWN_SESSION):
        await client.hset(key, mapping={"key": "sealed", "credentials": "sealed"})
    await client.script_load(commands.JOURNAL)


async def outcomes(url: str, acl: str) -> dict[str, str]:
    async with staged(url, declaration(acl)) as (stage, _):
        client = Client(stage, "inmate", PRISONER)
        assert (await client.connect()).outcome == "result"
        await furnish(stage.client)
        tried = {}
        for name, words in (POSSIBLE | {"come as nobody": ("PING",)} | REFUSED).items():
            order = {"attack": "ask_redis", "words": words, "credentials": name != "come as nobody"}
            reply = await client.do("query", json.dumps(order))
            assert reply.activity is not None, (name, reply)
            tried[name] = str(reply.activity["object"]["content"])
        return tried


@dataclass(frozen=True)
class Tried:
    """What came of it with users of their own and without."""

    confined: dict[str, str]
    free: dict[str, str]


@pytest.fixture(scope="module")
def tried() -> Iterator[Tried]:
    with run_redis() as server:
        confined = anyio.run(outcomes, server.url, "required")
    with run_redis() as server:
        yield Tried(confined, anyio.run(outcomes, server.url, "off"))


@pytest.mark.parametrize("name", REFUSED)
def test_refused_for_the_users_of_redis_alone(tried: Tried, name: str) -> None:
    assert tried.free[name] == "done", "the control: where workers share a user it must succeed"
    assert tried.confined[name] == "EACCES"


@pytest.mark.parametrize("name", POSSIBLE)
def test_possible_where_a_worker_needs_it(tried: Tried, name: str) -> None:
    assert tried.free[name] == tried.confined[name] == "done"


def test_without_the_password_there_is_nothing_to_be_had(tried: Tried) -> None:
    assert tried.confined["come as nobody"] == "EACCES"


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with run_redis() as running:
        yield running


async def users_of_workers(client: redis.asyncio.Redis) -> set[str]:
    return {name for name in map(_text, await client.acl_users()) if name.startswith(PREFIX)}


def _text(raw: Any) -> str:
    return raw.decode() if isinstance(raw, bytes) else str(raw)


async def eventually(condition: Callable[[], Any]) -> None:
    with anyio.fail_after(WITHIN_SECONDS):
        while not await condition():  # noqa: ASYNC110 - Redis tells nobody of its users
            await anyio.sleep(0.02)


async def test_a_user_ends_with_its_worker_and_one_that_redis_has_lost_is_made_again(server: RedisServer) -> None:
    async with staged(server.url) as (stage, _):
        pools: set[str] = set()

        async def pool_is_there() -> bool:
            nonlocal pools
            pools = await users_of_workers(stage.client)
            return len(pools) == POOL_SIZE

        await eventually(pool_is_there)
        client = Client(stage, "ann")
        await client.connect()
        [own] = await users_of_workers(stage.client) - pools
        await stage.client.acl_deluser(own)  # it ends its connections, as a Redis does that begins anew
        await stage.client.script_flush()
        with pytest.raises(QueueUnavailable):
            await client.send("query", "pid")  # those of a gateway are loaded by its next connection
        assert (await client.do("query", "pid")).outcome == "result"
        assert own in await users_of_workers(stage.client)
        await client.detach()
        await stage.until(lambda: ("ann", "stopped") in stage.notices)

        async def gone() -> bool:
            return await users_of_workers(stage.client) == pools

        await eventually(gone)
    async with connected(server.url) as admin:
        assert await users_of_workers(admin) == set()


@asynccontextmanager
async def users_of(url: str, supervisor: str, mode: Any = "required") -> AsyncIterator[RedisUsers]:
    async with connected(url) as client:
        users = RedisUsers(client, supervisor, Secret(url), mode)
        await users.begin()
        yield users


async def test_users_of_a_supervisor_that_is_gone_for_long_are_removed(server: RedisServer) -> None:
    async with (
        users_of(server.url, "first") as first,
        users_of(server.url, "second") as second,
        first.user(of_login("l", "q")),
        connected(server.url) as admin,
    ):
        [name] = await users_of_workers(admin)
        await second.mend()
        assert await users_of_workers(admin) == {name}
        await admin.delete(redis_keys.supervisor_known("first"))
        await second.mend()
        assert await users_of_workers(admin) == set()
        await first.mend()  # it was only asleep
        assert await users_of_workers(admin) == {name}


async def test_a_pool_reaches_what_is_its_platforms(server: RedisServer) -> None:
    async with (
        users_of(server.url, "own") as users,
        users.user(of_pool("feeds")) as access,
        connect(access.url.reveal()) as pool,
    ):
        await pool.hset(redis_keys.kept("feeds")[0], "name", "sealed")
        await pool.zadd(redis_keys.line("feeds", "host"), {"ticket": 1})
        await pool.xadd(redis_keys.queue("feeds"), {"m": "1"})
        for key in (redis_keys.kept("metadata")[0], redis_keys.state("login"), redis_keys.attached("login")):
            with pytest.raises(redis.exceptions.NoPermissionError):
                await pool.hset(key, "name", "forged")
        with pytest.raises(redis.exceptions.NoPermissionError):
            await pool.xadd(redis_keys.queue("irc.login"), {"m": "1"})


async def test_where_a_database_is_chosen_it_is_that_one(server: RedisServer) -> None:
    async with users_of(f"{server.url}?db=3", "own") as users, users.user(of_login("l", "q")) as access:
        async with connect(access.url.reveal()) as worker:
            await worker.set(redis_keys.state("l"), "sealed")
        async with connect(access.url.reveal().replace("db=3", "db=4")) as worker:
            with pytest.raises(redis.RedisError):
                await worker.get(redis_keys.state("l"))


async def test_an_older_redis_knows_no_selectors(server: RedisServer) -> None:
    """The fallback, on a Redis of today: queues and records of others are out of reach, the inboxes are not."""
    async with users_of(server.url, "own") as users:
        users._selectors = False
        async with users.user(of_login("l", "q")) as access, connect(access.url.reveal()) as worker:
            await worker.xadd(INBOX, {"kind": "reply"})
            await worker.delete(INBOX)
            assert await worker.get(redis_keys.gateway_alive("g")) is None
            with pytest.raises(redis.exceptions.NoPermissionError):
                await worker.get(redis_keys.state("other"))
            with pytest.raises(redis.exceptions.NoPermissionError):
                await worker.eval("return 1", 0)


async def test_where_users_confine_nobody_it_is_told_or_refused(server: RedisServer) -> None:
    async with connected(server.url) as admin:
        await admin.execute_command("ACL", "SETUSER", "humble", "on", ">secret", "~*", "+@all", "-acl")  # type: ignore[no-untyped-call]
        humble = f"unix://humble:secret@{server.socket}"
        with pytest.raises(ConfigError, match="may not make users"):
            async with users_of(humble, "own"):
                pass
        async with users_of(humble, "own", "preferred") as users, users.user(of_login("l", "q")) as access:
            assert not access.confined
            assert access.url.reveal() == humble
        await admin.execute_command("ACL", "SETUSER", "default", "nopass")  # type: ignore[no-untyped-call]
        with pytest.raises(ConfigError, match="whoever gives no password"):
            async with users_of(f"unix://{server.socket}", "own"):
                pass
        assert await users_of_workers(admin) == set()


async def test_a_start_that_cannot_confine_ends_with_the_reason(
    server: RedisServer, capfd: pytest.CaptureFixture[str]
) -> None:
    async with connected(server.url) as admin:
        await admin.execute_command("ACL", "SETUSER", "default", "nopass")  # type: ignore[no-untyped-call]
    with pytest.raises(SockethubError, match="did not start"):
        async with run_supervisor(
            declaration("required"), redis_url=Secret(f"unix://{server.socket}"), root_key=RootKey.new(0)
        ):
            pass
    assert "sockethub: redis.acl: is `required`" in capfd.readouterr().err


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("selectors", [True, False])
async def test_redis_takes_the_rules_of_each_role(server: RedisServer, role: str, selectors: bool) -> None:
    async with connected(server.url) as admin:
        await admin.execute_command("ACL", "SETUSER", role, "reset", *ROLES[role].rules(selectors=selectors))  # type: ignore[no-untyped-call]
