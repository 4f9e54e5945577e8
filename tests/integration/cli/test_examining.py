"""`sockethub init` and `doctor`: from an empty directory to something that runs."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from sockethub import __version__
from sockethub.cli import probes
from sockethub.cli.exits import Exit
from sockethub.config import schema
from tests.support.cli import run
from tests.support.deployment import declaration
from tests.support.redis import RedisServer
from tests.support.tls import issue

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def findings(folder: Path, **sections: Any) -> dict[str, dict[str, str]]:
    """What `doctor --json` says of the shipped declaration with other sections, by what was looked at."""
    (folder / "sockethub.yaml").write_text(yaml.safe_dump(declaration(sections)))
    done = run("doctor", "--json")
    found = json.loads(done.stdout)
    shape = json.loads((ROOT / "schemas" / "operations" / "doctor.json").read_text())
    jsonschema.Draft202012Validator(shape).validate(found)
    worst = any(each["level"] == "problem" for each in found)
    assert done.exit_code == (Exit.FAILED if worst else Exit.OK)
    for each in found:
        assert each["level"] == "ok" or each["remedy"], "each trouble has its remedy"
    return {each["check"]: each for each in found}


def test_the_version_is_told_to_people_and_programs() -> None:
    assert run("version").stdout == f"{__version__}\n"
    assert json.loads(run("version", "--json").stdout) == {"version": __version__}


def test_what_init_writes_is_valid_and_never_written_over(folder: Path) -> None:
    assert run("init").exit_code == Exit.OK
    written = (folder / "sockethub.yaml").read_text()
    assert written.startswith("# yaml-language-server: $schema=sockethub.schema.json\n")
    assert (folder / "sockethub.schema.json").read_text() == schema.text()
    assert "This file is what `sockethub serve` uses" not in written
    assert run("check").exit_code == Exit.OK
    (folder / "sockethub.yaml").write_text("mine")
    again = run("init")
    assert again.exit_code == Exit.FAILED
    assert "--force" in again.stderr
    assert (folder / "sockethub.yaml").read_text() == "mine"
    assert run("init", "--force").exit_code == Exit.OK
    assert (folder / "sockethub.yaml").read_text() == written == run("init", "-").stdout


def test_init_says_what_it_cannot_write(folder: Path) -> None:
    (folder / "file").write_text("")
    done = run("init", "file/sockethub.yaml")
    assert done.exit_code == Exit.FAILED
    assert "cannot be written" in done.stderr


def test_a_machine_that_will_do(folder: Path) -> None:
    found = findings(folder)
    assert {"declaration", "master key", "sandbox", "files", "memory", "gateway.port", "Redis"} <= found.keys()
    assert {each["level"] for name, each in found.items() if name != "sandbox"} <= {"ok", "warning"}


def test_a_declaration_with_a_mistake(folder: Path) -> None:
    (folder / "sockethub.yaml").write_text("gateway: {prot: 1}")
    done = run("doctor", "--json")
    assert done.exit_code == Exit.FAILED
    assert "did you mean 'port'?" in json.loads(done.stdout)[0]["text"]


def test_a_redis_is_looked_at(folder: Path, redis_server: RedisServer, redis_url: str) -> None:
    found = findings(folder, redis={"url": redis_url}, keys={"file": "key"})
    assert found["Redis"]["level"] == "ok"
    assert {"Redis' way", "Redis' persistence", "Redis' memory", "clock"} <= found.keys()
    missing = findings(folder, redis={"url": "unix:///nowhere"}, keys={"file": "key"})
    assert missing["Redis"]["level"] == "problem"


def test_a_port_that_is_taken(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        found = findings(folder, gateway={"port": other.getsockname()[1]})
    assert found["gateway.port"]["level"] == "problem"
    assert "in use" in found["gateway.port"]["text"]


def test_a_certificate_is_looked_at(folder: Path) -> None:
    files = issue(folder, until=5)
    files.key.chmod(0o600)
    tls = {"certificate": str(files.certificate), "key": str(files.key)}
    soon = findings(folder, gateway={"tls": tls})["gateway.tls"]
    assert soon["level"] == "warning"
    assert "ends on" in soon["text"]
    other = findings(folder, gateway={"tls": {**tls, "certificate": str(files.authority)}})["declaration"]
    assert "not the key of the first certificate" in other["text"]
    assert "gateway.tls" not in findings(folder)


def test_limits_that_are_too_low(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "available_memory", lambda: 2**20)
    monkeypatch.setattr(probes, "kernel_number", lambda _: 128)
    monkeypatch.setattr(probes, "missing_of_sandbox", lambda: ["all TCP ports"])
    found = findings(folder, workers={"max_logins": 10_000_000, "sandbox": "required"})
    assert found["files"]["level"] == "problem"
    assert found["sandbox"]["level"] == "problem"
    assert found["memory"]["level"] == "warning"
    assert found["backlog"]["level"] == "warning"


def test_a_state_directory_that_others_can_enter(folder: Path) -> None:
    (folder / "open").mkdir()
    os.chmod(folder / "open", 0o755)
    assert "chmod 700" in findings(folder, state_dir="open")["state directory"]["remedy"]


def test_commands_without_a_key_or_a_redis_say_so(folder: Path) -> None:
    (folder / "sockethub.yaml").write_text(yaml.safe_dump(declaration()))
    done = run("ps")
    assert done.exit_code == Exit.CONFIG
    assert "master key" in done.stderr
    (folder / "sockethub.yaml").write_text(
        yaml.safe_dump(declaration({"redis": {"url": "unix:///nowhere"}, "keys": {"master": "A" * 43 + "="}}))
    )
    for command in (("status",), ("ps",), ("kill", "abc"), ("drain", "here"), ("logs",), ("reload",)):
        done = run(*command)
        assert done.exit_code == Exit.FAILED, command
        assert "does not serve" in done.stderr
    (folder / "sockethub.yaml").write_text(yaml.safe_dump(declaration({"keys": {"master": "A" * 43 + "="}})))
    for command in (("status",), ("logs",), ("deadletters",), ("rotate-keys",)):
        done = run(*command)
        assert done.exit_code == Exit.FAILED, command
        assert "no `sockethub serve` runs on" in done.stderr, command
