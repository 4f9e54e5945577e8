"""Redis is not there yet, is restarted, or comes back empty: what gateways and workers do about it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
import redis

from sockethub import redis_keys
from sockethub.cli.exits import Exit
from sockethub.supervisor.outage import CALM_SECONDS
from tests.integration.deployment.conversation import log_in, note, room, verb
from tests.support.deployment import descendants, login_workers
from tests.support.halves import READY_SECONDS, declare, half
from tests.support.ircd import IrcServer
from tests.support.ircpeer import IrcPeer, irc_peer
from tests.support.processes import eventually
from tests.support.redis import MortalRedis, run_mortal_redis
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio

LEASE_SECONDS = 1.5
LOGINS = 4
WAITING = "waiting for Redis"


@pytest.fixture
def forgetful() -> Iterator[MortalRedis]:
    """A Redis that writes nothing down."""
    with run_mortal_redis() as server:
        yield server


def _begin_anew(server: MortalRedis) -> redis.Redis:
    server.kill()
    server.start()
    return redis.Redis.from_url(server.url)


def _restored(client: redis.Redis) -> bool:
    return bool(client.keys("session:*") and client.keys("login:*:attached") and client.keys("login:*:state"))


def _joins(peer: IrcPeer, nick: str) -> int:
    return sum(line.startswith(f":{nick}!") and " JOIN " in line for line in peer.lines)


async def test_records_are_written_again(tmp_path: Path, forgetful: MortalRedis, ngircd: IrcServer) -> None:
    """A worker that dies after Redis came back empty is replaced by one that knows everything."""
    declare(tmp_path, forgetful.url)
    command = {**note("phoenix", room("#ashes"), "once"), "id": "urn:x:once"}
    async with irc_peer("ashwatch", ngircd.host, ngircd.port) as peer:
        await peer.join("#ashes")
        with half("workers", tmp_path) as workers, half("gateway", tmp_path) as gateway:
            async with ws_client(gateway.websocket) as client:
                await log_in(client, "phoenix", ngircd, "#ashes")
                await client.ok("message", command)
                store = _begin_anew(forgetful)
                await anyio.to_thread.run_sync(eventually, lambda: _restored(store), "the records")
                assert _joins(peer, "phoenix") == 1, "nobody was disconnected"
                [worker] = login_workers(descendants(workers.process.pid), "irc")
                os.kill(worker, signal.SIGKILL)
                await peer.line(lambda line: line.startswith(":phoenix!") and " JOIN " in line)
                answer = await client.ok("message", command)
                assert answer["object"]["content"] == "once"
                await client.ok("message", note("phoenix", room("#ashes"), "the end"))
                await peer.line(lambda line: line.endswith(":the end"))
                assert sum(line.endswith(":once") for line in peer.lines) == 1, "answered from the record"


async def test_logins_are_asked_for_again(tmp_path: Path, forgetful: MortalRedis, ngircd: IrcServer) -> None:
    """The workers' machine went down with Redis: the gateway alone knows who was logged in."""
    declare(tmp_path, forgetful.url, {"workers": {"lease_seconds": LEASE_SECONDS}})
    async with irc_peer("tombwatch", ngircd.host, ngircd.port) as peer:
        await peer.join("#tomb")
        with half("gateway", tmp_path) as gateway:
            async with ws_client(gateway.websocket) as client:
                with half("workers", tmp_path) as workers:
                    await log_in(client, "lazarus", ngircd, "#tomb")
                    workers.process.kill()
                    await peer.line(lambda line: line.startswith(":lazarus!") and " QUIT " in line)
                    store = _begin_anew(forgetful)
                with half("workers", tmp_path) as workers:
                    await anyio.to_thread.run_sync(
                        eventually, lambda: login_workers(descendants(workers.process.pid), "irc"), "a worker"
                    )
                    assert store.hlen(redis_keys.SUPERVISOR_LOGINS) == 1
                    await client.ok("message", verb("connect", "lazarus"))
                    await client.ok("message", verb("join", "lazarus", room("#tomb")))
                    await client.ok("message", note("lazarus", room("#tomb"), "risen"))
                    await peer.line(lambda line: line.endswith(":risen"))


