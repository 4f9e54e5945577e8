"""A conversation on a Redis Cluster whose slots move and whose masters die: the promises hold, and it goes on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import anyio
import pytest

from sockethub import redis_keys
from tests.faults.conversation import left, settled
from tests.faults.history import RESULT
from tests.faults.masters import conversing, judge, lost, talk
from tests.faults.services import Irc
from tests.faults.talker import Talker
from tests.support.cluster import RedisCluster, run_cluster
from tests.support.ircd import IrcServer

pytestmark = pytest.mark.anyio


async def test_a_conversation_outlives_moves_and_masters(tmp_path: Path, ngircd_with_password: IrcServer) -> None:
    """Everything of the logins and of the gateway moves; then the master of one login's queue dies."""
    service = Irc(ngircd_with_password)
    with run_cluster(tmp_path, masters=3, replicas=3) as cluster:
        async with conversing(tmp_path, cluster.url, service, "cluster") as (witness, one, two):
            numbers = count()
            await talk(numbers, witness, one, two)
            assert await anyio.to_thread.run_sync(_masters_used, cluster) == 3
            keys = await anyio.to_thread.run_sync(_keys, cluster)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(anyio.to_thread.run_sync, _move, cluster, keys)
                await talk(numbers, witness, one, two)
            await talk(numbers, witness, one, two)
            for each in (one, two):
                assert set(_outcomes(each)) <= {RESULT}, "no move is noticed"
            began = one.history.clock()
            victim = cluster.owner(next(key for key in keys if key.startswith("queue:irc.")))
            await anyio.to_thread.run_sync(cluster.kill, victim)
            promoted = await talk(numbers, witness, one, two, once=partial(_replaced, cluster, victim))
            for each in (one, two):
                await settled(each, witness)
                judge(each, lost(each, began, promoted))
                await left(each)
            assert _status(tmp_path, cluster).returncode == 0


def _keys(cluster: RedisCluster) -> list[str]:
    """One of each slot that is used by anybody."""
    return list({key.partition("{")[2].partition("}")[0] or key: key for key in cluster.names()}.values())


def _masters_used(cluster: RedisCluster) -> int:
    return len({cluster.owner(key) for key in cluster.names()})


def _move(cluster: RedisCluster, keys: list[str]) -> None:
    for key in keys:
        cluster.move(key, cluster.others(cluster.owner(key))[0])


def _outcomes(talker: Talker) -> Iterator[str]:
    return (asked.outcome for asked in talker.history.asked.values() if asked.outcome is not None)


def _replaced(cluster: RedisCluster, victim: int) -> bool:
    masters = cluster.masters()
    return victim not in masters and redis_keys.SUPERVISOR_LOGINS in cluster.names()


def _status(folder: Path, cluster: RedisCluster) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "sockethub", "status"], cwd=folder, env={"REDIS": cluster.url, "PATH": ""}, check=False
    )
