"""The words of ``tools/dev.py``, as far as they can be tried without remaking the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def dev(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``tools/dev.py`` with nothing but the standard library."""
    argv = [sys.executable, "-S", str(ROOT / "tools" / "dev.py"), *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def python(program: str, *, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``program`` beside the tools' modules."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'tools')!r})\n{program}"],
        capture_output=True,
        text=True,
        check=False,
        env=env,
    )


def test_every_word_is_explained_and_in_the_makefile() -> None:
    shown = dev("help")
    assert shown.returncode == 0
    words = python("import dev; print(*dev.WORDS)").stdout.split()
    assert words == [line.split()[0] for line in shown.stdout.splitlines()[2:] if line]
    assert f".PHONY: {' '.join(words)}\n" in (ROOT / "Makefile").read_text()


def test_an_unknown_word_is_refused_with_the_known_ones() -> None:
    refused = dev("frobnicate")
    assert refused.returncode == 2
    assert "test " in refused.stdout


def test_the_locks_are_made_from_the_declaration() -> None:
    inputs = python("import locks, json; print(json.dumps(locks.inputs()))").stdout
    for name in ("dramatiq", "hatchling==", "pytest>=", "mypy", '"lock": ["uv"]'):
        assert name in inputs
    assert "sockethub-translators" not in inputs


def test_what_cannot_be_installed_is_named(tmp_path: Path) -> None:
    """Without apt, that is; only Python is on the PATH here."""
    program = (
        "import servers\n"
        "servers.shutil.which = lambda name, path=None: '/usr/bin/node' if name in {'node', 'npm'} else None\n"
        "try:\n"
        "    servers.install_programs()\n"
        "except servers.Unprepared as problem:\n"
        "    print(problem)\n"
    )
    said = python(program, env={"PATH": str(tmp_path)}).stdout
    named = (
        *("redis-server", "ngircd", "inspircd", "atheme-services", "prosody", "faketime", "chromium", "systemd"),
        *("nginx", "haproxy", "iproute2"),
    )
    assert said.startswith(f"the tests need {', '.join(named)} (Debian's names).")
    assert said.rstrip().endswith(f"apt-get install {' '.join(named)}")


@pytest.mark.parametrize("before", [None, "#!/bin/sh\nexit 104\n"])
def test_services_are_kept_from_starting_and_the_policy_restored(tmp_path: Path, before: str | None) -> None:
    policy = tmp_path / "policy-rc.d"
    if before is not None:
        policy.write_text(before)
    program = (
        "import servers, pathlib, subprocess\n"
        f"servers.POLICY = pathlib.Path({str(policy)!r})\n"
        "with servers.no_services():\n"
        "    print(servers.POLICY.read_text())\n"
    )
    assert (before or "exit 101") in python(program).stdout
    assert (policy.read_text() if policy.exists() else None) == before


def test_an_environment_is_remade_when_a_pin_or_declaration_changes(tmp_path: Path) -> None:
    for name in ("tools", "requirements", "translators"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("src", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / ".venv").mkdir()
    ask = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'tools')!r})\n"
        "import environment as e\n"
        "print(e.is_current('check'))\n"
        "e.STAMP.write_text('test ' + e.digest()); print(e.is_current('run'), e.is_current('check'))\n"
        "lock = e.REQUIREMENTS / 'run.txt'; lock.write_text(lock.read_text() + '#'); print(e.is_current('run'))\n"
    )
    asked = subprocess.run([sys.executable, "-I", "-S", "-c", ask], capture_output=True, text=True, check=True)
    assert asked.stdout.split() == ["False", "True", "False", "False"]


def test_ci_runs_the_test_command_of_the_readme_and_says_only_that_it_is_ci() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]
    assert commands == [
        "set -eu",
        'cd "$(dirname "$0")/.."',
        'export CI="${CI:-1}"',
        "exec python3 tools/dev.py test",
    ]
    assert "python3 tools/dev.py test" in (ROOT / "README.md").read_text()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
