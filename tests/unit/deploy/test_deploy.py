"""The examples in ``deploy/`` are what the tools they are for accept, and what the command line understands."""

from __future__ import annotations

import base64
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sockethub.config import load
from tests.support.cli import run

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMPOSE = DEPLOY / "container" / "compose.yaml"
KUBERNETES = DEPLOY / "kubernetes" / "sockethub.yaml"
CONTAINERFILE = DEPLOY / "container" / "Containerfile"
INSTALLED = "/opt/sockethub/bin/sockethub"

KEY = base64.b64encode(bytes(32)).decode()
MOST_EXPOSED = 20
"""Tenths of ``systemd-analyze security``'s scale of 0 to 10; a service that declares nothing has 9.6."""


def ran(*argv: str | Path) -> str:
    """What a tool says, which must end well."""
    done = subprocess.run([str(each) for each in argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def of_this_environment(program: str) -> Path:
    return Path(sys.executable).parent / program


def understood(arguments: list[str]) -> None:
    """The command exists and takes these options."""
    result = run(*arguments, "--help")
    assert result.exit_code == 0, result.output
    command, *options = arguments
    for option in [each for each in options if each.startswith("--")]:
        assert option in run(command, "--help").output, option


def understood_variables(variables: dict[str, str]) -> None:
    load(None, {name: value for name, value in variables.items() if name.startswith("SOCKETHUB__")})


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_units_are_what_systemd_takes(unit: Path, tmp_path: Path) -> None:
    program = tmp_path / "sockethub"
    program.touch(0o755)
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace(INSTALLED, str(program)))
    assert ran("systemd-analyze", "verify", "--man=no", copy) == ""


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_units_are_hardened(unit: Path) -> None:
    ran("systemd-analyze", "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", unit)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_units_run_what_there_is(unit: Path, tmp_path: Path) -> None:
    lines = re.findall(rf"^ExecStart(?:Pre)?={INSTALLED} (.+)$", unit.read_text(), re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        understood(shlex.split(line))
    (tmp_path / "master.key").write_text(KEY)
    (tmp_path / "master.key").chmod(0o400)
    lines = re.findall(r"^Environment=(.+)$", unit.read_text().replace("%d", str(tmp_path)), re.MULTILINE)
    understood_variables(dict(pair.split("=", 1) for line in lines for pair in line.split()))


def test_compose_is_what_its_specification_says() -> None:
    ran(of_this_environment("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_compose_runs_what_there_is(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(KEY)
    services: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    for name in ("gateway", "workers"):
        understood(services[name]["command"])
        assert services[name]["read_only"] is True
        variables = {name: str(value) for name, value in services[name]["environment"].items()}
        text = variables["SOCKETHUB__KEYS__MASTER"].replace("$$", "$").replace("/run/secrets/master_key", str(key))
        understood_variables(variables | {"SOCKETHUB__KEYS__MASTER": text})


def test_kubernetes_is_what_its_schemas_say() -> None:
    said = ran(of_this_environment("kubernetes-validate"), "--strict", KUBERNETES)
    assert said.count("passed") == len(list(yaml.safe_load_all(KUBERNETES.read_text())))


def test_kubernetes_runs_what_there_is() -> None:
    containers = [
        container
        for document in yaml.safe_load_all(KUBERNETES.read_text())
        if document["kind"] in ("Deployment", "StatefulSet")
        for container in document["spec"]["template"]["spec"]["containers"]
    ]
    assert len(containers) == 2
    for container in containers:
        understood(container["args"])


def steps(stage: str) -> list[str]:
    """The ``RUN`` lines of a stage."""
    return re.findall(r"^RUN (.+)$", stage, re.MULTILINE)


@pytest.mark.timeout(300)
def test_the_steps_of_the_image_install_both_wheels_in_an_empty_place(tmp_path: Path) -> None:
    """As the image is built, but for where: what is locked is enough, and the wheels hold all they need."""
    build, final = re.split(r"^FROM .+$", CONTAINERFILE.read_text(), flags=re.MULTILINE)[1:]
    sources = tmp_path / "src"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    for name in tracked.decode().split("\0")[:-1]:
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, sources / name, follow_symlinks=False)
    quick = os.environ | {"PIP_NO_COMPILE": "1"}  # the first import does, where it is needed
    for step in steps(build):
        here = step.replace("/opt/sockethub", f"{tmp_path}/opt").replace("/tmp/wheels", f"{tmp_path}/wheels")
        here = re.sub(r"^python\b", sys.executable, here)
        done = subprocess.run(["sh", "-ec", here], cwd=sources, env=quick, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (step, done.stdout, done.stderr)
    program = tmp_path / "opt" / "bin" / "sockethub"
    assert "valid; platforms" in ran(program, "check")
    assert '"platforms"' in ran(program, "schema")
    assert 'ENTRYPOINT ["sockethub"]' in final
