from __future__ import annotations

from typing import Any

import pytest

from sockethub.config.verbs import accepted_types


def kind(*names: str) -> dict[str, Any]:
    """A schema that accepts these types."""
    return {"properties": {"type": {"enum": list(names)}}}


@pytest.mark.parametrize(
    ("schema", "types"),
    [
        ({}, None),
        (True, None),
        (False, set()),
        (kind("a", "b"), {"a", "b"}),
        ({"properties": {"type": {"const": "a"}}}, {"a"}),
        ({"properties": {"type": {"type": "string"}}}, None),
        ({"oneOf": [kind("a"), kind("b")]}, {"a", "b"}),
        ({"anyOf": [kind("a"), {}]}, None),
        ({"allOf": [kind("a", "b"), kind("b", "c"), {}]}, {"b"}),
        ({"$ref": "#/$defs/x~1y", "$defs": {"x/y": kind("a")}}, {"a"}),
        ({"$ref": "#/$defs/none"}, None),
        ({"$ref": "https://elsewhere.example/x"}, None),
        ({"properties": {"type": {"$ref": "#/$defs/t"}}, "$defs": {"t": {"enum": ["a", 1]}}}, {"a"}),
        ({"properties": {"type": {"oneOf": [{"const": "a"}, {"const": "b"}]}}}, {"a", "b"}),
        ({"$ref": "#"}, None),
        ({"properties": {"type": {"$ref": "#/properties/type"}}}, None),
        ({"if": kind("a"), "then": {}, "else": kind("b")}, {"a", "b"}),
        ({"if": kind("a"), "then": {"required": ["x"]}}, None),
        ({"allOf": [kind("a", "b", "c"), {"if": kind("a"), "then": {}, "else": kind("b")}]}, {"a", "b"}),
    ],
)
def test_reads_the_types_off_a_schema(schema: Any, types: set[str] | None) -> None:
    assert accepted_types(schema) == types
