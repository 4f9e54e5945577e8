"""``sockethub init``: a declaration to start from, and its schema for the editor."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import typer

from sockethub.cli.exits import Exit
from sockethub.config import schema
from sockethub.config.resources import SHIPPED_DECLARATION

SCHEMA_NAME: Final = "sockethub.schema.json"
_MODELINE: Final = re.compile(r"^# yaml-language-server: .*$", re.MULTILINE)
_SHIPPED_ONLY: Final = re.compile(r"One deployment of Sockethub, declared\..*?\n#\n", re.DOTALL)

INTRODUCTION: Final = """\
One deployment of Sockethub, declared. Every section but `platforms` may be left out. `sockethub check` says what
# is wrong, with line and remedy; `sockethub doctor` looks at the machine; `sockethub serve` runs it.
#
"""


def init(path: Path, *, force: bool) -> Exit:
    """Write ``path`` (``-``: print it) and, beside it, the schema that its first line names."""
    if str(path) == "-":
        typer.echo(text(), nl=False)
        return Exit.OK
    beside = path.parent / SCHEMA_NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text())
        beside.write_text(schema.text(), encoding="utf-8")
    except FileExistsError as error:
        if error.filename != str(path):
            return _unwritable(error)
        typer.echo(f"sockethub: {path} is there already; give another name, or --force to write over it", err=True)
        return Exit.FAILED
    except OSError as error:
        return _unwritable(error)
    typer.echo(f"{path}: written; {beside} is for editors that complete and check as you type")
    typer.echo(f"next: sockethub check --config {path} && sockethub serve --config {path}")
    return Exit.OK


def _unwritable(error: OSError) -> Exit:
    typer.echo(f"sockethub: {error.filename} cannot be written: {os.strerror(error.errno or 0)}", err=True)
    return Exit.FAILED


def text() -> str:
    """The shipped declaration, with the line for editors."""
    shipped = _MODELINE.sub(f"# yaml-language-server: $schema={SCHEMA_NAME}", SHIPPED_DECLARATION.read_text("utf-8"))
    return _SHIPPED_ONLY.sub(lambda _: INTRODUCTION, shipped, count=1)
