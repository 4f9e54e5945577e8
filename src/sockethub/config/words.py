"""A JSON Schema in plain words: ``a whole number from 0 to 65535``. Used in errors and on the reference page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_NOUNS: Final[dict[str, str]] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a section of keys",
    "null": "nothing",
}


def words(schema: Mapping[str, Any]) -> str:
    """What a value must be."""
    if "$ref" in schema:
        return _NOUNS["object"]  # what has a definition of its own is a section
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return "one of " + ", ".join(f"`{choice}`" for choice in schema["enum"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(_NOUNS.get(name, "any value") for name in kind)
    if kind == "array":
        return _list(schema)
    if kind == "string":
        return _text(schema)
    return _NOUNS.get(kind or "", "any value") + _range(schema)


def _list(schema: Mapping[str, Any]) -> str:
    items = schema.get("items")
    each = f", each {words(items)}" if isinstance(items, Mapping) and items else ""
    return ("a list with at least one item" if schema.get("minItems") else "a list") + each


def _text(schema: Mapping[str, Any]) -> str:
    said = "a path" if schema.get("format") == "path" else "text"
    if "pattern" in schema:
        examples = [example for example in schema.get("examples", ()) if isinstance(example, str)]
        said = f"text like `{examples[0]}`" if examples else f"text that matches `{schema['pattern']}`"
    elif schema.get("minLength"):
        said = "text that is not empty"
    if "maxLength" in schema:
        said += f" (at most {schema['maxLength']} characters)"
    return said


def _range(schema: Mapping[str, Any]) -> str:
    low = schema.get("minimum")
    above = schema.get("exclusiveMinimum")
    high = schema.get("maximum")
    if low is not None and high is not None:
        return f" from {number(low)} to {number(high)}"
    parts = []
    if low is not None:
        parts.append(f"at least {number(low)}")
    if above is not None:
        parts.append(f"greater than {number(above)}")
    if high is not None:
        parts.append(f"at most {number(high)}")
    return " " + " and ".join(parts) if parts else ""


def number(value: float) -> str:
    """Without a needless fraction: ``5``, not ``5.0``."""
    return str(int(value)) if float(value).is_integer() else str(value)
