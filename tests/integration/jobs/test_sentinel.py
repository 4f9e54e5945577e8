"""Clients that find their server by real sentinels, which ask for a password and speak TLS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest
import redis

from sockethub.jobs import connect_sync, connected, linked, sentinel
from sockethub.jobs.link import NotDone
from sockethub.redis_url import Address
from tests.support.sentinel import Watched, run_watched
from tests.support.tls import Certificates

pytestmark = pytest.mark.anyio

WITHIN_SECONDS = 15.0


@pytest.fixture
def watched(tmp_path: Path, certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    with run_watched(tmp_path, servers=2, sentinels=1, certificates=certificates) as running:
        yield running


async def test_clients_follow_a_failover(watched: Watched) -> None:
    moved = anyio.Event()
    told: list[Address] = []

    def note(master: Address) -> None:
        told.append(master)
        moved.set()

    url = watched.url
    async with linked(url) as link, connected(url) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(sentinel.watch, url, note)
        await link.call("SET", "by", "link")
        assert await client.get("by") == b"link"
        with closing(connect_sync(url)) as tool:
            assert await anyio.to_thread.run_sync(tool.get, "by") == b"link"
        before = await anyio.to_thread.run_sync(watched.fail_over)
        with anyio.fail_after(WITHIN_SECONDS):
            await moved.wait()
        (run,) = [line for line in (await link.call("INFO", "server")).split() if line.startswith(b"tcp_port:")]
        assert run == f"tcp_port:{told[0][1]}".encode()
        assert told[0][1] != before
        assert (await client.info("server"))["tcp_port"] == told[0][1]
        tasks.cancel_scope.cancel()


async def test_what_sentinels_name_must_be_a_master(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentinel that is behind names one that was demoted."""
    (replica,) = watched.replicas

    async def behind(_: object) -> Address:
        return "127.0.0.1", replica

    monkeypatch.setattr(sentinel.Master, "find", behind)
    async with linked(watched.url) as link, connected(watched.url) as client:
        with pytest.raises(NotDone, match="no master yet"):
            await link.call("SET", "a", "b")
        with pytest.raises(redis.ConnectionError, match="no master yet"):
            await client.set("a", "b")


async def test_without_any_sentinel_it_is_told() -> None:
    nobody = "redis+sentinel://127.0.0.1:1/0?master=house"
    async with linked(nobody) as link, connected(nobody) as client:
        with pytest.raises(NotDone, match="no sentinel answers"):
            await link.call("PING")
        with pytest.raises(redis.ConnectionError, match="no sentinel answers"):
            await client.get("a")
