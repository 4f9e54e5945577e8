from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from sockethub.config.loader import loads
from sockethub.config.problems import InvalidDeclaration

from .declarations import write_schemas

MODULE = """\
PLATFORM = {{
    "mode": "stateless",
    "driver": "matrix_for_test:Matrix",
    "verbs": ["echo", "greet"],
    "schemas": {{"messages": "{folder}/messages.json", "options": "{folder}/options.json"}},
    "worker": {{"memory_mb": 128, "pool_size": 4}},
}}
NUMBER = 5
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution that registers platforms: a module, a mapping, and some that are broken."""
    write_schemas(tmp_path)
    (tmp_path / "matrix_for_test.py").write_text(MODULE.format(folder=tmp_path))
    information = tmp_path / "matrix_for_test-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: matrix-for-test\nVersion: 1\n")
    (information / "entry_points.txt").write_text(
        "[sockethub.platforms]\n"
        "matrix = matrix_for_test\n"
        "matrix-mapping = matrix_for_test:PLATFORM\n"
        "number = matrix_for_test:NUMBER\n"
        "nowhere = nowhere_for_test\n"
        "nothing = matrix_for_test:NOTHING\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "matrix_for_test", raising=False)
    return tmp_path


def declared(folder: Path, stanza: str, environ: Mapping[str, str] | None = None) -> str:
    declaration = loads(f"platforms:\n  matrix: {stanza}\n", folder, environ or {})
    matrix = declaration.platforms["matrix"]
    return f"{matrix.driver} {' '.join(matrix.verbs)} {matrix.worker.memory_mb} {matrix.worker.pool_size}"


@pytest.mark.parametrize("name", ["matrix", "matrix-mapping"])
def test_a_stanza_starts_from_its_package(package: Path, name: str) -> None:
    assert declared(package, f"{{ use: {name} }}") == "matrix_for_test:Matrix echo greet 128 4"


def test_what_the_stanza_says_wins(package: Path) -> None:
    stanza = "{ use: matrix, verbs: [greet], worker: { memory_mb: 256 } }"
    variables = {"SOCKETHUB__PLATFORMS__MATRIX__WORKER__POOL_SIZE": "1"}
    assert declared(package, stanza, variables) == "matrix_for_test:Matrix greet 256 1"


@pytest.mark.parametrize(
    ("stanza", "said"),
    [
        ("{ use: number }", "2:18: platforms.matrix.use: matrix_for_test:NUMBER is neither a mapping nor a module "),
        ("{ use: nowhere }", "2:18: platforms.matrix.use: nowhere_for_test cannot be imported: No module named "),
        ("{ use: nothing }", "2:18: platforms.matrix.use: matrix_for_test:NOTHING cannot be imported: "),
        ("{ use: matrx }", "2:18: platforms.matrix.use: no installed package registers this platform; did you mean"),
        ("{ use: matrix, wrk: {} }", "2:26: platforms.matrix.wrk: unknown key; did you mean 'worker'?"),
    ],
)
def test_a_package_that_cannot_be_used(package: Path, stanza: str, said: str) -> None:
    with pytest.raises(InvalidDeclaration) as error:
        declared(package, stanza)
    assert str(error.value).startswith(f"sockethub.yaml:{said}")
