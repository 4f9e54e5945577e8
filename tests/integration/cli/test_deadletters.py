"""What was set aside is seen by the operator, and nobody else."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
import yaml

from sockethub import redis_keys
from sockethub.cli.exits import Exit
from sockethub.crypto import MasterKey, RootKey, WrappedRoot, new_key
from tests.integration.workers.stage import Client, staged
from tests.support.deployment import declaration

pytestmark = pytest.mark.anyio


async def test_they_are_listed_and_removed(redis_url: str, tmp_path: Path) -> None:
    raw, root = new_key(), RootKey.new(0)
    wrapped = WrappedRoot.of(root, [MasterKey.of(raw)])
    async with staged(redis_url, key=root) as (stage, _):
        await stage.client.hset(redis_keys.ROOT_KEY, mapping=wrapped.to_hash())
        client = Client(stage, "ann")
        await client.connect()
        jobs = [await client.send("query", "die") for _ in range(2)]
        for job in jobs:
            assert (await client.reply(job)).condition == "poisoned"
    _declare(tmp_path, redis_url, raw)
    status, listed = await _deadletters(tmp_path, "--json")
    letters = json.loads(listed)
    assert status == Exit.OK
    assert [(letter["id"], letter["platform"], letter["login"], letter["verb"]) for letter in letters] == [
        (job, "parrot", "ann", "query") for job in jobs
    ]
    assert "die" not in listed, "what it says is nobody's business"

    assert (await _deadletters(tmp_path, "--remove", "other"))[0] == Exit.USAGE
    assert await _deadletters(tmp_path, "--remove", jobs[0]) == (Exit.OK, "1 removed\n")
    status, table = await _deadletters(tmp_path)
    assert jobs[0] not in table
    assert jobs[1] in table
    assert await _deadletters(tmp_path, "--remove-all") == (Exit.OK, "1 removed\n")
    assert await _deadletters(tmp_path) == (Exit.OK, "no dead letters\n")


async def test_without_the_key_they_are_listed_all_the_same(redis_url: str, tmp_path: Path) -> None:
    root = RootKey.new(0)
    async with staged(redis_url, key=root) as (stage, _):
        wrapped = WrappedRoot.of(root, [MasterKey.of(new_key())])
        await stage.client.hset(redis_keys.ROOT_KEY, mapping=wrapped.to_hash())
        client = Client(stage, "ann")
        await client.connect()
        job = await client.send("query", "die")
        await client.reply(job)
    _declare(tmp_path, redis_url, new_key())
    _, listed = await _deadletters(tmp_path, "--json")
    assert [(letter["id"], letter["verb"]) for letter in json.loads(listed)] == [(job, None)]


async def test_no_redis_is_an_error(tmp_path: Path) -> None:
    _declare(tmp_path, "redis://:sesame@127.0.0.1:1", new_key())
    status, text = await _deadletters(tmp_path)
    assert status == Exit.FAILED
    assert "127.0.0.1:1" in text
    assert "sesame" not in text


def _declare(folder: Path, url: str, key: bytes) -> None:
    keys = {"master": base64.b64encode(key).decode()}
    (folder / "sockethub.yaml").write_text(yaml.safe_dump(declaration({"redis": {"url": url}, "keys": keys})))


async def _deadletters(folder: Path, *options: str) -> tuple[int, str]:
    argv = [sys.executable, "-m", "sockethub", "deadletters", *options]
    done = await anyio.run_process(argv, cwd=folder, check=False, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode()
