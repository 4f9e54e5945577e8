"""One log of a deployment: of a gateway, two machines and their workers, read from elsewhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from sockethub.cli.exits import Exit
from tests.integration.deployment.conversation import log_in, note, room
from tests.integration.operations.watching import ROOT, command, declared, logins, metrics, sample, told
from tests.support import secrecy
from tests.support.deployment import descendants
from tests.support.halves import Half, half
from tests.support.ircd import IrcServer
from tests.support.processes import POLL_INTERVAL
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio

CONTENT = "what nobody else may read"
WITHIN_SECONDS = 30.0
LONGEST_LINE = 65_536
SECTIONS = {
    "operations": {"enabled": True, "port": 0, "workers_port": 0},
    "workers": {"stop_seconds": 3, "lease_seconds": 2},
    "log": {"level": "debug"},
}


def events(found: dict[str, Any], role: str) -> list[str]:
    return [each["record"]["event"] for each in found["records"] if each["role"] == role]


async def until(folder: Path, is_there: Callable[[dict[str, Any]], bool], *arguments: str) -> dict[str, Any]:
    """What `sockethub logs` tells, once it is so."""
    with anyio.fail_after(WITHIN_SECONDS):
        while True:
            found: dict[str, Any] = await told(folder, "logs", *arguments)
            if is_there(found):
                return found
            await anyio.sleep(POLL_INTERVAL)


@contextmanager
def stopped(running: Half) -> Iterator[None]:
    """A supervisor that does not run for as long as the block lasts."""
    [supervisor] = [pid for pid, argv in descendants(running.process.pid).items() if "-m sockethub.supervisor " in argv]
    os.kill(supervisor, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(supervisor, signal.SIGCONT)


@asynccontextmanager
async def following(folder: Path, *arguments: str) -> AsyncIterator[BufferedByteReceiveStream]:
    """The lines of a `sockethub logs --follow`, which ends well when it is interrupted."""
    async with await anyio.open_process(
        [sys.executable, "-m", "sockethub", "logs", "--follow", *arguments],
        cwd=folder,
        env=os.environ | {"REDIS": (folder / "redis").read_text()},
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        try:
            yield BufferedByteReceiveStream(process.stdout)
            process.send_signal(signal.SIGINT)
            with anyio.fail_after(WITHIN_SECONDS):
                assert await process.wait() == Exit.OK
        finally:
            if process.returncode is None:
                process.kill()


async def test_what_a_deployment_logs_is_read_in_one_place(tmp_path: Path, redis_url: str, ngircd: IrcServer) -> None:
    folder = declared(tmp_path, redis_url, "irc", "dummy", **SECTIONS)
    element = json.loads((ROOT / "schemas" / "operations" / "logs.json").read_text())["properties"]["records"]["items"]
    with half("workers", folder) as first, half("gateway", folder) as gateway:
        async with ws_client(gateway.websocket) as client, following(folder, "--json", "--lines", "1") as stream:
            with anyio.fail_after(WITHIN_SECONDS):
                lines: list[dict[str, Any]] = [json.loads(await stream.receive_until(b"\n", LONGEST_LINE))]
            await log_in(client, "worked", ngircd, "#ops")
            await client.ok("message", note("worked", room("#ops"), CONTENT))
            await logins(gateway, lambda rows: bool(rows) and rows[0]["state"] == "connected")
            [login] = await told(folder, "ps")

            # Of everybody, by time; a command can be followed from the gateway to the worker and back.
            def performed(found: dict[str, Any]) -> bool:
                return events(found, "worker").count("command performed") == 3

            found = await until(folder, performed, "--login", login["login"][:10])
            assert {each["record"]["login"] for each in found["records"]} == {login["login"]}
            [sent] = [each["record"]["job"] for each in found["records"] if each["record"].get("verb") == "send"]
            way = [each for each in found["records"] if each["record"].get("job") == sent]
            assert [(each["role"], each["record"]["event"]) for each in way] == [
                ("gateway", "command queued"),
                ("worker", "command performed"),
                ("gateway", "command answered"),
            ]
            assert "worker started" in events(found, "workers")
            of_worker = [each["record"] for each in found["records"] if each["role"] == "worker"]
            assert {(each["platform"], each["pid"]) for each in of_worker} == {("irc", login["pid"])}

            found = await told(folder, "logs")
            times = [each["record"]["timestamp"] for each in found["records"]]
            assert times == sorted(times)
            assert {each["role"] for each in found["members"]} == {"gateway", "workers"}
            assert all(each["kept_seconds"] > 0 for each in found["members"])
            assert not found["silent"]
            everything = await told(folder, "logs", "--lines", "1000", "--level", "debug")
            text = json.dumps(everything).encode()
            secrecy.assert_secret([("the answers", text)])
            secrecy.assert_secret([("the answers", text)], [CONTENT, "#ops", "worked"])

            # Only what is asked for.
            pool = await told(folder, "logs", "--platform", "dummy")
            assert pool["records"]
            assert {each["record"]["platform"] for each in pool["records"]} == {"dummy"}
            assert len((await told(folder, "logs", "--lines", "3"))["records"]) == 3
            assert not (await told(folder, "logs", "--since", "0s"))["records"]
            first.process.send_signal(signal.SIGHUP)  # what the command itself says of its machine is there, too
            found = await until(folder, lambda found: "reloaded" in events(found, "workers"), "--level", "info")
            assert "command performed" not in events(found, "worker")

            # People get lines, and hear of those who do not answer.
            shown = await command(folder, "logs", "--login", login["login"])
            assert shown.exit_code == Exit.OK, shown.stderr
            assert all(login["login"] in line for line in shown.stdout.splitlines())
            early = await command(folder, "logs", "--since", "1d", "--lines", "1000")
            assert "keeps the last 0:00:" in early.stderr
            with half("workers", folder) as second, stopped(second):
                silent = await command(folder, "logs", "--level", "info")
                assert silent.exit_code == Exit.FAILED
                assert "does not answer" in silent.stderr
                assert "gateway is listening" in silent.stdout
            for wrong, word in ((("--platform", "gopher"), "no declared platform"), (("--since", "soon"), "10m")):
                refused = await command(folder, "logs", *wrong)
                assert refused.exit_code == Exit.USAGE
                assert word in refused.stderr

            # Who follows has been told all of it meanwhile, each once; another one comes when the login ends.
            await told(folder, "kill", login["login"], "--stop")
            with anyio.fail_after(WITHIN_SECONDS):
                while lines[-1]["record"]["event"] != "worker ended":
                    lines.append(json.loads(await stream.receive_until(b"\n", LONGEST_LINE)))
                    jsonschema.Draft202012Validator(element).validate(lines[-1])
            followed = [each["record"] for each in lines if each["record"].get("job") == sent]
            assert sorted(each["event"] for each in followed) == [
                "command answered",
                "command performed",
                "command queued",
            ]
            secrecy.assert_secret([("what was followed", json.dumps(lines).encode())], [CONTENT])
            assert sample(metrics(first), "sockethub_log_records_dropped_total") == 0


async def test_where_nothing_is_kept_nothing_is_told(tmp_path: Path, redis_url: str) -> None:
    folder = declared(tmp_path, redis_url, "dummy", log={"recent_bytes": 0})
    with half("workers", folder):
        found = await told(folder, "logs")
        assert found["records"] == []
        assert [each["kept_seconds"] for each in found["members"]] == [0]
