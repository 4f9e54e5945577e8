"""The shipped schemas, ready to validate with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
from referencing import Registry, Resource

SCHEMAS = Path(__file__).parents[2] / "schemas"


def shipped(name: str) -> jsonschema.Draft202012Validator:
    """A validator of ``schemas/<name>``."""
    schemas = [loaded("activity/common.json"), loaded(name)]
    registry: Registry[Any] = Registry().with_resources((each["$id"], Resource.from_contents(each)) for each in schemas)
    jsonschema.Draft202012Validator.check_schema(schemas[-1])
    return jsonschema.Draft202012Validator(schemas[-1], registry=registry)


def compiled(name: str) -> jsonschema_rs.Draft202012Validator:
    """The same, for a law that is put to thousands of activities."""
    schemas = [loaded(str(path.relative_to(SCHEMAS))) for path in SCHEMAS.rglob("*.json")]
    registry = jsonschema_rs.Registry([(schema["$id"], schema) for schema in schemas if "$id" in schema])
    return jsonschema_rs.Draft202012Validator(loaded(name), registry=registry)


def loaded(name: str) -> dict[str, Any]:
    """``schemas/<name>`` itself."""
    schema: dict[str, Any] = json.loads((SCHEMAS / name).read_text())
    return schema
