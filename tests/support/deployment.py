"""A whole deployment as a user runs it: ``sockethub serve`` in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from tests.support import secrecy

REPOSITORY = Path(__file__).parents[2]
READY_WITHIN_SECONDS = 120.0
STOP_WITHIN_SECONDS = 20.0
_URL = re.compile(r"http://127\.0\.0\.1:(\d+)/")


class Deployment:
    """A running ``sockethub serve``."""

    def __init__(self, process: subprocess.Popen[str], directory: Path) -> None:
        self.process = process
        self.directory = directory
        self.output: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.port = self._wait_for_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def websocket(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def log(self) -> str:
        return "".join(self.output)

    def processes(self) -> dict[int, str]:
        """Every living process below this one, by pid, with its command line."""
        return descendants(self.process.pid)

    def assert_secret(self) -> None:
        """Nothing of what was said is where others can find it."""
        secrecy.assert_secret(
            [
                ("the log", self.log.encode()),
                *secrecy.of_pages(self.log),
                *secrecy.of_processes([self.process.pid, *self.processes()]),
                *secrecy.of_files(self.directory / "state"),
                *secrecy.of_temporary_files(),
            ]
        )

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_WITHIN_SECONDS)

    def close(self) -> None:
        """Read what it has said last, once it has ended; what it has left running may keep its end of the pipe."""
        self._reader.join(STOP_WITHIN_SECONDS)
        assert not self._reader.is_alive(), "somebody still has its standard output"

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.output.append(line)

    def _wait_for_port(self) -> int:
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while time.monotonic() < deadline:
            if found := _URL.search(self.log):
                return int(found[1])
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"sockethub serve did not start:\n{self.log}")


def descendants(root: int) -> dict[int, str]:
    """Pids and command lines of all processes below ``root``."""
    children: dict[int, list[int]] = {}
    commands: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            status = (entry / "stat").read_text()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        fields = status.rpartition(")")[2].split()
        if fields[0] == "Z":
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.name))
        commands[int(entry.name)] = command
    found: dict[int, str] = {}
    waiting = [root]
    while waiting:
        for pid in children.get(waiting.pop(), ()):
            found[pid] = commands[pid]
            waiting.append(pid)
    return found


def fork_servers(processes: Mapping[int, str], platform: str) -> set[int]:
    """Pids among ``processes`` of the fork server of ``platform``, should there be one."""
    return _forked(processes, platform, children=False)


def login_workers(processes: Mapping[int, str], platform: str) -> set[int]:
    """Pids among ``processes`` of the login workers of ``platform``: the children of its fork server."""
    return _forked(processes, platform, children=True)


def _forked(processes: Mapping[int, str], platform: str, *, children: bool) -> set[int]:
    """A child has the command line of the fork server that it came from."""
    alike = {pid for pid, command in processes.items() if "zygote" in command and f" {platform}" in command}
    parents: dict[int, int] = {}
    for pid in alike:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            parents[pid] = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return {pid for pid, parent in parents.items() if (parent in alike) is children}


def declaration(overrides: Mapping[str, Any] | None = None, *, only: str | None = None) -> dict[str, Any]:
    """The shipped declaration with other ports, and ``overrides`` merged into it; with ``only`` one platform of all."""
    shipped: dict[str, Any] = yaml.safe_load((REPOSITORY / "sockethub.yaml").read_text())
    if only is not None:
        shipped["platforms"] = {only: shipped["platforms"][only]}
    base: dict[str, Any] = {
        "gateway": {"port": 0},
        "local_irc": {"enabled": False},
        "operations": {"enabled": True, "port": 0, "workers_port": 0},
    }
    return _merge(_merge(shipped, base), overrides or {})


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, Mapping) else value
    return merged


@contextmanager
def deployment(
    directory: Path, overrides: Mapping[str, Any] | None = None, *, prefix: Sequence[str] = ()
) -> Iterator[Deployment]:
    """Run ``sockethub serve`` in ``directory`` until the block ends; by the command ``prefix``, if any."""
    directory.mkdir(parents=True, exist_ok=True)
    config = directory / "sockethub.yaml"
    config.write_text(yaml.safe_dump(declaration({"state_dir": str(directory / "state"), **(overrides or {})})))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SOCKETHUB")}
    process = subprocess.Popen(
        [*prefix, sys.executable, "-m", "sockethub", "serve", "--config", str(config)],
        cwd=directory,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    running = None
    try:
        running = Deployment(process, directory)
        yield running
        running.assert_secret()
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if running is not None:
            running.close()
