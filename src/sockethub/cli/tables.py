"""Tables on standard output: ruled and coloured for people at a terminal, plain columns for everything else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import typer

from sockethub.logs import harmless


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print ``rows`` below ``columns``; a column whose name ends in ``#`` holds numbers."""
    cells = [[_text(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        _ruled(columns, cells)
    else:
        typer.echo(plain([name.removesuffix(" #") for name in columns], cells))


def plain(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns side by side, one line a row, nothing cut."""
    lines = [[name.upper() for name in columns], *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(value.ljust(width) for value, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _ruled(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    ruled = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        ruled.add_column(name.removesuffix(" #"), justify="right" if name.endswith(" #") else "left", overflow="fold")
    for row in rows:
        ruled.add_row(*map(Text, row))
    Console().print(ruled)  # it honours NO_COLOR


def _text(value: Any) -> str:
    return "-" if value is None or value == "" else harmless(str(value))  # workers, too, have a say in what is shown
