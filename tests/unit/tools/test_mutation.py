"""What is changed in a mutant, what is left alone, and that tests which notice nothing are told."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def mutation() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutation", ROOT / "tools" / "mutation.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutation"] = module
    spec.loader.exec_module(module)
    return module


CHANGES = {
    "if a:\n    b": {"if not a:\n    b"},
    "a = b == c": {"a = b != c"},
    "a = b in c": {"a = b not in c"},
    "a = b and c": {"a = b or c"},
    "a = 3": {"a = 4"},
    "a = True": {"a = False"},
    "a = 'x'": {"a = 'x~'"},
    "f(a, b)": {"f(b, a)"},
    "a = b + c": {"a = b - c"},
    "a = {b: c, **d}": {"a = {**d}", "a = {b: c}"},
    "def f():\n    a[b] = c\n    g()": {"def f():\n    pass\n    g()", "def f():\n    a[b] = c\n    pass"},
}


@pytest.mark.parametrize("text", CHANGES)
def test_changes(mutation: ModuleType, text: str) -> None:
    found = {mutant.source(text) for mutant in mutation.mutants("m.py", text)}
    assert found == CHANGES[text]


@pytest.mark.parametrize(
    "text",
    [
        '"""A docstring."""',
        "__all__ = ['a']",
        "raise E('a', 'text')",
        "def f(a: 'A') -> 'B':\n    return a",
        "a: Literal['x']",
        "f(a, a)",
        "a = ''",
    ],
)
def test_what_is_no_behaviour_is_left_alone(mutation: ModuleType, text: str) -> None:
    assert mutation.mutants("m.py", text) == []


def test_every_mutant_of_the_package_is_another_program(mutation: ModuleType) -> None:
    module = "irc/modes.py"
    text = (mutation.PACKAGE / module).read_text()
    same = ast.unparse(ast.parse(text))
    found = mutation.mutants(module, text)
    assert len(found) > 20
    assert all(mutant.source(text) != same for mutant in found)


def test_a_sample_is_the_same_each_time(mutation: ModuleType) -> None:
    first = mutation.chosen(mutation.PACKAGE, ["ids.py"], 5, 1)
    assert len(first) == 5
    assert first == mutation.chosen(mutation.PACKAGE, ["ids.py"], 5, 1)
    assert first != mutation.chosen(mutation.PACKAGE, ["ids.py"], 5, 2)


def test_a_change_that_matters_is_noticed_and_none_is_not(
    mutation: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutation, "TESTS", {"irc": ("tests/unit/translators/irc/test_text.py",)})
    text = (mutation.PACKAGE / "irc" / "text.py").read_text()
    assert not mutation.is_noticed(mutation.PACKAGE, "irc/text.py", text, 60.0)
    assert mutation.is_noticed(mutation.PACKAGE, "irc/text.py", text.replace('"".join', '"~".join'), 60.0)
    assert mutation.is_noticed(mutation.PACKAGE, "irc/text.py", "not Python", 60.0)
