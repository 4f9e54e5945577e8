"""The running gateway does what its OpenAPI document says, whatever it is sent."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.deployment import Deployment, deployment

EXAMPLES = "40"
"""Requests of each operation that are made up, beside those at the edges of every schema."""
WITHIN_SECONDS = 150


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Without the limits of rate, which would answer nearly everything."""
    wide = {"gateway": {"sockets_per_address": 10_000, "rate": {"events": 1_000_000}}}
    with deployment(
        tmp_path_factory.mktemp("openapi"), {**wide, "http": {"enabled": True, "requests": 1_000_000}}
    ) as it:
        yield it


def schemathesis(web: Deployment, *arguments: str) -> None:
    program, config = Path(sys.executable).parent / "schemathesis", Path(__file__).parent / "schemathesis.toml"
    command = [str(program), "--config-file", str(config), "run", f"{web.url}openapi.json", *arguments]
    command += ["--max-examples", EXAMPLES, "--seed", "1", "--no-color", "--phases", "coverage,fuzzing"]
    done = subprocess.run(
        command, cwd=web.directory, capture_output=True, text=True, timeout=WITHIN_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout[-5_000:] + done.stderr[-2_000:]
    assert "Traceback" not in web.log


@pytest.mark.timeout(WITHIN_SECONDS + 30)
def test_it_does_what_the_document_says(web: Deployment) -> None:
    # A stream has no end to wait for.
    schemathesis(web, "--exclude-operation-id", "follow")


@pytest.mark.timeout(WITHIN_SECONDS + 30)
def test_so_does_a_session(web: Deployment) -> None:
    with urllib.request.urlopen(urllib.request.Request(f"{web.url}sessions", method="POST"), timeout=10) as answer:
        begun = json.loads(answer.read())
    own = f"Authorization: Bearer {begun['session']}.{begun['token']}"
    schemathesis(web, "--include-operation-id", "say", "-H", own)