async def test_an_outage_longer_than_the_lease_moves_no_login(tmp_path: Path, ngircd: IrcServer) -> None:
    """With two machines: what the one does not renew while Redis is away, the other does not take."""
    with run_mortal_redis("--appendonly", "yes", "--appendfsync", "always") as server:
        declare(tmp_path, server.url, {"workers": {"lease_seconds": LEASE_SECONDS}})
        (other := tmp_path / "other").mkdir()
        for name in ("sockethub.yaml", "secret", "redis"):
            (other / name).write_bytes((tmp_path / name).read_bytes())
            (other / name).chmod(0o600)
        async with irc_peer("staywatch", ngircd.host, ngircd.port) as peer:
            await peer.join("#stay")
            with half("workers", tmp_path), half("workers", other), half("gateway", tmp_path) as gateway:
                async with ws_client(gateway.websocket) as client:
                    for number in range(LOGINS):
                        await log_in(client, f"stayer{number}", ngircd, "#stay")
                    server.kill()
                    await anyio.sleep(2 * LEASE_SECONDS)
                    server.start()
                    await anyio.sleep(CALM_SECONDS + 2 * LEASE_SECONDS)
                    await client.ok("message", note("stayer0", room("#stay"), "here"))
                    await peer.line(lambda line: line.endswith(":here"))
                    assert [_joins(peer, f"stayer{number}") for number in range(LOGINS)] == [1] * LOGINS
                    assert not any(" QUIT " in line for line in peer.lines)


@pytest.mark.parametrize("command", ["gateway", "workers"])
async def test_a_start_waits_for_redis(tmp_path: Path, forgetful: MortalRedis, command: str) -> None:
    declare(tmp_path, forgetful.url)
    forgetful.kill()

    def start_once_it_waits() -> None:
        eventually(lambda: any(WAITING in log.read_text() for log in tmp_path.glob("*.log")), WAITING)
        forgetful.start()

    starting = threading.Thread(target=start_once_it_waits)
    starting.start()
    with half(command, tmp_path) as started:
        assert WAITING in started.log
    starting.join()


@pytest.mark.parametrize("command", ["gateway", "workers", "serve"])
def test_a_start_without_redis_says_what_to_do(tmp_path: Path, command: str) -> None:
    declare(tmp_path, "redis://:sesame@127.0.0.1:1/0", {"redis": {"url": "${env:REDIS}", "wait_seconds": 0.1}})
    status, text = _run(command, tmp_path)
    assert status == Exit.FAILED
    assert "redis.url: no Redis serves at 127.0.0.1:1 within 0.1 s" in text
    assert "redis.wait_seconds" in text
    assert "sesame" not in text
    assert "Traceback" not in text


def test_a_redis_that_refuses_is_not_waited_for(tmp_path: Path) -> None:
    with run_mortal_redis("--requirepass", "sesame") as server:
        declare(tmp_path, f"unix://:guess@{server.socket}")
        status, text = _run("gateway", tmp_path)
        assert status == Exit.FAILED
        assert f"redis.url: the Redis at {server.socket} refuses" in text
        assert "guess" not in text


@pytest.mark.parametrize("command", ["gateway", "workers", "serve"])
def test_another_master_key_is_noticed_at_the_start(tmp_path: Path, forgetful: MortalRedis, command: str) -> None:
    declare(tmp_path, forgetful.url)
    with half("gateway", tmp_path):
        pass
    declare(tmp_path, forgetful.url)  # makes another key
    status, text = _run(command, tmp_path)
    assert status == Exit.FAILED
    assert "keys: what this Redis holds is sealed under the master key" in text
    assert "`keys.master`" in text
    assert (tmp_path / "secret").read_text().strip() not in text


def _run(command: str, folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "sockethub", command],
        cwd=folder,
        env=os.environ | {"REDIS": (folder / "redis").read_text()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=READY_SECONDS,
    )
    return done.returncode, done.stdout + done.stderr
