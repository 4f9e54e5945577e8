"""Gateway, workers and every command on a Redis Cluster, each with the user that is made for its role."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import anyio
import pytest

from sockethub import redis_keys
from sockethub.cli.exits import Exit
from sockethub.jobs.names import FIELD
from tests.integration.deployment.conversation import log_in, note, room, verb
from tests.support.cli import run
from tests.support.cluster import RedisCluster, run_cluster
from tests.support.deployment import descendants, login_workers
from tests.support.halves import declare, half
from tests.support.ircd import IrcServer
from tests.support.processes import PATIENCE
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio


async def test_roles_and_commands(tmp_path: Path, ngircd: IrcServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with run_cluster(tmp_path, masters=3, replicas=1) as cluster:
        declare(tmp_path, cluster.url, {"redis": {"url": "${env:REDIS}", "acl": "required"}})
        urls = await anyio.to_thread.run_sync(_made, tmp_path, cluster)
        with (
            half("workers", tmp_path, urls["supervisor"]) as workers,
            half("gateway", tmp_path, urls["gateway"]) as gateway,
        ):
            async with ws_client(gateway.websocket) as browser:
                await log_in(browser, "ann", ngircd, "#shards")
                [worker] = login_workers(descendants(workers.process.pid), "irc")
                os.kill(worker, signal.SIGKILL)
                await browser.message(lambda activity: "reconnect" in json.dumps(activity))
                await browser.ok("message", note("ann", room("#shards"), "hello"))
                await anyio.to_thread.run_sync(_operate, cluster, urls["operator"])
                await browser.message(lambda activity: "reconnect" in json.dumps(activity))
                await browser.ok("message", verb("disconnect", "ann"))
                # Before the client leaves, which the login would be told of, and begin once more for.
                with anyio.fail_after(10 * PATIENCE):
                    while login_workers(descendants(workers.process.pid), "irc"):  # noqa: ASYNC110 - other processes
                        await anyio.sleep(0.05)
            log = (workers.log + gateway.log).lower()
            assert "noperm" not in log
            assert "permission" not in log


def _made(folder: Path, cluster: RedisCluster) -> dict[str, str]:
    """The users, at replicas too: these may be masters one day."""
    made = run("redis-acl", "--json", "--create", "users", env={"REDIS": cluster.url})
    assert made.exit_code == Exit.OK, made.output
    for port in cluster.ports:
        with cluster.server(port) as server:
            assert {"sockethub-gateway", "sockethub-supervisor", "sockethub-operator"} <= set(server.acl_users())
    return {row["role"]: (folder / row["file"]).read_text().strip() for row in json.loads(made.stdout)}


def _operate(cluster: RedisCluster, url: str) -> None:
    operator = {"REDIS": url}
    for queue in ("irc.abc", "feeds"):
        key = redis_keys.dead_letters(queue)
        with cluster.server(cluster.owner(key)) as server:
            server.xadd(key, {FIELD: b"nonsense"})
    listed = run("deadletters", "--json", env=operator)
    assert listed.exit_code == Exit.OK, listed.output
    assert {letter["platform"] for letter in json.loads(listed.stdout)} == {"irc", "feeds"}
    assert run("deadletters", "--remove-all", env=operator).stdout == "2 removed\n"
    status = run("status", "--json", env=operator)
    assert status.exit_code == Exit.OK, status.output
    [row] = json.loads(run("ps", "--json", env=operator).stdout)
    assert row["platform"] == "irc"
    killed = run("kill", row["login"], env=operator)
    assert killed.exit_code == Exit.OK, killed.output
    rotated = run("rotate-keys", "--status", "--json", env=operator)
    assert len(json.loads(rotated.stdout)["processes"]) == 2, rotated.output
    examined = json.loads(run("doctor", "--json", env={"REDIS": cluster.url}).stdout)
    found = [each for each in examined if each["check"] == "Redis"]
    assert [each["level"] for each in found] == ["ok"] * 3, found
    [one] = [
        each
        for each in json.loads(run("doctor", "--json", env={"REDIS": cluster.url_of(cluster.ports[0])}).stdout)
        if each["check"] == "Redis"
    ]
    assert one["level"] == "problem"
    assert "redis+cluster" in one["remedy"]
