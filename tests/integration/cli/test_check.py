"""The command as people and programs run it: a process, its streams, its exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sockethub.config import schema
from tests.support.deployment import declaration

WRONG = """\
gateway:
  prot: 1
platforms:
  echo: { mode: stateless, driver: "nowhere_at_all:Echo", verbs: [echo], schemas: { messages: messages.json } }
"""
RIGHT = WRONG.replace("prot", "port")

ONLY_THESE = """
import runpy, sys
sys.argv = ["sockethub", "--help"]
try:
    runpy.run_module("sockethub", run_name="__main__")
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names), file=sys.stderr)
"""
MENU = {"sockethub", "typer", "rich", "pygments", "markdown_it", "mdurl", "attr", "shellingham", "annotated_doc"}
"""What `--help` may load: what draws it. It takes a tenth of a second; all that serves takes a whole one."""


def run(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """`sockethub` with these arguments in ``cwd``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SOCKETHUB")} | environ
    argv = [sys.executable, "-m", "sockethub", *arguments]
    return subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "messages.json").write_text("{}")
    return tmp_path


def test_a_valid_declaration(folder: Path) -> None:
    (folder / "sockethub.yaml").write_text(RIGHT)
    done = run("check", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "sockethub.yaml: valid; platforms: echo\n", "")


def test_a_wrong_declaration(folder: Path) -> None:
    (folder / "mine.yaml").write_text(WRONG)
    done = run("check", "--config", "mine.yaml", cwd=folder)
    said = "mine.yaml:2:3: gateway.prot: unknown key; did you mean 'port'?\n"
    assert (done.returncode, done.stdout, done.stderr) == (78, "", said)


def test_answers_programs(folder: Path) -> None:
    (folder / "sockethub.yaml").write_text(WRONG)
    done = run("check", "--json", cwd=folder)
    answer = json.loads(done.stdout)
    assert done.returncode == 78
    assert (answer["ok"], answer["problems"][0]["line"], answer["problems"][0]["key"]) == (False, 2, "gateway.prot")
    (folder / "sockethub.yaml").write_text(RIGHT)
    assert json.loads(run("check", "--json", cwd=folder).stdout) == {"ok": True, "problems": []}


def test_imports_only_when_told(folder: Path) -> None:
    (folder / "sockethub.yaml").write_text(RIGHT)
    done = run("check", "--import", cwd=folder)
    assert done.returncode == 78
    assert "sockethub.yaml:4:36: platforms.echo.driver: nowhere_at_all cannot be imported" in done.stderr


def test_a_driver_of_the_wrong_sort(folder: Path) -> None:
    (folder / "sockethub.yaml").write_text(RIGHT.replace("nowhere_at_all:Echo", "pathlib:Path"))
    done = run("check", "--import", cwd=folder)
    assert "platforms.echo.driver: pathlib:Path is no StatelessPlatform, as its `mode` demands" in done.stderr


def test_the_environment_counts(folder: Path) -> None:
    (folder / "sockethub.yaml").write_text(RIGHT)
    done = run("check", cwd=folder, SOCKETHUB__GATEWAY__PROT="1")
    assert (done.returncode, done.stderr) == (
        78,
        "SOCKETHUB__GATEWAY__PROT: names no setting; did you mean 'SOCKETHUB__GATEWAY__PORT'?\n",
    )


def test_the_shipped_declaration_is_valid_and_its_parts_are_there(folder: Path) -> None:
    done = run("check", "--import", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"valid; platforms: {', '.join(declaration()['platforms'])}\n")


@pytest.mark.parametrize("command", ["serve", "gateway", "workers"])
def test_nothing_starts_on_a_wrong_declaration(folder: Path, command: str) -> None:
    (folder / "sockethub.yaml").write_text(WRONG)
    done = run(command, cwd=folder)
    assert (done.returncode, done.stdout) == (78, "")
    assert "did you mean 'port'?" in done.stderr
    assert not (folder / ".state").exists()


@pytest.mark.parametrize("command", ["gateway", "workers"])
def test_the_halves_need_something_to_share(folder: Path, command: str) -> None:
    (folder / "sockethub.yaml").write_text(RIGHT)
    done = run(command, cwd=folder)
    assert (done.returncode, done.stderr) == (
        78,
        "redis.url: gateways and workers apart share a Redis: set `redis.url`\n",
    )


def test_listening_to_others_needs_a_decision(folder: Path) -> None:
    (folder / "sockethub.yaml").write_text(RIGHT)
    done = run("serve", "--host", "0.0.0.0", cwd=folder)
    assert done.returncode == 78
    assert done.stderr.startswith("--host: gateway.host: others than this machine can connect here, so decide which")


def test_prints_the_schema(folder: Path) -> None:
    assert run("schema", cwd=folder).stdout == schema.text()


def test_wrong_use(folder: Path) -> None:
    assert run("serve", "--prot", "1", cwd=folder).returncode == 2


def test_help_answers_at_once(folder: Path) -> None:
    """As far as it depends on us: nothing is loaded that it does not need."""
    argv = [sys.executable, "-I", "-c", ONLY_THESE]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert "serve" in done.stdout
    loaded = {name for name in done.stderr.split() if not name.startswith("_")}
    assert "typer" in loaded
    assert loaded <= MENU
