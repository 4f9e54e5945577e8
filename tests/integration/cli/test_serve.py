"""`sockethub serve` as a process among processes: it starts all its parts, and takes every one of them along."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.deployment import Deployment, declaration, deployment
from tests.support.processes import eventually

ORPHAN_SECONDS = 1.0
"""After this long nothing is left of a deployment whose first process was killed."""

GONE_SECONDS = 15.0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Deployment]:
    """A deployment with every part there is, which a test may end as it likes."""
    with deployment(tmp_path, {"local_irc": {"enabled": True, "port": 0}}) as running:
        yield running


def alive(pids: dict[int, str]) -> dict[int, str]:
    """Those of ``pids`` that run."""
    return {pid: command for pid, command in pids.items() if _state(pid) not in {None, "Z", "X"}}


def _state(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def test_says_what_it_started(house: Deployment) -> None:
    eventually(lambda: "Ctrl-C stops it." in house.log, "the whole announcement")
    assert f"console    http://127.0.0.1:{house.port}/\n" in house.log
    assert f"websocket  ws://127.0.0.1:{house.port}/ws\n" in house.log
    assert f"platforms  {', '.join(sorted(declaration()['platforms']))}\n" in house.log
    assert "irc        127.0.0.1:" in house.log
    commands = " ".join(house.processes().values())
    for part in ("sockethub.supervisor", "zygote dummy", "zygote irc", "ircd_server"):
        assert part in commands, part


def test_no_secret_is_in_arguments_or_environments(house: Deployment) -> None:
    key = (house.directory / "state" / "master.key").read_bytes().strip()
    for pid in [house.process.pid, *house.processes()]:
        for name in ("cmdline", "environ"):
            assert key not in Path(f"/proc/{pid}/{name}").read_bytes()
    assert key.decode() not in house.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_in_order(house: Deployment, number: signal.Signals) -> None:
    below = house.processes()
    assert len(below) >= 5
    house.process.send_signal(number)
    assert house.process.wait(GONE_SECONDS) == 0, house.log
    assert alive(below) == {}
    assert "Traceback" not in house.log


def test_being_killed_leaves_no_orphan(house: Deployment) -> None:
    below = house.processes()
    assert len(below) >= 5
    house.process.kill()
    house.process.wait()
    eventually(lambda: not alive(below), "every process gone", deadline=ORPHAN_SECONDS)


def test_the_end_of_the_supervisor_is_the_end_of_all(house: Deployment) -> None:
    below = house.processes()
    (supervisor,) = [pid for pid, text in below.items() if "sockethub.supervisor" in text and "zygote" not in text]
    os.kill(supervisor, signal.SIGKILL)
    assert house.process.wait(GONE_SECONDS) == 1
    eventually(lambda: "sockethub: the supervisor ended (by SIGKILL), and the workers with it" in house.log, "a reason")
    assert alive(below) == {}
    assert "Traceback" not in house.log


def _again(house: Deployment, **environ: str) -> subprocess.CompletedProcess[str]:
    """A second `sockethub serve` on the same declaration."""
    return subprocess.run(
        [sys.executable, "-m", "sockethub", "serve", "--config", str(house.directory / "sockethub.yaml")],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_one_state_directory_serves_one(house: Deployment) -> None:
    done = _again(house)
    assert done.returncode == 1
    assert f"in use by another `sockethub serve` (process {house.process.pid})" in done.stderr


@pytest.mark.parametrize("setting", ["gateway.port", "operations.port", "operations.workers_port"])
def test_a_taken_port_is_said(house: Deployment, tmp_path_factory: pytest.TempPathFactory, setting: str) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    name = f"SOCKETHUB__{setting.replace('.', '__').upper()}"
    done = _again(house, **{"SOCKETHUB__STATE_DIR": str(elsewhere / "state"), name: str(house.port), "NO_COLOR": "1"})
    assert done.returncode == 1
    assert f"{setting}: cannot listen on 127.0.0.1 port {house.port}" in done.stderr
    assert "address already in use" in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_its_state_survives(tmp_path: Path) -> None:
    keys = set()
    for _ in range(2):
        with deployment(tmp_path) as running:
            keys.add((tmp_path / "state" / "master.key").read_bytes())
            assert running.stop() == 0
    assert len(keys) == 1


def test_listens_on_loopback_alone(house: Deployment) -> None:
    with socket.socket() as probe:
        probe.settimeout(5)
        probe.connect(("127.0.0.1", house.port))
    listening = Path("/proc/net/tcp").read_text().splitlines()[1:]
    addresses = {line.split()[1] for line in listening if line.split()[3] == "0A"}
    assert {address for address in addresses if address.endswith(f":{house.port:04X}")} == {
        f"0100007F:{house.port:04X}"
    }
