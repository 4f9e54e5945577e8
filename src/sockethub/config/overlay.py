"""Settings from the environment: ``SOCKETHUB__GATEWAY__PORT=8080`` over what the file says.

The name is the path of the key, in capitals, with ``__`` between steps and ``_`` for a hyphen; the value is YAML, so
that lists and sections can be given as ``[a, b]`` and ``{key: value}``. A variable that names no setting is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from sockethub.config import yaml_source
from sockethub.config.node import Node, Path, Place, grafted, nearest
from sockethub.config.problems import InvalidDeclaration, Problem, suggestion
from sockethub.config.schema import Schema, is_open, members, subschema

PREFIX: Final = "SOCKETHUB__"
SEPARATOR: Final = "__"


def overlaid(tree: Node, environ: Mapping[str, str]) -> tuple[Node, list[Problem]]:
    """``tree`` with what the environment sets, shorter names first, and what is wrong with the variables."""
    problems: list[Problem] = []
    for name in sorted(name for name in environ if name.startswith(PREFIX)):
        try:
            leaf = yaml_source.parse(environ[name], name, lines=False)
            tree = grafted(tree, setting(name, tree), replace(leaf, key=Place(name)))
        except InvalidDeclaration as error:
            problems += error.problems
    return tree, problems


def setting(name: str, tree: Node) -> Path:
    """The path of the setting a variable names; raises for one that names none."""
    path: Path = ()
    for step in name.removeprefix(PREFIX).split(SEPARATOR):
        schema = subschema(path)
        found = _step(step, schema, nearest(tree, path)) if schema is not None else None
        if found is None or subschema((*path, found)) is None:
            known = [variable((*path, key)) for key in members(schema or {})]
            raise InvalidDeclaration([Problem(Place(name), (), f"names no setting; {suggestion(name, known)}")])
        path = (*path, found)
    return path


def variable(path: Iterable[str | int]) -> str:
    """The variable that sets ``path``."""
    return PREFIX + SEPARATOR.join(_folded(str(step)) for step in path)


def _step(step: str, schema: Schema, node: Node) -> str | None:
    candidates = [*members(schema), *_present(node)]
    for key in candidates:
        if _folded(key) == step.upper():
            return key
    if not step or not (is_open(schema) or "patternProperties" in schema):
        return None
    return step.lower() if is_open(schema) else step.lower().replace("_", "-")


def _present(node: Node) -> Iterator[str]:
    if isinstance(node.value, dict):
        yield from node.value


def _folded(key: str) -> str:
    return key.upper().replace("-", "_")
