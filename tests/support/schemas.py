"""The shipped schemas, ready to validate with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry, Resource

SCHEMAS = Path(__file__).parents[2] / "schemas"


def shipped(name: str) -> jsonschema.Draft202012Validator:
    """A validator of ``schemas/<name>``."""
    loaded = [json.loads(path.read_text()) for path in (SCHEMAS / "activity" / "common.json", SCHEMAS / name)]
    registry: Registry[Any] = Registry().with_resources((each["$id"], Resource.from_contents(each)) for each in loaded)
    jsonschema.Draft202012Validator.check_schema(loaded[-1])
    return jsonschema.Draft202012Validator(loaded[-1], registry=registry)
