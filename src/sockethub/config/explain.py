"""pydantic's findings as problems a person can act on: where, which key, what it must be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from sockethub.config.node import Node, Path, key_of, nearest, place_of
from sockethub.config.problems import Problem, suggestion
from sockethub.config.schema import members, subschema
from sockethub.config.section import Contradiction
from sockethub.config.words import words


def explain(error: ValidationError, tree: Node) -> Iterator[Problem]:
    """One problem for each finding. ``tree`` is what was validated; none of its values is quoted."""
    findings: list[Any] = error.errors(include_url=False, include_input=False)
    nameless = [finding["loc"][:-1] for finding in findings if finding["loc"][-1:] == ("[key]",)]
    for finding in findings:
        # What stands under a key that cannot be one is not worth a word.
        if finding["loc"][-1:] == ("[key]",) or not any(finding["loc"][: len(key)] == key for key in nameless):
            yield _problem(finding, tree)


def _problem(finding: dict[str, Any], tree: Node) -> Problem:
    path: Path = finding["loc"]
    kind: str = finding["type"]
    if path and path[-1] == "[key]":
        return _bad_key(path[:-1], tree)
    if kind == "extra_forbidden":
        return unknown_key(path, tree)
    if kind == "missing":
        return Problem(place_of(path[:-1], tree), path, f"required, but missing{_purpose(path)}")
    if kind == "value_error":
        reason = finding["ctx"]["error"]
        if isinstance(reason, Contradiction):
            path = (*path, *reason.path)
        return Problem(place_of(path, tree), path, str(reason))
    schema = subschema(path) or {}
    expected = words(schema)
    hint = "; quote it" if kind == "string_type" and _is_unquoted(nearest(tree, path)) else ""
    return Problem(place_of(path, tree), path, f"must be {expected}{hint}{_purpose(path)}")


def unknown_key(path: Path, tree: Node) -> Problem:
    """A key that no section knows here."""
    known = members(subschema(path[:-1]) or {})
    return Problem(key_of(path, tree), path, f"unknown key; {suggestion(str(path[-1]), known)}")


def _bad_key(path: Path, tree: Node) -> Problem:
    text = "the id of a platform is lower-case letters, digits and hyphens, beginning with a letter (at most 40)"
    return Problem(key_of(path, tree), path, text)


def _is_unquoted(node: Node) -> bool:
    return isinstance(node.value, (int, float, bool))


def _purpose(path: Path) -> str:
    description = (subschema(path) or {}).get("description")
    return f". {description}" if description else ""
