"""The rule about isolation: the platform does the same in a real worker, fenced in as it will be.

A whole deployment is started (``sockethub serve``: a Redis, a gateway, a supervisor, workers in a sandbox) and asked
by HTTP. What a platform reads must be declared by options whose names end in ``_file``, the ports it connects to by
``policy.ports``, where that says any; and it writes nothing.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml

from sockethub.supervisor.cage import minimal_environment
from sockethub.testing.subject import Nonconformance, Subject

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0
ANSWER_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.02
LOG_LINES: Final = 5
"""Of the deployment's log that are shown beside what went wrong."""

_PORT: Final = re.compile(r"http://127\.0\.0\.1:(\d+)/")


def isolated(*subjects: Subject) -> None:
    """Every example succeeds in a real worker. Several platforms may share one deployment, for it takes seconds."""
    with tempfile.TemporaryDirectory(prefix="sockethub-conformance-") as name:
        directory = Path(name)
        with _deployment(directory, subjects) as port:
            for subject in subjects:
                _examples(subject, port, directory)


def _examples(subject: Subject, port: int, directory: Path) -> None:
    asked = [*([subject.credentials] if subject.credentials else [])]
    if "connect" in subject.info.declared.verbs and not getattr(subject.driver, "connects_on_demand", False):
        asked.append(subject.connect_command())
    asked += subject.examples
    for answer in _ask(port, asked):
        if "error" in answer:
            log = "\n".join(_log(directory).splitlines()[-LOG_LINES:])
            text = (
                f"`{answer.get('type')}` of {subject.name} succeeds here, but not in a worker: {answer['error']}\n"
                "Files that it reads must be declared (options whose names end in `_file`), and ports too, where "
                f"`policy.ports` says any; it can write none. The log ends with:\n{log}"
            )
            raise Nonconformance("isolation", text)


def _ask(port: int, activities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/sockethub-http",
        json.dumps(activities).encode(),
        {"content-type": "application/json", "x-request-id": secrets.token_hex(16)},
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return [json.loads(line) for line in answer]
    except urllib.error.HTTPError as error:
        raise Nonconformance("isolation", f"the gateway answered {error.code}: {error.read().decode()}") from None


@contextmanager
def _deployment(directory: Path, subjects: tuple[Subject, ...]) -> Iterator[int]:
    """Its port."""
    config = directory / "sockethub.yaml"
    declared = {
        "state_dir": str(directory / "state"),
        "gateway": {"port": 0, "rate": {"events": 10_000}},
        "http": {"enabled": True, "actions": 1_000, "total_seconds": ANSWER_SECONDS, "idle_seconds": ANSWER_SECONDS},
        "workers": {"sandbox": "preferred"},
        "platforms": {subject.name: _absolute(subject) for subject in subjects},
    }
    config.write_text(yaml.safe_dump(declared))
    # The same modules as here; nothing else of this environment.
    path = os.pathsep.join(filter(None, sys.path))
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sockethub", "serve", "--config", str(config)],
            cwd=directory,
            env=minimal_environment() | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield _wait(process, directory)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _absolute(subject: Subject) -> dict[str, Any]:
    """The stanza with the places of its schemas, for the deployment has a folder of its own."""
    found = subject.info.declared.schemas.model_dump(exclude_none=True)
    return {**subject.stanza, "schemas": found}


def _wait(process: subprocess.Popen[bytes], directory: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if found := _PORT.search(_log(directory)):
            return int(found[1])
        time.sleep(POLL_SECONDS)
    raise Nonconformance("isolation", f"`sockethub serve` did not start:\n{_log(directory)}")


def _log(directory: Path) -> str:
    return (directory / "log").read_text(errors="replace")
