"""What can be said about the embedded Redis without running it; the rest is in tests/integration/embedded."""

from __future__ import annotations

from pathlib import Path

import pytest

from sockethub.embedded.redis import Executable, RedisServer, parse_version


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae4d7c971a948f0", (7, 0, 15)),
        ("Valkey server v=9.1.2 sha=00000000:0 malloc=libc bits=64 build=0", (9, 1, 2)),
        ("Redis server version 2.4.5 (00000000:0)", None),
        ("", None),
    ],
)
def test_versions_are_read(said: str, version: tuple[int, ...] | None) -> None:
    assert parse_version(said) == version


def test_a_description_says_what_runs_and_where_it_is_from() -> None:
    assert str(Executable(Path("/usr/bin/redis-server"), (7, 0, 15), "from PATH")) == "redis-server 7.0.15 from PATH"


def test_the_password_in_a_url_is_not_shown() -> None:
    assert "hunter2" not in repr(RedisServer("redis://:hunter2@example.net", "the one `redis.url` names"))
