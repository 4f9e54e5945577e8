from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sockethub.cli.state import existing_master_key, held, master_key, private_directory
from sockethub.config import Declaration
from sockethub.errors import ConfigError

KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def declared(folder: Path, **keys: Any) -> Declaration:
    stanza = {"mode": "stateless", "driver": "a:B", "verbs": ["echo"], "schemas": {"messages": "m.json"}}
    return Declaration.model_validate({"state_dir": folder / "state", "keys": keys, "platforms": {"a": stanza}})


def test_is_made_private(tmp_path: Path) -> None:
    assert private_directory(tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_must_be_private(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o755)
    with pytest.raises(ConfigError) as error:
        private_directory(tmp_path)
    assert str(error.value) == f"state_dir: others can enter {tmp_path}; run: chmod 700 {tmp_path}"


def test_cannot_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be made"):
        private_directory(tmp_path / "file" / "below")


def test_is_held_by_one(tmp_path: Path) -> None:
    with (
        held(tmp_path / "state"),
        pytest.raises(ConfigError, match=rf"in use by another `sockethub serve` \(process {os.getpid()}\)"),
        held(tmp_path / "state"),
    ):
        pass
    with held(tmp_path / "state"):
        pass


def test_a_dead_holder_holds_nothing(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, signal, sys; from sockethub.cli.state import held\n"
        "with held(pathlib.Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    died = subprocess.run([sys.executable, "-c", script, str(tmp_path / "state")], check=False)
    assert died.returncode == -9
    with held(tmp_path / "state"):
        pass


def test_a_master_key_is_generated_once(tmp_path: Path) -> None:
    first = master_key(declared(tmp_path))
    assert (tmp_path / "state" / "master.key").stat().st_mode & 0o777 == 0o600
    assert master_key(declared(tmp_path)).id == first.id


def test_a_declared_key_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "k"
    file.write_text(KEY)
    file.chmod(0o600)
    assert master_key(declared(tmp_path, master=KEY)).id == master_key(declared(tmp_path, file=str(file))).id
    assert not (tmp_path / "state").exists()


def test_a_key_file_in_no_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"keys\.file: .*/none/k cannot be used: No such file or directory"):
        master_key(declared(tmp_path, file=str(tmp_path / "none" / "k")))


def test_a_command_prints_the_key(tmp_path: Path) -> None:
    command = ["printf", "%s\\n", KEY]
    assert master_key(declared(tmp_path, command=command)).id == master_key(declared(tmp_path, master=KEY)).id
    assert existing_master_key(declared(tmp_path, command=command)) is not None
    assert not (tmp_path / "state").exists()


def test_there_is_no_shell(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^keys\.command: a master key is 32 bytes in base64"):
        master_key(declared(tmp_path, command=["echo", f"$(touch {tmp_path}/made); {KEY}"]))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["/no/such/program"], "/no/such/program cannot be run: No such file or directory"),
        (["sh", "-c", "echo canary; exit 3"], "sh ended with status 3"),
        (["sleep", "60"], "sleep did not end within 0.2 s"),
        (["echo", "canary"], "32 bytes in base64"),
        (["printf", "\\377canary"], "is no master key"),
        (["true"], "is no master key"),
        (["seq", "5000"], "is no master key"),
    ],
)
def test_commands_that_print_none(tmp_path: Path, command: list[str], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        master_key(declared(tmp_path, command=command, command_seconds=0.2))
    assert str(error.value).startswith("keys.command: ")
    assert told in str(error.value)
    assert "canary" not in str(error.value), "it may be a key, or half of one"


def test_there_is_one_source(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="give either `master` or `command`, not both"):
        declared(tmp_path, master=KEY, command=["true"])
