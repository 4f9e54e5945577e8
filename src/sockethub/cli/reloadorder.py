"""``sockethub reload``: what SIGHUP does, at all gateways and machines."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import redis.asyncio
import typer

from sockethub.cli.exits import Exit
from sockethub.cli.members import busy, operate, print_json
from sockethub.cli.tables import table
from sockethub.config import Declaration
from sockethub.operations.asking import SILENT, Member, ask, situation
from sockethub.operations.metrics import Role

__all__ = ["reload"]

WITHIN_SECONDS: Final = 75.0
"""How long one may take: a new platform's fork server imports everything, and has a minute for it."""


def reload(config: Path | None, *, as_json: bool) -> Exit:
    """Print what each has made of it; :attr:`Exit.FAILED` where one refuses, or does not answer."""
    return operate(config, partial(_reload, as_json))


async def _reload(as_json: bool, client: redis.asyncio.Redis, key: bytes, _: Declaration) -> Exit:
    found = (await situation(client, key)).to_json()
    order = os.urandom(8).hex()
    rows: list[dict[str, Any]] = []
    with busy("all read their declarations again"):
        # Machines first: what clients are offered by gateways is there already.
        sides: tuple[tuple[Role, list[dict[str, Any]]], ...] = (
            ("workers", found["machines"]),
            ("gateway", found["gateways"]),
        )
        for role, reports in sides:
            asked = [Member(report["id"], role) for report in reports]
            answers = await ask(client, key, asked, seconds=WITHIN_SECONDS, do="reload", id=order)
            rows += [_row(report, answers.get(report["id"], {"error": SILENT})) for report in reports]
    rows += [_row({"host": None, **each}, {"error": SILENT}) for each in found["silent"]]
    if as_json:
        print_json(rows)
    elif rows:
        table(("role", "host", "id", ""), [(row["role"], row["host"], row["id"], _told(row)) for row in rows])
    else:
        typer.echo("sockethub: no gateway and no machine is there to be told", err=True)
    return Exit.OK if rows and not any("error" in row for row in rows) else Exit.FAILED


def _row(report: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    told = {"error": answer["error"]} if "error" in answer else {name: answer[name] for name in ("changed", "restart")}
    return {**{name: report[name] for name in ("id", "role", "host")}, **told}


def _told(row: Mapping[str, Any]) -> str:
    if "error" in row:
        return f"not reloaded: {'; '.join(row['error'].splitlines())}"
    text = f"changed: {', '.join(row['changed'])}" if row["changed"] else "nothing has changed"
    return f"{text}; waits for the next start: {', '.join(row['restart'])}" if row["restart"] else text
