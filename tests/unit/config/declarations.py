"""A small declaration whose schemas lie beside it, for tests that change one thing in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sockethub.config.loader import loads
from sockethub.config.models import Declaration

STANZA = """\
platforms:
  echo:
    mode: stateless
    driver: example.echo:Echo
    verbs: [echo]
    schemas: { messages: messages.json, options: options.json }
"""
"""The least there is to say; lines 1 to 6."""

SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "messages.json": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"type": {"enum": ["echo", "greet"]}},
    },
    "options.json": {
        "type": "object",
        "properties": {
            "greeting": {"type": "string", "minLength": 1, "description": "What it says."},
            "depth": {"type": "integer", "minimum": 1, "maximum": 3},
        },
        "additionalProperties": False,
    },
}


def write_schemas(folder: Path) -> Path:
    """The schemas that :data:`STANZA` names, in ``folder``."""
    for name, schema in SCHEMAS.items():
        (folder / name).write_text(json.dumps(schema))
    return folder


def declared(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Declaration:
    """The declaration of :data:`STANZA` with ``text`` after it, which begins in line 7."""
    return loads(STANZA + text, write_schemas(folder), environ or {})
