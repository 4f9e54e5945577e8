"""The how-to page, step by step, while somebody talks: on two machines, as far as declarations and processes go."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
import redis
import yaml

from sockethub import redis_keys
from sockethub.cli.exits import Exit
from sockethub.cli.rootkey import wrapped_root
from sockethub.crypto import MasterKey
from sockethub.errors import CryptoError
from tests.integration.deployment.conversation import log_in, note, room
from tests.support.deployment import declaration, descendants, login_workers
from tests.support.halves import half
from tests.support.ircd import IrcServer
from tests.support.ircpeer import IrcPeer, irc_peer
from tests.support.wsclient import WsClient, ws_client

pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "rotate-keys.md").read_text()
STEPS = {name: text for _, name, text in re.findall(r"^```(sh|yaml) (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)}
FOLDER = "/etc/sockethub"
ROOM = "#rotation"


class Machine:
    """A folder with a declaration and key files of its own, where the page has /etc/sockethub."""

    def __init__(self, folder: Path, redis_url: str | None = None) -> None:
        folder.mkdir()
        self.folder = folder
        self._redis = {} if redis_url is None else {"redis": {"url": redis_url}}
        (folder / "redis").touch()

    def declares(self, step: str | None = None) -> None:
        """What the page shows; without a step, nothing about keys."""
        keys = {} if step is None else yaml.safe_load(STEPS[step].replace(FOLDER, str(self.folder)))
        overrides = {**self._redis, **keys}
        (self.folder / "sockethub.yaml").write_text(yaml.safe_dump(declaration(overrides)))

    def key(self, year: int) -> MasterKey:
        return MasterKey.load(self.folder / f"master-{year}.key")

    async def runs(self, step: str, *options: str) -> tuple[int, str]:
        """What the page shows, by a shell, in this folder."""
        command = STEPS[step].replace(FOLDER, str(self.folder)).rstrip() + "".join(f" {option}" for option in options)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = await anyio.run_process(
            ["bash", "-euc", command],
            cwd=self.folder,
            env=os.environ | {"PATH": path},
            check=False,
            stderr=subprocess.STDOUT,
        )
        return done.returncode, done.stdout.decode()

    async def report(self, step: str, *, status: int = Exit.OK) -> dict[str, Any]:
        code, text = await self.runs(step, "--json")
        assert code == status, text
        found: dict[str, Any] = json.loads(text)
        return found


class Talk:
    """Somebody who never stops talking; every command is answered, and with a result."""

    def __init__(self, client: WsClient) -> None:
        self._client = client
        self.said = 0

    async def go_on(self) -> None:
        while True:
            answer = await self._client.ok("message", note("chatter", room(ROOM), f"word {self.said}"))
            assert answer["object"]["content"] == f"word {self.said}"
            self.said += 1
            await anyio.sleep(0.02)

    async def some_more(self) -> None:
        """A few words later."""
        wanted = self.said + 3
        with anyio.fail_after(20):
            while self.said < wanted:  # noqa: ASYNC110 - the words are what is waited for
                await anyio.sleep(0.02)


@asynccontextmanager
async def talking(client: WsClient) -> AsyncIterator[Talk]:
    talk = Talk(client)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(talk.go_on)
        yield talk
        tasks.cancel_scope.cancel()


def connections(pid: int, server: IrcServer) -> set[tuple[str, str]]:
    """Local address and inode of each TCP connection of the process to the IRC server."""
    links = (os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir())
    inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    port = f":{server.port:04X}"
    return {(line[1], line[9]) for line in lines if line[9] in inodes and line[2].endswith(port)}


def spoken(peer: IrcPeer) -> list[str]:
    return [line.rpartition(":")[2] for line in peer.lines if " PRIVMSG " in line and line.startswith(":chatter!")]


async def test_the_master_key_is_replaced_while_people_talk(tmp_path: Path, redis_url: str, ngircd: IrcServer) -> None:
    one, other = Machine(tmp_path / "one", redis_url), Machine(tmp_path / "other", redis_url)
    (key := one.folder / "master-2025.key").write_bytes(base64.b64encode(os.urandom(32)))
    key.chmod(0o600)
    shutil.copy(key, other.folder)
    for machine in (one, other):
        machine.declares("before")
    old = one.key(2025)
    async with irc_peer("rotwatch", ngircd.host, ngircd.port) as peer:
        await peer.join(ROOM)
        with half("workers", other.folder) as workers, half("gateway", one.folder) as gateway:
            async with ws_client(gateway.websocket) as client:
                await log_in(client, "chatter", ngircd, ROOM)
                [worker] = login_workers(descendants(workers.process.pid), "irc")
                connected = connections(worker, ngircd)
                assert len(connected) == 1
                async with talking(client) as talk:
                    await _rotate(one, other, talk)
                assert login_workers(descendants(workers.process.pid), "irc") == {worker}
                assert connections(worker, ngircd) == connected, "nobody was disconnected"
                assert spoken(peer)[: talk.said] == [f"word {number}" for number in range(talk.said)]
            gateway.process.terminate()
            gateway.process.wait()
            await _the_old_key_is_of_no_use(one, old, redis_url)
            with half("gateway", one.folder) as again:
                async with ws_client(again.websocket) as client:
                    await log_in(client, "chatter", ngircd, ROOM)
                    await client.ok("message", note("chatter", room(ROOM), "with the new key"))
                    await peer.line(lambda line: line.endswith(":with the new key"))
            assert connections(worker, ngircd) == connected, "logins are called what they were called before"
        assert sum(line.startswith(":chatter!") and " JOIN " in line for line in peer.lines) == 1


async def _rotate(one: Machine, other: Machine, talk: Talk) -> None:
    old = one.key(2025).id
    before = await one.report("status")
    assert (before["in_use"], before["wrapped_under"], before["next"]) == (old, [old], "nothing")
    assert [process["role"] for process in before["processes"]] == ["gateway", "workers"]
    await talk.some_more()

    assert await one.runs("make") == (Exit.OK, "")
    assert (one.folder / "master-2026.key").stat().st_mode & 0o777 == 0o600
    new = one.key(2026).id
    one.declares("during")
    wrapped = await one.report("wrap")
    assert wrapped["wrapped_under"] == sorted([old, new])
    assert wrapped["done"] == [f"wrapped the root key under {new}"]
    assert [process["in_use"] for process in wrapped["processes"]] == [new, old]
    assert wrapped["next"] == f"give {new} to every process above"
    refused = await one.report("withdraw", status=Exit.FAILED)
    assert [text.partition(" on ")[0] for text in refused["refused"]] == ["workers"]
    assert f"does not have {new}" in refused["refused"][0]
    assert refused["wrapped_under"] == sorted([old, new])
    await talk.some_more()

    other.declares("during")  # but there is no such key yet
    refused = await one.report("withdraw", status=Exit.FAILED)
    assert "it could not read its keys" in refused["refused"][0]
    shutil.copy(one.folder / "master-2026.key", other.folder)
    both = await one.report("wrap")
    assert both["done"] == [], "once is enough"
    assert [process["in_use"] for process in both["processes"]] == [new, new]
    await talk.some_more()

    one.declares("after")
    other.declares("after")
    after = await one.report("withdraw")
    assert (after["wrapped_under"], after["done"]) == ([new], [f"withdrew {old}"])
    assert (after["refused"], after["next"]) == ([], "nothing")
    assert all((process["in_use"], process["previous"]) == (new, []) for process in after["processes"])
    await talk.some_more()


async def _the_old_key_is_of_no_use(machine: Machine, old: MasterKey, redis_url: str) -> None:
    machine.declares("before")
    path = str(Path(sys.executable).parent / "sockethub")
    done = await anyio.run_process([path, "gateway"], cwd=machine.folder, check=False, stderr=subprocess.STDOUT)
    text = done.stdout.decode()
    assert done.returncode == Exit.FAILED
    assert f"sealed under the master key {machine.key(2026).id}, and this declaration has {old.id}" in text
    assert (machine.folder / "master-2025.key").read_text() not in text
    machine.declares("after")
    with redis.Redis.from_url(redis_url) as client:
        found: Any = client.hgetall(redis_keys.ROOT_KEY)
        with pytest.raises(CryptoError):
            wrapped_root(found).open([old])


async def test_everything_begins_anew_when_nothing_runs(tmp_path: Path, redis_url: str) -> None:
    machine = Machine(tmp_path / "one", redis_url)
    machine.declares("after")
    (machine.folder / "master-2026.key").write_bytes(base64.b64encode(os.urandom(32)))
    (machine.folder / "master-2026.key").chmod(0o600)
    with half("gateway", machine.folder):
        refused = await machine.report("anew", status=Exit.FAILED)
        assert "it is running; stop everything first" in refused["refused"][0]
        known = (await machine.report("status"))["root"]
    begun = await machine.report("anew")
    assert begun["done"] == ["forgot the root key; the next start makes another"]
    assert (await machine.report("status"))["root"] is None
    with half("gateway", machine.folder):
        assert (await machine.report("status"))["root"] != known


async def test_a_single_machine_replaces_the_key_that_it_generated(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "one")
    machine.declares()
    with half("serve", machine.folder):
        assert await machine.runs("move") == (Exit.OK, "")
        old = MasterKey.load(machine.folder / ".state" / "master-old.key").id
        machine.declares("single")
        wrapped = await machine.report("wrap")
        assert wrapped["wrapped_under"] == sorted([wrapped["in_use"], old])
        machine.declares()
        status, told = await machine.runs("withdraw")
        assert status == Exit.OK
        assert f"wrapped under    {wrapped['in_use']}\n" in told
        assert f"done             withdrew {old}\n" in told
