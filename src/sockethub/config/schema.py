"""The declaration's own JSON Schema (2020-12), from the models: for editors, and to look settings up by path."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from sockethub.config.models import Declaration
from sockethub.config.node import Path

Schema = Mapping[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ID: Final = "https://sockethub.org/schemas/config.json"
REFERENCE: Final = {
    "type": "string",
    "pattern": r"^\$\{(env|file):[^}]+\}$",
    "description": "`${env:NAME}` or `${file:PATH}`",
}
"""What may stand in place of a number or a truth value; in text it may stand anywhere."""

_REFERABLE: Final = frozenset({"integer", "number", "boolean"})


@cache
def settings() -> Schema:
    """The schema of what the models take, after references are resolved."""
    return Declaration.model_json_schema()


def published() -> dict[str, Any]:
    """The schema of what a person writes: :func:`settings` with references, and without demands on derived stanzas."""
    schema = _with_references(settings())
    definitions: dict[str, Any] = schema["$defs"]
    definitions["Reference"] = dict(REFERENCE)
    platform = definitions["Platform"]
    # A stanza with `use` leaves out what the package supplies.
    platform["anyOf"] = [{"required": platform.pop("required")}, {"required": ["use"]}]
    return {"$schema": DIALECT, "$id": ID, **schema, "title": "A deployment of Sockethub"}


def subschema(path: Path) -> Schema | None:
    """The schema of the setting at ``path`` with its own description; None for what is no setting."""
    schema: Schema | None = settings()
    for step in path:
        schema = _below(schema, step) if schema is not None else None
    return _resolved(schema) if schema is not None else None


def members(schema: Schema) -> list[str]:
    """The keys a section knows; empty where keys are free."""
    return list(schema.get("properties", ()))


def is_open(schema: Schema) -> bool:
    """Whether any key may stand here (a platform's own options)."""
    return schema.get("additionalProperties") is True or not schema.keys() & {"type", "anyOf", "enum", "const"}


def _below(schema: Schema, step: str | int) -> Schema | None:
    schema = _resolved(schema)
    if isinstance(step, int):
        items = schema.get("items")
        return items if isinstance(items, Mapping) else None
    if step in schema.get("properties", {}):
        member: Schema = schema["properties"][step]
        return member
    for pattern, member in schema.get("patternProperties", {}).items():
        if re.search(pattern, step):
            return dict(member)
    return {} if is_open(schema) else None


def _resolved(schema: Schema) -> Schema:
    """Follow ``$ref``, step over ``| None`` and a word for it; what is said at the setting comes before all."""
    merged = dict(schema)
    for alternative in merged.pop("anyOf", ()):
        if alternative.get("type") != "null" and "const" not in alternative:
            merged = {**alternative, **merged}
    if (reference := merged.pop("$ref", None)) is not None:
        definition: Schema = settings()["$defs"][reference.removeprefix("#/$defs/")]
        return _resolved({**definition, **merged})
    return merged


def _with_references(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_references(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    copied = {key: _with_references(value) for key, value in schema.items()}
    if copied.get("type") in _REFERABLE:
        about = {key: copied.pop(key) for key in ("title", "description", "default", "examples") if key in copied}
        return {**about, "anyOf": [copied, {"$ref": "#/$defs/Reference"}]}
    return copied


def text() -> str:
    """``schemas/config.json``, byte for byte."""
    return json.dumps(published(), indent=2, ensure_ascii=False) + "\n"
