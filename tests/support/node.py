"""Run node, as tests of JavaScript do."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support.processes import find_server

NODE_WITHIN_SECONDS = 90.0
MODULES = Path(__file__).parents[1] / "integration" / "js" / "node_modules"
"""What is installed from npm for the tests."""


def node(*arguments: str) -> str:
    """Run node; its standard output. Fails with all that it printed."""
    done = subprocess.run(
        [find_server("node", "nodejs"), *arguments],
        capture_output=True,
        text=True,
        timeout=NODE_WITHIN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def node_tests(*files: Path) -> None:
    """Run files of ``node:test``."""
    assert "# fail 0" in node("--test", "--test-reporter=tap", *map(str, files))
