"""Names of new platforms, and what is written for them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from sockethub import __version__
from sockethub.cli.newplatform import rendered
from tests.support.cli import run

MODES = ("stateless", "persistent")
WRONG = ["", "Matrix", "matrix_x", "-matrix", "matrix-", "a--b", "../up", "7up", "a" * 41, "mätrix", "irc"]


@pytest.mark.parametrize("name", WRONG)
def test_names_are_checked(name: str, tmp_path: Path) -> None:
    done = run("new-platform", "--into", str(tmp_path), "--", name)
    assert done.exit_code == 2
    assert "such as `matrix`" in done.stderr or "choose another name" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("new-platform", "--into", str(tmp_path / "file"), "matrix")
    assert done.exit_code == 1
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize("mode", MODES)
def test_what_is_written_says_what_it_is(mode: Any) -> None:
    files = {str(path): text for path, text in rendered("two-words", mode).items()}
    assert "{{" not in "".join(files.values())
    project = tomllib.loads(files["pyproject.toml"])["project"]
    assert project["dependencies"] == [f"sockethub>={__version__}"]
    assert project["entry-points"]["sockethub.platforms"] == {"two-words": "sockethub_two_words"}
    assert "class TwoWordsPlatform(" in files["src/sockethub_two_words/platform.py"]
    assert set(yaml.safe_load(files["sockethub.yaml"])["platforms"]) == {"two-words"}
