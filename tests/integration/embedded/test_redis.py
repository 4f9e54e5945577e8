"""The embedded Redis with real servers: the one on PATH and the one out of the wheel."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import pytest
import redis

from sockethub.embedded import redis as embedded
from sockethub.embedded.child import EmbeddedServerFailed
from sockethub.embedded.redis import chosen_redis, embedded_redis, url_in
from tests.support.processes import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
def state_dir() -> Iterator[Path]:
    """Short, so that the socket fits into it."""
    with tempfile.TemporaryDirectory(prefix="sh-") as directory:
        yield Path(directory)


@pytest.fixture(params=["PATH", "wheel"])
def origin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with each server there is."""
    if request.param == "wheel":
        monkeypatch.setattr(embedded, "NAMES", ())
    return str(request.param)


def process_id(client: redis.Redis) -> int:
    return int(client.info("server")["process_id"])


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_runs_privately_and_keeps_its_data(state_dir: Path, origin: str) -> None:
    async with embedded_redis(state_dir) as server:
        assert origin in server.description
        with redis.Redis.from_url(server.url) as client:
            pid = process_id(client)
            settings = client.config_get("*")
            client.xadd("queue", {"job": "1"})
        assert (settings["port"], settings["appendonly"], settings["appendfsync"]) == ("0", "yes", "everysec")
        assert (settings["maxmemory-policy"], settings["save"]) == ("noeviction", "")
        path = Path(urlsplit(server.url).path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not alive(pid)
    async with embedded_redis(state_dir) as server:
        with redis.Redis.from_url(server.url) as client:
            assert client.xlen("queue") == 1


async def test_asks_for_a_password_that_only_its_owner_can_know(state_dir: Path, origin: str) -> None:
    async with embedded_redis(state_dir) as server:
        password = urlsplit(server.url).password
        assert password
        assert password not in repr(server)
        with redis.Redis.from_url(server.url) as client:
            pid = process_id(client)
        with (
            redis.Redis(unix_socket_path=urlsplit(server.url).path) as nobody,
            pytest.raises(redis.AuthenticationError),
        ):
            nobody.ping()
        for name in ("cmdline", "environ"):
            assert password.encode() not in Path(f"/proc/{pid}/{name}").read_bytes()
        assert url_in(state_dir).reveal() == server.url
        assert stat.S_IMODE((state_dir / "redis" / "password").stat().st_mode) == 0o600
    async with embedded_redis(state_dir) as server:
        assert urlsplit(server.url).password != password


async def test_a_directory_of_any_name_will_do(state_dir: Path) -> None:
    async with embedded_redis(state_dir / 'it\'s "mine" @ 100 % #1') as server:
        with redis.Redis.from_url(server.url) as client:
            assert client.ping()


async def test_is_started_again_with_its_data_when_it_is_killed(state_dir: Path, origin: str) -> None:
    async with embedded_redis(state_dir) as server:
        with redis.Redis.from_url(server.url) as client:
            client.set("answered", "yes")
            pid = process_id(client)
        os.kill(pid, signal.SIGKILL)
        with anyio.fail_after(10):
            while True:
                await anyio.sleep(0.01)
                try:
                    with redis.Redis.from_url(server.url) as client:
                        assert client.get("answered") == b"yes"
                        assert process_id(client) != pid
                        break
                except redis.exceptions.ConnectionError:
                    continue


async def test_one_that_keeps_dying_is_given_up(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "RESTARTS", 0)

    async def kill_it() -> None:
        async with embedded_redis(state_dir) as server:
            with redis.Redis.from_url(server.url) as client:
                os.kill(process_id(client), signal.SIGKILL)
            await anyio.sleep(10)

    with pytest.RaisesGroup(EmbeddedServerFailed):
        await kill_it()


async def test_a_directory_in_use_is_refused_with_the_owner(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "LOCK_DEADLINE", 0.05)
    async with embedded_redis(state_dir):
        with pytest.raises(EmbeddedServerFailed, match=rf"in use by another instance \(process {os.getpid()}\)"):
            async with embedded_redis(state_dir):
                pass


async def test_a_stale_socket_is_no_obstacle(state_dir: Path) -> None:
    (state_dir / "redis").mkdir()
    (state_dir / "redis" / "redis.sock").write_text("left over")
    async with embedded_redis(state_dir) as server:
        with redis.Redis.from_url(server.url) as client:
            assert client.ping()


async def test_a_long_state_directory_gets_a_short_socket(state_dir: Path) -> None:
    deep = state_dir.joinpath(*["x" * 50] * 3)
    async with embedded_redis(deep) as server:
        path = Path(urlsplit(server.url).path)
        with redis.Redis.from_url(server.url) as client:
            assert client.ping()
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.parent.exists()
    assert (deep / "redis" / "appendonlydir").is_dir()


async def test_a_directory_that_is_none_is_named(state_dir: Path) -> None:
    (state_dir / "redis").write_text("a file")
    with pytest.raises(EmbeddedServerFailed, match=r"cannot keep Redis' data in .*redis: .* Set `state_dir`"):
        async with embedded_redis(state_dir):
            pass


async def test_a_start_that_fails_quotes_the_server(state_dir: Path) -> None:
    data = state_dir / "redis" / "appendonlydir"
    data.mkdir(parents=True)
    (data / "appendonly.aof.manifest").write_text("this is no manifest\n")
    with pytest.raises(EmbeddedServerFailed, match=r"the embedded Redis ended with 1; it said: (?s:.*)manifest"):
        async with embedded_redis(state_dir):
            pass


async def test_an_old_server_is_passed_over(state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=5.0.14 sha=0'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    async with embedded_redis(state_dir) as server:
        assert "wheel" in server.description
    monkeypatch.setattr(embedded, "_in_wheel", lambda: iter(()))
    with pytest.raises(
        EmbeddedServerFailed, match=r"no Redis >= 6\.2 .*redis-server \(5\.0\.14\).*install redis-server"
    ):
        async with embedded_redis(state_dir):
            pass


async def test_a_configured_server_is_used_as_it_is(state_dir: Path) -> None:
    async with chosen_redis("redis://example.net", state_dir) as server:
        assert server.url == "redis://example.net"
    assert not list(state_dir.iterdir())


def test_no_orphan_is_left_and_the_next_instance_gets_the_data(state_dir: Path) -> None:
    program = (
        "import anyio, pathlib, sys\n"
        "from sockethub.embedded.redis import embedded_redis\n"
        "async def main():\n"
        "    async with embedded_redis(pathlib.Path(sys.argv[1])) as server:\n"
        "        print(server.url, flush=True)\n"
        "        await anyio.sleep(60)\n"
        "anyio.run(main)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(state_dir)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        lines = iter(parent.stdout.readline, b"")
        url = next(line for line in lines if line.startswith(b"unix://")).decode().strip()
        with redis.Redis.from_url(url) as client:
            pid = process_id(client)
            client.set("answered", "yes")
        parent.kill()
    eventually(lambda: not alive(pid), "Redis gone after its parent", deadline=5)

    async def again() -> None:
        async with embedded_redis(state_dir) as server:
            with redis.Redis.from_url(server.url) as client:
                assert client.get("answered") == b"yes"

    anyio.run(again)
