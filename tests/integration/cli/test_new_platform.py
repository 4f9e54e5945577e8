"""What `sockethub new-platform` writes works at once: it is installed, checked, served, and passes its tests."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.support.deployment import REPOSITORY, Deployment
from tests.support.venv import Venv

MODES = ("stateless", "persistent")
EXAMPLES = ("sockethub-dav", "sockethub-caldav", "sockethub-carddav")
_SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CURL = re.compile(r"-d '\n(\[.*?\])'", re.DOTALL)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Venv:
    return Venv.made(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def packages(environment: Venv, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One of each mode, written by the command and installed."""
    folder = tmp_path_factory.mktemp("packages")
    for mode in MODES:
        done = environment.run("-m", "sockethub", "new-platform", f"my-{mode}", "--mode", mode, cwd=folder)
        assert f"sockethub-my-{mode} holds the platform `my-{mode}`" in done.stdout
    found = {mode: folder / f"sockethub-my-{mode}" for mode in MODES}
    environment.install(*found.values(), *(REPOSITORY / "examples" / name for name in EXAMPLES))
    return found


@pytest.mark.parametrize("mode", MODES)
def test_it_is_valid(mode: str, packages: dict[str, Path], environment: Venv) -> None:
    done = environment.run("-m", "sockethub", "check", "--config", "sockethub.yaml", "--import", cwd=packages[mode])
    assert f"platforms: my-{mode}" in done.stdout


@pytest.mark.parametrize("mode", MODES)
def test_its_tests_pass(mode: str, packages: dict[str, Path], environment: Venv) -> None:
    """The conformance kit is among them, and with it a `sockethub serve` that answers each of its verbs."""
    done = environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=packages[mode])
    assert "12 passed" in done.stdout


@pytest.mark.parametrize("mode", MODES)
def test_it_is_formatted_as_its_authors_would(mode: str, packages: dict[str, Path], environment: Venv) -> None:
    for check in (["check", "--select", "E,F,I,UP,B"], ["format", "--check"]):
        environment.run("-m", "ruff", *check, "--isolated", "--line-length", "120", ".", cwd=packages[mode])


def test_it_answers_as_its_readme_says(packages: dict[str, Path], environment: Venv, tmp_path: Path) -> None:
    readme = (packages["stateless"] / "README.md").read_text()
    (asked,) = _CURL.findall("".join(_SHELL.findall(readme)))
    process = subprocess.Popen(
        [str(environment.python), "-m", "sockethub", "serve", "--config", "sockethub.yaml", "--port", "0"],
        cwd=packages["stateless"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    house = Deployment(process, tmp_path)
    try:
        headers = {"content-type": "application/json", "x-request-id": secrets.token_hex(16)}
        request = urllib.request.Request(f"{house.url}sockethub-http", asked.encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            (line,) = map(json.loads, answer)
    finally:
        assert house.stop() == 0
        house.close()
    assert line["object"]["content"] == "Hello world"


def test_the_examples_are_found_by_name(packages: dict[str, Path], environment: Venv, tmp_path: Path) -> None:
    (tmp_path / "sockethub.yaml").write_text("platforms: { caldav: { use: caldav }, carddav: { use: carddav } }\n")
    done = environment.run("-m", "sockethub", "check", "--import", cwd=tmp_path)
    assert "valid; platforms: caldav, carddav" in done.stdout


def test_nothing_is_overwritten(packages: dict[str, Path], environment: Venv) -> None:
    folder = packages["stateless"].parent
    before = _contents(packages["stateless"])
    done = environment.run("-m", "sockethub", "new-platform", "my-stateless", cwd=folder, check=False)
    assert done.returncode == 2
    assert "registers the platform `my-stateless` already" in done.stderr
    (folder / "sockethub-mine").mkdir()
    done = environment.run("-m", "sockethub", "new-platform", "mine", cwd=folder, check=False)
    assert done.returncode == 2
    assert "sockethub-mine is there already; nothing was written" in done.stderr
    assert list((folder / "sockethub-mine").iterdir()) == []
    assert _contents(packages["stateless"]) == before


def _contents(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path): path.read_bytes() for path in found}
