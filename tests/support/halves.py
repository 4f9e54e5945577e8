"""``sockethub gateway`` and ``sockethub workers`` as services of their own, on one Redis and one master key."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from tests.support import secrecy
from tests.support.deployment import declaration, descendants
from tests.support.processes import eventually, stop

READY_SECONDS = 120.0
_NUMBERS = count(1)


class Half:
    """One running command and what it printed."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def websocket(self) -> str:
        found = re.search(r"ws://\S+", self.log)
        assert found is not None
        return found[0]


def declare(
    folder: Path, redis_url: str, overrides: Mapping[str, Any] | None = None, *, only: str | None = None
) -> Path:
    """A declaration for both halves; Redis by a variable, the key by a file that is filled in."""
    key = folder / "secret"
    key.write_text(base64.b64encode(os.urandom(32)).decode() + "\n")
    key.chmod(0o600)
    shared: dict[str, Any] = {"redis": {"url": "${env:REDIS}"}, "keys": {"master": "${file:secret}"}}
    (folder / "sockethub.yaml").write_text(yaml.safe_dump(declaration({**shared, **(overrides or {})}, only=only)))
    (folder / "redis").write_text(redis_url)
    return folder


@contextmanager
def half(
    command: str,
    folder: Path,
    redis_url: str | None = None,
    environment: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
) -> Iterator[Half]:
    """Run one half until the block ends; yielded when it is ready. ``redis_url``: its own way to the same Redis;
    ``prefix``: a command that runs it."""
    log = folder / f"{command}-{next(_NUMBERS)}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "sockethub", command],
            cwd=folder,
            env=os.environ
            | {"REDIS": redis_url or (folder / "redis").read_text(), "PYTHONUNBUFFERED": "1"}
            | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    running = Half(process, log)
    try:
        eventually(lambda: "Ctrl-C" in running.log or process.poll() is not None, command, deadline=READY_SECONDS)
        assert process.poll() is None, running.log
        yield running
        secrecy.assert_secret(
            [
                ("the log", running.log.encode()),
                *secrecy.of_pages(running.log),
                *secrecy.of_processes(descendants(process.pid)),
            ],
        )
    finally:
        stop(process)
