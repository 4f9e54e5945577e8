"""A real Redis on a private Unix socket, one for the whole run, empty at the start of each test that asks."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from tests.support.processes import accepts, eventually, find_server, running, stop


@dataclass(frozen=True)
class RedisServer:
    """A running Redis: its URL (``unix://…``), its socket, its process."""

    url: str
    socket: Path
    pid: int


class MortalRedis:
    """A Redis that a test kills and starts again, on the same socket and files."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.socket = directory / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._log = directory / "log"
        self._argv = _command(directory, *options)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Run it; it accepts connections when this returns, but may still be loading."""
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(self._argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        eventually(lambda: accepts(str(self.socket)), "a restarted Redis")

    def kill(self) -> None:
        """SIGKILL: it has no time to write anything down, nor to close anything."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def end(self) -> None:
        if self._process is not None:
            stop(self._process)


@contextmanager
def run_mortal_redis(*options: str) -> Iterator[MortalRedis]:
    """Run a :class:`MortalRedis` until the block ends."""
    with tempfile.TemporaryDirectory(prefix="sockethub-redis-") as directory:
        server = MortalRedis(Path(directory), *options)
        try:
            server.start()
            yield server
        finally:
            server.end()


def _command(directory: Path, *options: str) -> list[str]:
    executable, path = find_server("redis-server", "redis-server"), directory / "redis.sock"
    where = ("--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--dir", str(directory))
    what = ("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--daemonize", "no")
    return [executable, *where, *what, *options]


@contextmanager
def run_redis(*options: str) -> Iterator[RedisServer]:
    """Run a Redis of one's own with further command line ``options``; in memory unless they say otherwise."""
    # Not below pytest's directory: its path may be longer than a socket's path can be.
    with tempfile.TemporaryDirectory(prefix="sockethub-redis-") as directory:
        path = Path(directory, "redis.sock")
        argv = _command(Path(directory), *options)
        with running(argv, ready=lambda: accepts(str(path)), log=Path(directory, "log")) as process:
            yield RedisServer(f"unix://{path}", path, process.pid)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One Redis for the whole run; use ``redis_url`` unless its process is what you test."""
    with run_redis() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """URL of a real, empty Redis."""
    with redis.Redis(unix_socket_path=str(redis_server.socket), socket_timeout=5.0) as client:
        client.flushall()
    return redis_server.url
