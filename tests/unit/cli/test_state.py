from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sockethub.cli.state import existing_master_keys, held, master_keys, private_directory, reread_master_keys
from sockethub.config import Declaration
from sockethub.errors import ConfigError

OTHER = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
THIRD = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

RAW = (KEY, OTHER, THIRD)


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
    first = master_keys(declared(tmp_path))
    assert (tmp_path / "state" / "master.key").stat().st_mode & 0o777 == 0o600
    assert master_keys(declared(tmp_path)) == first


def test_a_declared_key_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "k"
    file.write_text(KEY)
    file.chmod(0o600)
    assert master_keys(declared(tmp_path, master=KEY)) == master_keys(declared(tmp_path, file=str(file)))
    assert not (tmp_path / "state").exists()


def test_a_key_file_in_no_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"keys\.file: .*/none/k cannot be used: No such file or directory"):
        master_keys(declared(tmp_path, file=str(tmp_path / "none" / "k")))


def test_a_command_prints_the_key(tmp_path: Path) -> None:
    command = ["printf", "%s\\n", KEY]
    assert master_keys(declared(tmp_path, command=command)) == master_keys(declared(tmp_path, master=KEY))
    assert existing_master_keys(declared(tmp_path, command=command)) is not None
    assert not (tmp_path / "state").exists()


def test_there_is_no_shell(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^keys\.command: a master key is 32 bytes in base64"):
        master_keys(declared(tmp_path, command=["echo", f"$(touch {tmp_path}/made); {KEY}"]))
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
        master_keys(declared(tmp_path, command=command, command_seconds=0.2))
    assert str(error.value).startswith("keys.command: ")
    assert told in str(error.value)
    assert "canary" not in str(error.value), "it may be a key, or half of one"


def test_there_is_one_source(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="give either `master` or `command`, not both"):
        declared(tmp_path, master=KEY, command=["true"])


def test_keys_that_may_still_open(tmp_path: Path) -> None:
    (file := tmp_path / "old").write_text(OTHER)
    file.chmod(0o600)
    keys = master_keys(declared(tmp_path, master=KEY, previous=[{"file": str(file)}, {"command": ["echo", THIRD]}]))
    assert [key.id for key in keys] == [master_keys(declared(tmp_path, master=raw)).in_use.id for raw in RAW]


def test_a_key_that_is_generated_replaces_one_that_is_kept(tmp_path: Path) -> None:
    """How a single machine rotates: the file is moved, and named."""
    before = master_keys(declared(tmp_path)).in_use
    (tmp_path / "state" / "master.key").rename(tmp_path / "state" / "old.key")
    keys = master_keys(declared(tmp_path, previous=[{"file": str(tmp_path / "state" / "old.key")}]))
    assert keys.previous == (before,)
    assert keys.in_use != before


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"file": "/none"}, r"^keys\.previous\[0\]\.file: /none cannot be used: No such file or directory"),
        ({"command": ["false"]}, r"^keys\.previous\[0\]\.command: false ended with status 1"),
        ({"master": KEY}, r"^keys\.previous\[0\]: this is the master key in use; name here the one that it replaces"),
    ],
)
def test_previous_keys_that_are_none(tmp_path: Path, source: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        master_keys(declared(tmp_path, master=KEY, previous=[source]))


def test_keys_are_read_again_but_never_generated_then(tmp_path: Path) -> None:
    config = tmp_path / "sockethub.yaml"
    shipped = (Path(__file__).parents[3] / "sockethub.yaml").read_text()
    config.write_text(shipped.replace("keys: {}", f"keys: {{file: '{tmp_path}/master.key'}}"))
    with pytest.raises(ConfigError, match="the file with the master key is gone"):
        reread_master_keys(config)
    (tmp_path / "master.key").write_text(KEY)
    (tmp_path / "master.key").chmod(0o600)
    assert reread_master_keys(config) == master_keys(declared(tmp_path, master=KEY))


@contextmanager
def full_disk() -> Iterator[None]:
    """Nothing more can be written: an error of write(2), for Python ignores SIGXFSZ."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match="state_dir: nothing can be written in"),
        full_disk(),
        held(tmp_path / "state"),
    ):
        pass
    with held(tmp_path / "state"):
        pass


def test_a_full_disk_leaves_no_half_of_a_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"keys\.file: .* cannot be used"), full_disk():
        master_keys(declared(tmp_path))
    master_keys(declared(tmp_path))
