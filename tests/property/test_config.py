"""Laws of loading: any text is a declaration or an error; the environment says what the file says; no secret shows."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, example, given
from hypothesis import strategies as st

from sockethub.config import Declaration, InvalidDeclaration
from sockethub.config.loader import loads
from sockethub.config.node import Place, plain, planted
from sockethub.config.overlay import variable
from sockethub.config.resources import SHIPPED_DECLARATION
from sockethub.config.schema import members, subschema
from sockethub.config.yaml_source import parse, resolve

SHIPPED = SHIPPED_DECLARATION.read_text()
SECRET = "hunter2-aloha"

keys = st.sampled_from(
    ["gateway", "port", "origins", "redis", "url", "keys", "master", "platforms", "irc", "queue", "options", "use", "x"]
)
# Line breaks of YAML 1.1, which PyYAML folds, are left out.
words = st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029\ufeff"), max_size=8)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words, keys)
trees = st.recursive(
    scalars, lambda below: st.lists(below, max_size=4) | st.dictionaries(keys, below, max_size=4), max_leaves=12
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where references to files are looked up."""
    return tmp_path_factory.mktemp("config")


def outcome(text: str, folder: Path, environ: Mapping[str, str] | None = None) -> Declaration | InvalidDeclaration:
    """What loading gives: one of two things."""
    try:
        return loads(text, folder, environ or {})
    except InvalidDeclaration as error:
        return error


@given(text=st.text() | st.text(alphabet="abc:{}[]&*!|>'\"%-#?,\\ \n\t01$~"))
@example(text='"\\UFFFFFFFF"')
@example(text="%YAML 99999999999999999999999.1\n---\na")
@example(text="? a\n: b")
@example(text="? ? ?")
def test_any_text_is_a_declaration_or_an_error(text: str, folder: Path) -> None:
    result = outcome(text, folder)
    assert isinstance(result, Declaration) or (str(result) and all(problem.text for problem in result.problems))


@given(tree=trees)
def test_any_tree_is_a_declaration_or_an_error(tree: Any, folder: Path) -> None:
    outcome(json.dumps(tree), folder)


@given(data=st.data())
def test_a_shipped_declaration_with_a_wound_is_one_or_an_error(data: st.DataObject, folder: Path) -> None:
    start = data.draw(st.integers(0, len(SHIPPED)))
    length = data.draw(st.integers(0, 40))
    outcome(SHIPPED[:start] + data.draw(st.text(max_size=5)) + SHIPPED[start + length :], folder)


@given(name=st.text(max_size=12), value=st.text(max_size=12))
def test_any_variable_is_a_setting_or_an_error(name: str, value: str, folder: Path) -> None:
    outcome(SHIPPED, folder, {f"SOCKETHUB__{name.upper()}": value, f"SOCKETHUB__GATEWAY__{name}": value})


@given(tree=trees)
def test_planting_and_plain_are_inverse(tree: Any) -> None:
    assume("nan" not in repr(tree))
    assert plain(planted(tree, Place("test"))) == tree


@given(tree=trees)
def test_yaml_of_others_reads_the_same(tree: Any) -> None:
    """PyYAML's emitter quotes by YAML 1.1, where more is special than in the core schema, but for such as ``1e0``."""
    text = yaml.safe_dump(tree, allow_unicode=True)
    assume(".inf" not in text and ".nan" not in text)
    assume(all(abs(number) < 10**18 for number in _integers(tree)))
    assume("!!" not in text)
    assume(not any(resolve(word) != word and yaml.safe_dump(word).startswith(word) for word in _words(tree)))
    assert plain(parse(text, "test")) == tree


def _words(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, (list, dict)):
        for below in (*tree, *tree.values()) if isinstance(tree, dict) else tree:
            yield from _words(below)


def _integers(tree: Any) -> Iterator[float]:
    if isinstance(tree, (int, float)):
        yield tree
    elif isinstance(tree, (list, dict)):
        for below in tree.values() if isinstance(tree, dict) else tree:
            yield from _integers(below)


def _settings(path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all settings of the shipped declaration that are no sections."""
    schema = subschema(path) or {}
    for name in members(schema) or (["dummy", "irc"] if path == ("platforms",) else []):
        yield from _settings((*path, name))
    if path and not members(schema) and path != ("platforms",):
        yield path


SETTINGS = sorted(_settings())


@given(path=st.sampled_from(SETTINGS), value=scalars | st.lists(scalars, max_size=3) | trees)
def test_a_variable_says_what_the_file_says(path: tuple[str, ...], value: Any, folder: Path) -> None:
    by_variable = outcome(SHIPPED, folder, {variable(path): json.dumps(value)})
    by_file = outcome(json.dumps(_with(parse_shipped(), path, value)), folder)
    assert type(by_variable) is type(by_file)
    if isinstance(by_variable, InvalidDeclaration) and isinstance(by_file, InvalidDeclaration):
        assert {(p.path, p.text) for p in by_variable.problems} == {(p.path, p.text) for p in by_file.problems}
    else:
        assert by_variable == by_file


def parse_shipped() -> dict[str, Any]:
    declared = plain(parse(SHIPPED, "shipped"))
    assert isinstance(declared, dict)
    return declared


def _with(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    copied = dict(tree)
    copied[path[0]] = _with(copied.get(path[0]) or {}, path[1:], value) if path[1:] else value
    return copied


@given(path=st.sampled_from(SETTINGS), form=st.sampled_from([SECRET, f"${{env:{SECRET}", "${env:PASSWORD}", [SECRET]]))
def test_no_value_is_shown(path: tuple[str, ...], form: Any, folder: Path) -> None:
    """Whatever is given a secret, rightly or by mistake: it is not in the error, its traceback, or the declaration."""
    text = json.dumps(_with(parse_shipped(), path, form))
    try:
        declaration = loads(text, folder, {"PASSWORD": SECRET})
    except InvalidDeclaration as error:
        shown = "".join(traceback.format_exception(error)) + json.dumps([p.to_json() for p in error.problems])
        assert SECRET not in shown
    else:
        assert SECRET not in repr(declaration.redis) + repr(declaration.keys.master)


@given(text=st.sampled_from(["a: !{}", "a: *{}", "a: [{}", "a: '{}", "{}: {}: {}", "a: %{}", "a: !x!{} y", "- a\n{}"]))
def test_broken_yaml_does_not_show_its_values(text: str, folder: Path) -> None:
    error = outcome(text.replace("{}", SECRET), folder)
    assert isinstance(error, InvalidDeclaration)
    assert SECRET not in str(error)
