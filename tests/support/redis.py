"""A real Redis on a private Unix socket, one for the whole run, empty at the start of each test that asks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from tests.support.processes import accepts, find_server, running


@dataclass(frozen=True)
class RedisServer:
    """A running Redis: its URL (``unix://…``), its socket, its process."""

    url: str
    socket: Path
    pid: int


@contextmanager
def run_redis(*options: str) -> Iterator[RedisServer]:
    """Run a Redis of one's own with further command line ``options``; in memory unless they say otherwise."""
    executable = find_server("redis-server", "redis-server")
    # Not below pytest's directory: its path may be longer than a socket's path can be.
    with tempfile.TemporaryDirectory(prefix="sockethub-redis-") as directory:
        path = Path(directory, "redis.sock")
        argv = [executable, "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--dir", directory]
        argv += ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--daemonize", "no", *options]
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
