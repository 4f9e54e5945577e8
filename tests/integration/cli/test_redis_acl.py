"""Users of Redis for each role: what they may do is enough for it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
import redis

from sockethub.cli.exits import Exit
from sockethub.redis_rights import ROLES
from tests.integration.deployment.conversation import log_in, note, room, verb
from tests.support.deployment import descendants, login_workers
from tests.support.halves import declare, half
from tests.support.ircd import IrcServer
from tests.support.redis import RedisServer, run_redis
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with run_redis() as running:
        yield running


def redis_acl(folder: Path, redis_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sockethub", "redis-acl", *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "REDIS": redis_url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_each_role_works_with_the_user_that_is_made_for_it(
    tmp_path: Path, server: RedisServer, ngircd: IrcServer
) -> None:
    declare(tmp_path, server.url, {"redis": {"url": "${env:REDIS}", "acl": "required"}})
    made = redis_acl(tmp_path, server.url, "--json", "--create", "users")
    assert made.returncode == Exit.OK, made.stderr
    files = {row["role"]: tmp_path / row["file"] for row in json.loads(made.stdout)}
    urls = {role: file.read_text().strip() for role, file in files.items()}
    for role, file in files.items():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert urls[role] not in made.stdout + made.stderr
    with (
        half("workers", tmp_path, urls["supervisor"]) as workers,
        half("gateway", tmp_path, urls["gateway"]) as gateway,
    ):
        async with ws_client(gateway.websocket) as browser:
            await browser.ok("message", _echo())
            await log_in(browser, "ann", ngircd, "#acl")
            [worker] = login_workers(descendants(workers.process.pid), "irc")
            os.kill(worker, signal.SIGKILL)
            await browser.message(lambda activity: "reconnect" in json.dumps(activity))
            await browser.ok("message", note("ann", room("#acl"), "hello"))
            await browser.ok("message", verb("disconnect", "ann"))
        with anyio.fail_after(10):
            while login_workers(descendants(workers.process.pid), "irc"):  # noqa: ASYNC110 - of other processes
                await anyio.sleep(0.05)
        assert "NOPERM" not in workers.log + gateway.log
        assert "permission" not in (workers.log + gateway.log).lower()
    operator = redis_acl(tmp_path, urls["operator"], "--create", "users")
    assert operator.returncode == Exit.FAILED, "who may not make users is told so"
    assert "makes no users" in operator.stderr


def _echo() -> dict[str, object]:
    return {
        "type": "echo",
        "context": "dummy",
        "actor": {"id": "ann", "type": "person"},
        "object": {"type": "message", "content": "hello"},
    }


def test_what_is_printed_makes_the_users(tmp_path: Path, server: RedisServer) -> None:
    declare(tmp_path, server.url)
    printed = redis_acl(tmp_path, server.url)
    assert printed.returncode == Exit.OK
    with redis.Redis.from_url(server.url) as admin:
        for line in printed.stdout.splitlines():
            assert admin.execute_command(*shlex.split(line)) == b"OK"  # type: ignore[no-untyped-call]
        made = {name for name in admin.acl_users() if name.startswith("sockethub-")}
        assert made == {f"sockethub-{role}" for role in ROLES}
        listed = json.loads(redis_acl(tmp_path, server.url, "--json").stdout)
        assert {row["role"]: row["rules"] for row in listed} == {
            role: list(rights.rules(selectors=True)) for role, rights in ROLES.items()
        }
        assert not any(admin.acl_getuser(name)["enabled"] for name in made), "without a password nobody gets in"


def test_the_embedded_redis_needs_none(tmp_path: Path) -> None:
    (tmp_path / "sockethub.yaml").write_text((Path(__file__).parents[3] / "sockethub.yaml").read_text())
    refused = redis_acl(tmp_path, "", "--create", "users")
    assert refused.returncode == Exit.CONFIG
    assert refused.stderr.startswith("redis.url: no Redis is declared to make users in")
    assert not (tmp_path / "users").exists()
