from __future__ import annotations

from typing import Any

import pytest

from sockethub.config.words import words


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({}, "any value"),
        ({"type": "integer", "minimum": 0, "maximum": 65535}, "a whole number from 0 to 65535"),
        ({"type": "number", "exclusiveMinimum": 0.0, "maximum": 1.5}, "a number greater than 0 and at most 1.5"),
        ({"type": "integer", "minimum": 64}, "a whole number at least 64"),
        ({"type": "boolean"}, "true or false"),
        ({"type": ["string", "null"]}, "text or nothing"),
        ({"enum": ["a", 1]}, "one of `a`, `1`"),
        ({"const": "a"}, "`a`"),
        ({"type": "string"}, "text"),
        ({"type": "string", "minLength": 1}, "text that is not empty"),
        ({"type": "string", "format": "path"}, "a path"),
        ({"type": "string", "pattern": "^a$"}, "text that matches `^a$`"),
        (
            {"type": "string", "pattern": "^a$", "examples": ["a"], "maxLength": 3},
            "text like `a` (at most 3 characters)",
        ),
        (
            {"type": "array", "minItems": 1, "items": {"type": "integer"}},
            "a list with at least one item, each a whole number",
        ),
        ({"type": "array"}, "a list"),
        ({"type": "object"}, "a section of keys"),
        ({"type": "array", "items": {"$ref": "#/$defs/Key"}}, "a list, each a section of keys"),
    ],
)
def test_says_what_a_value_must_be(schema: dict[str, Any], said: str) -> None:
    assert words(schema) == said
