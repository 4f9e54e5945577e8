"""``sockethub logs``: what gateways, supervisors and workers of a deployment have logged last, merged by time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
import redis.asyncio
import typer

from sockethub.cli.exits import Exit
from sockethub.cli.members import Unclear, operate, print_json
from sockethub.config import Declaration
from sockethub.logs import harmless
from sockethub.operations.asking import Member
from sockethub.operations.reading import Log, Reader, Record
from sockethub.operations.recent import Wanted

__all__ = ["logs", "seconds_of", "text_of"]

FOLLOW_SECONDS: Final = 1.0
"""Between two looks of who follows: people notice no less, and each look is an order to every member."""

UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_DURATION: Final = re.compile(r"([0-9]{1,9})([smhd]?)")
_FIRST: Final = ("timestamp", "level", "event")
_ELSEWHERE: Final = (*_FIRST, "exception")


def logs(config: Path | None, wanted: Wanted, since: str | None, *, follow: bool, as_json: bool) -> Exit:
    """Print them, and with ``follow`` go on until interrupted; :attr:`Exit.FAILED` where somebody does not answer."""
    try:
        return operate(config, partial(_logs, wanted, since, follow, as_json))
    except KeyboardInterrupt:
        return Exit.OK


def seconds_of(text: str) -> float:
    """A duration such as ``90s``, ``10m``, ``2h`` or ``1d``; without a unit it is of seconds."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise Unclear(f"--since: {text} is no time span: write it as 90s, 10m, 2h or 1d")
    return int(found[1]) * UNITS[found[2] or "s"]


async def _logs(
    wanted: Wanted,
    since: str | None,
    follow: bool,
    as_json: bool,
    client: redis.asyncio.Redis,
    key: bytes,
    declaration: Declaration,
) -> Exit:
    if wanted.platform and wanted.platform not in declaration.platforms:
        raise Unclear(f"{wanted.platform} is no declared platform; those are {', '.join(declaration.platforms)}")
    seconds = None if since is None else seconds_of(since)
    reader = Reader(client, key, replace(wanted, age_seconds=seconds))
    found = await reader.look()
    if not follow:
        return _once(found, wanted.lines, seconds, as_json)
    complaints: dict[Member, str] = {}
    while True:
        complaints = _complain(found, complaints)
        for record in found.records:
            typer.echo(json.dumps(record.to_json()) if as_json else text_of(record))
        await anyio.sleep(FOLLOW_SECONDS)
        found = await reader.look()


def _once(found: Log, lines: int, seconds: float | None, as_json: bool) -> Exit:
    if as_json:
        print_json(found.to_json())
    for record in () if as_json else found.records:
        typer.echo(text_of(record))
    _complain(found, {})
    for member in found.answered:
        if seconds is not None and len(found.records) < lines and member["kept_seconds"] < seconds:
            kept = timedelta(seconds=int(member["kept_seconds"]))
            typer.echo(f"{member['host']} ({member['role']} {member['id']}) keeps the last {kept} h", err=True)
    if not found.answered and not found.unable:
        typer.echo("sockethub: no gateway and no machine is there to be asked", err=True)
    return Exit.OK if found.answered and not found.unable else Exit.FAILED


def _complain(found: Log, before: Mapping[Member, str]) -> dict[Member, str]:
    """Name those who do not answer, unless they were named ``before``, and those of whom something is missing."""
    for member, reason in found.unable.items():
        if before.get(member) != reason:
            typer.echo(f"sockethub: {member.role} {member.id}: {reason}", err=True)
    for each in found.answered:
        if each["missed"]:
            typer.echo(f"sockethub: {each['host']} has logged {each['missed']} events more than it keeps", err=True)
    return dict(found.unable)


def text_of(record: Record) -> str:
    """A line for people; a traceback follows on lines of its own."""
    timestamp, level, event = (harmless(str(record.fields[name])) for name in _FIRST)
    place = harmless(f"{record.host}/{record.role}")
    line = "  ".join((timestamp, f"{level:<7}", place, event, *_pairs(record.fields)))
    traceback = str(record.fields.get("exception", "")).splitlines()
    return "\n".join((line, *(f"    {harmless(each)}" for each in traceback)))


def _pairs(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        if name not in _ELSEWHERE:
            yield harmless(f"{name}={value if isinstance(value, str) else json.dumps(value)}")
