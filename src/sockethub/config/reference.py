"""The reference page of the declaration, from the models: ``docs/reference/configuration.md``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sockethub.config.node import Path, dotted
from sockethub.config.schema import Schema, members, subschema
from sockethub.config.section import LIVE_KEY
from sockethub.config.words import words

INTRODUCTION = """\
<!-- Generated from src/sockethub/config/models.py by `python -m sockethub.config`; do not edit. -->

# Configuration

One YAML file declares a deployment; [`sockethub.yaml`](../../sockethub.yaml) is the shipped one and the example. Only
`platforms` must be there. `sockethub check` validates a file without starting anything, and editors that understand
`# yaml-language-server: $schema=` complete and check it as you type (`sockethub schema` prints the schema).

A mistake is reported with its place, its key and what to do; a key nobody knows is a mistake:

```
sockethub.yaml:12:3: gateway.prot: unknown key; did you mean 'port'?
sockethub.yaml:14:9: gateway.port: must be a whole number from 0 to 65535. Port to listen on; 0 lets the system choose.
```

## Where values come from

Later ones win:

1. the defaults below;
2. the file;
3. environment variables: `SOCKETHUB__GATEWAY__PORT=8080` sets `gateway.port`. The name is the path of the key in
   capitals, with `__` between the steps and `_` for a hyphen; the value is YAML, so that `[a, b]` is a list. A variable
   that names no setting is a mistake;
4. options of the command line (`--host`, `--port`).

Text may contain `${env:NAME}` (an environment variable) and `${file:PATH}` (the content of a file, less the line end at
its end; a relative path starts at the folder of the declaration). That is how secrets get in: they are never shown in
errors, logs or `repr`. `$${` is a plain `${`.

## What can change while it runs

SIGHUP has `serve`, `gateway` and `workers` read the declaration again, and `sockethub reload` has all of a deployment
do so. A file with a mistake in it is refused, and everything goes on as it was. Settings marked ↻ change at once,
platforms come and go, and no login is disconnected but those of a platform that goes; `policy` holds for logins whose
process begins from then on. What else has changed waits for the next start; the log names it.

The YAML is the core schema of YAML 1.2: `yes` and `on` are text, a number of more than 18 digits is text. Tags, merge
keys and duplicate keys are refused.

## Platforms from packages

A platform is a class and a stanza. A package may bring both: it registers a name in the entry point group
`sockethub.platforms`; the entry point names a mapping that has the form of a stanza (or a module with one called
`PLATFORM`), with absolute paths of its schemas ([platform interface](platform-interface.md)):

```toml
[project.entry-points."sockethub.platforms"]
matrix = "sockethub_matrix:PLATFORM"
```

```yaml
platforms:
  matrix:
    use: matrix # the stanza of the package
    worker: { memory_mb: 256 } # what is said here wins
```
"""


ANY_ID = "any-id"
"""Stands for the id of every platform."""


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, "## Settings", "", *_section((), subschema(()) or {}), ""])


def _section(path: Path, schema: Schema) -> Iterator[str]:
    names = members(schema)
    plain = [name for name in names if not _is_section(subschema((*path, name)) or {})]
    if plain:
        yield "| key | value | default | |"
        yield "|---|---|---|---|"
        yield from (_row((*path, name), required=name in schema.get("required", ())) for name in plain)
        yield ""
    for name in names:
        below = subschema((*path, name)) or {}
        if not _is_section(below):
            continue
        steps: Path = (*path, name)
        if "patternProperties" in below:
            steps = (*steps, ANY_ID)
            below = {**(subschema(steps) or {}), "description": below["description"]}
        yield f"### `{dotted(steps).replace(ANY_ID, '<id>')}`"
        yield ""
        yield str(below.get("description", ""))
        yield ""
        yield from _section(steps, below)


def _is_section(schema: Schema) -> bool:
    return bool(members(schema)) or "patternProperties" in schema


def _row(path: Path, *, required: bool) -> str:
    schema = subschema(path) or {}
    default = "required" if required else _default(schema)
    name = f"`{path[-1]}`" + (" ↻" if schema.get(LIVE_KEY) else "")
    cells = [name, words(schema), default, f"{schema.get('description', '')}{_example(schema)}"]
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _default(schema: Mapping[str, Any]) -> str:
    if "default" not in schema:
        return "none" if schema.get("type") != "object" else "`{}`"
    return "none" if schema["default"] is None else f"`{_yaml(schema['default'])}`"


def _example(schema: Mapping[str, Any]) -> str:
    examples = schema.get("examples")
    return f" Example: `{_yaml(examples[0])}`." if examples and examples[0] != schema.get("default") else ""


def _yaml(value: Any) -> str:
    """As it may stand in the file: flow style, text without quotes where it can be."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    return json.dumps(value)
