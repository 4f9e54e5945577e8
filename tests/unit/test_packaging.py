"""What is in the two distributions is what people are told is in them."""

from __future__ import annotations

import email
import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from importlib import metadata, resources
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECTS = {"sockethub": ROOT, "sockethub_translators": ROOT / "translators"}
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both wheels, built here, by import name."""
    directory = tmp_path_factory.mktemp("wheels")
    built = {}
    for name, project in PROJECTS.items():
        argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
        subprocess.run(argv, cwd=project, check=True, capture_output=True)
        (wheel,) = directory.glob(f"{name}-*.whl")
        built[name] = wheel
    return built


def files(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def headers(wheel: Path) -> Message:
    (name,) = (name for name in files(wheel) if name.endswith(".dist-info/METADATA"))
    return email.message_from_bytes(files(wheel)[name])


def below(directory: Path, prefix: str) -> dict[str, bytes]:
    """Every file below ``directory``, as it is to be named in the wheel."""
    return {
        f"{prefix}{path.relative_to(directory).as_posix()}": path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_schemas_are_shipped_byte_for_byte(wheels: dict[str, Path]) -> None:
    shipped = {name: data for name, data in files(wheels["sockethub"]).items() if name.startswith("sockethub/schemas/")}
    assert shipped == below(ROOT / "schemas", "sockethub/schemas/")
    assert shipped


def test_the_javascript_client_is_shipped_byte_for_byte(wheels: dict[str, Path]) -> None:
    held = files(wheels["sockethub"]).items()
    shipped = {name: data for name, data in held if name.startswith("sockethub/javascript/")}
    assert shipped == below(ROOT / "clients" / "javascript", "sockethub/javascript/")
    assert "sockethub/javascript/sockethub.js" in shipped


def test_the_javascript_client_is_a_package_of_the_same_version_without_dependencies() -> None:
    folder = ROOT / "clients" / "javascript"
    package = json.loads((folder / "package.json").read_text())
    assert package["version"] == metadata.version("sockethub")
    assert package["license"] == "MIT"
    assert not [name for name in package if name.endswith("ependencies")]
    assert (folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_deployment_is_shipped_byte_for_byte(wheels: dict[str, Path]) -> None:
    assert files(wheels["sockethub"])["sockethub/sockethub.yaml"] == (ROOT / "sockethub.yaml").read_bytes()


def test_the_same_is_found_where_it_is_installed_from_the_sources() -> None:
    package = resources.files("sockethub")
    assert (package / "sockethub.yaml").read_bytes() == (ROOT / "sockethub.yaml").read_bytes()
    assert (package / "schemas").is_dir()


@pytest.mark.parametrize("name", PROJECTS)
def test_a_wheel_holds_its_package_and_nothing_else(name: str, wheels: dict[str, Path]) -> None:
    held = files(wheels[name])
    assert {path.partition("/")[0] for path in held} == {name, f"{name}-{metadata.version(name)}.dist-info"}
    assert f"{name}/py.typed" in held
    own = [path for path in held if "/cli/templates/" not in path]  # those are of packages that are written
    assert not [path for path in own if re.search(r"(^|/)(tests?|conftest|__pycache__|\.state)(/|\.|$)", path)]
    modules = below(PROJECTS[name] / "src" / name, f"{name}/")
    assert {path for path in modules if path.endswith(".py")} == {path for path in held if path.endswith(".py")}


@pytest.mark.parametrize("name", PROJECTS)
def test_a_wheel_made_from_the_source_distribution_is_the_same(
    name: str, wheels: dict[str, Path], tmp_path: Path
) -> None:
    hatchling = [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path)]
    subprocess.run([*hatchling, "-t", "sdist"], cwd=PROJECTS[name], check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as unpacked:
        unpacked.extractall(tmp_path, filter="data")
    subprocess.run(
        [*hatchling, "-t", "wheel"], cwd=tmp_path / archive.name[: -len(".tar.gz")], check=True, capture_output=True
    )
    (again,) = tmp_path.glob("*.whl")
    assert files(again) == files(wheels[name])


@pytest.mark.parametrize("name", PROJECTS)
def test_a_wheel_carries_its_licence_and_says_which(name: str, wheels: dict[str, Path]) -> None:
    licence = f"{name}-{metadata.version(name)}.dist-info/licenses/LICENSE"
    assert files(wheels[name])[licence] == (ROOT / "LICENSE").read_bytes()
    assert headers(wheels[name])["License-Expression"] == "MIT"
    assert headers(wheels[name])["Requires-Python"] == ">=3.11"


def test_the_translators_depend_on_nothing(wheels: dict[str, Path]) -> None:
    assert headers(wheels["sockethub_translators"]).get_all("Requires-Dist") is None


def test_the_versions_agree(wheels: dict[str, Path]) -> None:
    versions = {name: headers(wheel)["Version"] for name, wheel in wheels.items()}
    required = headers(wheels["sockethub"]).get_all("Requires-Dist") or []
    assert f"sockethub-translators=={versions['sockethub_translators']}" in required
    for name, version in versions.items():
        assert __import__(name).__version__ == version


def test_the_translators_work_alone(wheels: dict[str, Path]) -> None:
    """Straight out of the wheel, with nothing but the standard library beside it; ``testing`` is for Hypothesis."""
    wheel = str(wheels["sockethub_translators"])
    program = f"""
import sys
sys.path.insert(0, {wheel!r})
import importlib, pkgutil, sockethub_translators as package
assert package.__file__.startswith({wheel!r})
for module in pkgutil.walk_packages(package.__path__, "sockethub_translators."):
    if "testing" not in module.name.split("."):
        importlib.import_module(module.name)
"""
    subprocess.run([sys.executable, "-I", "-S", "-W", "error", "-c", program], check=True)


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.stem)
def test_locks_pin_by_hash_and_hold_no_address(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"://|file:|^-", text, re.MULTILINE)
    for requirement in text.replace("\\\n", " ").splitlines():
        assert re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", requirement), requirement


def test_the_javascript_lock_pins_by_hash_and_holds_no_address() -> None:
    text = (ROOT / "tests" / "integration" / "js" / "package-lock.json").read_text()
    assert "://" not in text
    assert '"resolved"' not in text
    assert text.count('"integrity": "sha512-') == text.count('"node_modules/')


def test_every_dependency_is_locked() -> None:
    declaration = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements" / "run.txt").read_text(), re.MULTILINE))
    declared = {re.split(r"[<>=! \[]", name)[0] for name in declaration["project"]["dependencies"]}
    assert declared - {"sockethub-translators"} <= locked
