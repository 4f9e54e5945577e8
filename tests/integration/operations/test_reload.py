"""SIGHUP: limits, origins, log level and platforms change under a login that stays connected."""

from __future__ import annotations

import http.client
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml

from tests.integration.deployment.conversation import log_in, note, person, room, verb
from tests.integration.operations.watching import declared
from tests.support.halves import Half, half
from tests.support.ircd import IrcServer
from tests.support.ircpeer import irc_peer
from tests.support.processes import POLL_INTERVAL
from tests.support.wsclient import WsClient, ws_client

pytestmark = pytest.mark.anyio

WITHIN_SECONDS = 30.0
ORIGIN = "https://chat.example"
ECHO = {"type": "echo", "context": "dummy", "actor": person("stays"), "object": {"type": "note", "content": "hi"}}


class Halves:
    """Both halves, and the file that they read."""

    def __init__(self, folder: Path, halves: list[Half]) -> None:
        self._file = folder / "sockethub.yaml"
        self._halves = halves

    async def reload(self, change: Callable[[dict[str, Any]], object], *, word: str = "reloaded") -> str:
        """Change the file and have it read again; what the halves log about it, once all have said ``word``."""
        tree = yaml.safe_load(self._file.read_text())
        change(tree)
        self._file.write_text(yaml.safe_dump(tree))
        before = [len(each.log) for each in self._halves]
        for each in self._halves:
            each.process.send_signal(signal.SIGHUP)
        with anyio.fail_after(WITHIN_SECONDS):
            while True:
                logs = [each.log[start:] for each, start in zip(self._halves, before, strict=True)]
                if all(word in log for log in logs):
                    return "".join(logs)
                await anyio.sleep(POLL_INTERVAL)


def allows(gateway: Half, origin: str) -> bool:
    """Whether a page of ``origin`` may connect."""
    port = int(gateway.websocket.rpartition(":")[2].partition("/")[0])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/sockethub/?EIO=4&transport=polling", headers={"Origin": origin})
    status = connection.getresponse().status
    connection.close()
    return status == 200


def plain(log: str) -> str:
    """Without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", log)


async def refused(client: WsClient, what: dict[str, Any]) -> str:
    return str((await client.request("message", what)).get("error", ""))


async def test_it_changes_under_a_login_that_stays(tmp_path: Path, redis_url: str, ngircd: IrcServer) -> None:
    folder = declared(tmp_path, redis_url, "dummy", "irc")
    with half("workers", folder) as workers, half("gateway", folder) as gateway:
        halves = Halves(folder, [workers, gateway])
        async with ws_client(gateway.websocket) as client, irc_peer("watch", ngircd.host, ngircd.port) as peer:
            await peer.join("#reload")
            await log_in(client, "stays", ngircd, "#reload")

            # A mistake changes nothing.
            told = await halves.reload(lambda tree: tree["gateway"].update(prot=1), word="not reloaded")
            assert "did you mean 'port'?" in told
            await client.ok("message", note("stays", room("#reload"), "one"))

            # Nor does a platform that does not start, at the workers.
            def break_(tree: dict[str, Any]) -> None:
                del tree["gateway"]["prot"]
                tree["platforms"]["broken"] = tree["platforms"]["dummy"] | {"driver": "nowhere_at_all:Broken"}

            told = await halves.reload(break_)
            assert "these platforms do not start, see above: broken" in told
            await client.ok("message", note("stays", room("#reload"), "still one"))

            # Limits, origins, log level, a platform less; and what has to wait is named.
            def tighten(tree: dict[str, Any]) -> None:
                del tree["platforms"]["broken"]
                tree["gateway"].update(origins=[ORIGIN], max_message_bytes=2_000, shutdown_seconds=3)
                tree["log"]["level"] = "error"
                del tree["platforms"]["dummy"]

            assert (await client.ok("message", ECHO))["object"]["content"] == "hi"
            assert not allows(gateway, ORIGIN)
            dummy = yaml.safe_load((folder / "sockethub.yaml").read_text())["platforms"]["dummy"]
            told = await halves.reload(tighten)
            assert "gateway.shutdown_seconds" in told
            assert allows(gateway, ORIGIN)
            assert "at most 2000" in await refused(client, note("stays", room("#reload"), "x" * 2_000))
            assert "not enabled" in await refused(client, ECHO)
            await client.ok("message", note("stays", room("#reload"), "two"))

            # It comes back; another goes, and its login is told.
            def swap(tree: dict[str, Any]) -> None:
                tree["log"]["level"] = "debug"
                tree["platforms"]["dummy"] = dummy

            quiet = len(gateway.log)
            async with ws_client(gateway.websocket):
                pass
            assert "client connected" not in gateway.log[quiet:]
            await halves.reload(swap, word="platforms.dummy")
            assert (await client.ok("message", ECHO))["object"]["content"] == "hi"
            # One command can be followed by its job, from the one log to the other.
            [job] = re.findall(r"command queued.*?job=(\w+)", plain(gateway.log))
            assert re.search(rf"command performed.*?job={job}", plain(workers.log))
            await peer.send("PRIVMSG #reload :did you leave?")
            await client.message(lambda a: a["type"] == "send" and a["object"]["content"] == "did you leave?")
            assert sum(" JOIN " in line and line.startswith(":stays!") for line in peer.lines) == 1
            assert not any(line.startswith(":stays!") and (" QUIT" in line or " PART" in line) for line in peer.lines)

            await halves.reload(lambda tree: tree["platforms"].pop("irc"))
            await client.message(lambda a: "switched irc off" in str(a.get("error")))
            assert "not enabled" in await refused(client, verb("join", "stays", room("#reload")))
            assert (await client.ok("message", ECHO))["object"]["content"] == "hi"
