"""Whoever does not run a platform does not pay for what it imports."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["sockethub.gateway.server", "sockethub.supervisor.supervisor", "sockethub.worker.main"]
)
def test_parsers_are_imported_by_their_platforms_alone(module: str) -> None:
    code = f"import sys, {module}; print(sorted({{'feedparser', 'nh3', 'sockethub.web'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "[]", done.stderr
