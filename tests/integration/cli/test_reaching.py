"""What a start makes of the Redis it finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from sockethub.cli.reaching import await_redis
from sockethub.config.models import Redis
from sockethub.crypto import Secret
from sockethub.errors import ConfigError, QueueUnavailable
from tests.support.cluster import run_cluster
from tests.support.processes import accepts, find_server, free_port, running

pytestmark = pytest.mark.anyio


async def test_an_ordinary_redis(redis_url: str) -> None:
    await await_redis(Redis(url=Secret(redis_url)))


async def test_a_cluster_and_a_server_of_one(tmp_path: Path) -> None:
    with run_cluster(tmp_path, masters=1) as cluster:
        await await_redis(Redis(url=Secret(cluster.url)))
        url = cluster.url_of(cluster.ports[0])
        with pytest.raises(
            ConfigError, match=r"localhost:\d+ is a server of a Redis Cluster.*redis\+cluster"
        ) as caught:
            await await_redis(Redis(url=Secret(url)))
        assert "canary" not in str(caught.value)
        with pytest.raises(ConfigError, match="refuses: WRONGPASS"):
            await await_redis(Redis(url=Secret(cluster.url.replace("canary", "other"))))


async def test_a_redis_that_is_no_cluster(tmp_path: Path) -> None:
    port = free_port()
    argv = [find_server("redis-server", "redis-server"), "--port", str(port), "--save", ""]
    with (
        running(argv, ready=lambda: accepts(("127.0.0.1", port)), log=tmp_path / "log"),
        pytest.raises(ConfigError, match="refuses: ERR This instance has cluster support disabled"),
    ):
        await await_redis(Redis(url=Secret(f"redis+cluster://127.0.0.1:{port}")))


async def test_a_cluster_that_is_not_there() -> None:
    with pytest.raises(QueueUnavailable, match="the cluster does not answer"):
        await await_redis(Redis(url=Secret(f"redis+cluster://127.0.0.1:{free_port()}"), wait_seconds=0))
