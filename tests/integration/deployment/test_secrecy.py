"""Redis is never told a word: a dump of all of it during a conversation, searched for everything that was said."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import redis

from sockethub.cli.exits import Exit
from tests.integration.deployment.conversation import log_in, note, room
from tests.support.cli import run
from tests.support.deployment import Deployment, deployment
from tests.support.ircd import SERVER_PASSWORD, IrcServer
from tests.support.redis import RedisServer, run_redis
from tests.support.wsclient import WsClient, ws_client

pytestmark = pytest.mark.anyio

PASSWORD = SERVER_PASSWORD
WORDS = (PASSWORD, "canarynick", "canary-room", "canary-content", "PRIVMSG", "realname-canary")


@pytest.fixture
def recording_redis() -> Iterator[RedisServer]:
    """A Redis that writes every command it is given to an append-only file."""
    with run_redis("--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0") as server:
        yield server


@pytest.fixture
def secret_house(tmp_path: Path, recording_redis: RedisServer) -> Iterator[Deployment]:
    with deployment(tmp_path, {"redis": {"url": recording_redis.url}, "log": {"level": "debug"}}) as running:
        yield running


def session_keys(client: redis.Redis) -> list[bytes]:
    found: list[bytes] = client.keys("session:*")
    return found


def everything_written(server: RedisServer) -> bytes:
    """All that was ever written to Redis, values and keys alike."""
    files = sorted(server.socket.parent.glob("appendonlydir/*")) + sorted(server.socket.parent.glob("*.aof"))
    written = b"".join(file.read_bytes() for file in files)
    assert b"XADD" in written
    return written


async def test_redis_learns_nothing(
    secret_house: Deployment, recording_redis: RedisServer, ngircd_with_password: IrcServer
) -> None:
    house = secret_house
    master = base64.b64decode(next((house.directory / "state").rglob("*.key")).read_text())
    with redis.Redis.from_url(recording_redis.url) as client:
        async with ws_client(house.websocket) as browser:
            await _converse(browser, ngircd_with_password)
            keys = session_keys(client)
            assert keys
            assert all(key.startswith(b"session:{") for key in keys)
            logged = await _logged(house.directory)
        with anyio.fail_after(5):
            while session_keys(client):  # noqa: ASYNC110 - Redis tells nobody of a deleted key
                await anyio.sleep(0.02)

    written = everything_written(recording_redis)
    for word in WORDS:
        assert word.encode() not in written
        assert base64.b64encode(word.encode()).rstrip(b"=")[:-1] not in written
    assert master not in written
    assert base64.b64encode(master) not in written
    for record in logged:  # the answers have passed through Redis, too
        assert record["timestamp"].encode() not in written, record["event"]
    assert b"command performed" not in written


async def _logged(folder: Path) -> list[dict[str, Any]]:
    """What `sockethub logs` tells of gateway, supervisor and workers: no word either."""
    argv = ("logs", "--json", "--lines", "1000", "--config", str(folder / "sockethub.yaml"))
    done = await anyio.to_thread.run_sync(run, *argv)
    assert done.exit_code == Exit.OK, done.stderr
    for word in WORDS:
        assert word not in done.stdout
    records = json.loads(done.stdout)["records"]
    assert {each["role"] for each in records} == {"gateway", "workers", "worker"}
    assert any(each["record"]["event"] == "command performed" for each in records)
    return [each["record"] for each in records]


async def _converse(browser: WsClient, server: IrcServer) -> None:
    await log_in(
        browser, "canarynick", server, "#canary-room", password=PASSWORD, realname="realname-canary", username="canary"
    )
    for number in range(20):
        await browser.ok("message", note("canarynick", room("#canary-room"), f"canary-content {number}"))


async def test_children_are_told_no_secret_by_argv_or_environment(
    secret_house: Deployment, recording_redis: RedisServer, ngircd_with_password: IrcServer
) -> None:
    house = secret_house
    master = base64.b64encode(base64.b64decode(next((house.directory / "state").rglob("*.key")).read_text()))
    async with ws_client(house.websocket) as browser:
        await _converse(browser, ngircd_with_password)
        pids = [house.process.pid, *house.processes()]
        assert len(pids) > 4
        for pid in pids:
            seen = _visible_to_others(pid)
            assert PASSWORD.encode() not in seen
            assert master not in seen
    assert PASSWORD not in house.log
    assert "canary-content" not in house.log


def _visible_to_others(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
