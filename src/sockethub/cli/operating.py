"""``sockethub status``, ``ps``, ``kill`` and ``drain``: what operators ask of gateways and machines, through Redis."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
import redis.asyncio
import typer

from sockethub.cli.exits import Exit
from sockethub.cli.members import Unclear, busy, operate, print_json
from sockethub.cli.tables import table
from sockethub.config import Declaration
from sockethub.operations.asking import Member, Situation, ask, situation

MARGIN_SECONDS: Final = 5.0
"""Beyond the time to leave, how long a machine may take to say that a worker has left."""

LOOK_SECONDS: Final = 0.5
SHOWN_ID: Final = 12
"""Characters of an id in tables; commands take any beginning that is one login's alone."""


def status(config: Path | None, *, as_json: bool) -> Exit:
    """Print who is there; :attr:`Exit.FAILED` where somebody does not answer, or a side is missing."""
    return operate(config, partial(_status, as_json))


def ps(config: Path | None, *, platform: str | None, as_json: bool) -> Exit:
    """Print the logins."""
    return operate(config, partial(_ps, platform, as_json))


def kill(config: Path | None, login: str, *, stop: bool, as_json: bool) -> Exit:
    """Replace a login's process, or with ``stop`` end the login."""
    return operate(config, partial(_kill, login, stop, as_json))


def drain(config: Path | None, machine: str, *, seconds: float, force: bool, as_json: bool) -> Exit:
    """Have a machine give its logins away; :attr:`Exit.FAILED` where some are left after ``seconds``."""
    return operate(config, partial(_drain, machine, seconds, force, as_json))


async def _status(as_json: bool, client: redis.asyncio.Redis, key: bytes, _: Declaration) -> Exit:
    found = await situation(client, key)
    shown = found.to_json()
    whole = bool(shown["gateways"] and shown["machines"] and not shown["silent"])
    if as_json:
        print_json(shown)
    else:
        _show(shown)
    return Exit.OK if whole else Exit.FAILED


def _show(shown: dict[str, Any]) -> None:
    rows = (
        [
            (
                "gateway",
                each["host"],
                each["id"],
                each["version"],
                each["since"],
                f"{sum(each['connections'].values())} clients, {each['pending']} commands pending",
            )
            for each in shown["gateways"]
        ]
        + [
            (
                "workers",
                each["host"],
                each["id"],
                each["version"],
                each["since"],
                f"{len(each['logins'])} of {each['max_logins']} logins, "
                f"{sum(row['waiting'] for row in (*each['logins'], *each['pools']))} commands waiting"
                + (", draining" if each["draining"] else ""),
            )
            for each in shown["machines"]
        ]
        + [(each["role"], None, each["id"], None, None, "does not answer") for each in shown["silent"]]
    )
    if rows:
        table(("role", "host", "id", "version", "since", ""), rows)
    for role, members in (("gateway", shown["gateways"]), ("workers", shown["machines"])):
        if not members:
            typer.echo(f"no {role} answers: `sockethub serve` or `sockethub {role}` starts one", err=True)
    answers = [
        (
            each["host"],
            answer["platform"],
            answer["count"],
            f"{answer['p50_seconds'] * 1000:g} ms",
            f"{answer['p99_seconds'] * 1000:g} ms",
        )
        for each in shown["gateways"]
        for answer in each["answers"]
    ]
    if answers:
        table(("host", "platform", "answers #", "half within #", "99 of 100 within #"), answers)


async def _ps(
    platform: str | None, as_json: bool, client: redis.asyncio.Redis, key: bytes, declaration: Declaration
) -> Exit:
    if platform is not None and platform not in declaration.platforms:
        raise Unclear(f"{platform} is no declared platform; those are {', '.join(declaration.platforms)}")
    found = await situation(client, key)
    rows = [row for row in _logins(found) if platform in (None, row["platform"])]
    if as_json:
        print_json(rows)
    elif rows:
        table(
            (
                "login",
                "platform",
                "state",
                "machine",
                "since",
                "process #",
                "memory #",
                "sessions #",
                "waiting #",
                "restarts #",
            ),
            [
                (
                    row["login"][:SHOWN_ID],
                    row["platform"],
                    row["state"],
                    row["host"],
                    row["since"],
                    row["pid"],
                    f"{row['memory_bytes'] / 2**20:.0f} MiB",
                    row["sessions"],
                    row["waiting"],
                    row["restarts"],
                )
                for row in rows
            ],
        )
    else:
        typer.echo("no logins")
    return _answered(found)


async def _kill(
    login: str, stop: bool, as_json: bool, client: redis.asyncio.Redis, key: bytes, declaration: Declaration
) -> Exit:
    found = await situation(client, key)
    row = _one(_logins(found), login, "login", "no login's id begins with")
    machine = Member(row["machine"], "workers")
    seconds = declaration.workers.stop_seconds + MARGIN_SECONDS
    with busy(f"{'ending' if stop else 'replacing the process of'} {row['login'][:SHOWN_ID]}"):
        answers = await ask(
            client, key, [machine], seconds=seconds, do="end" if stop else "restart", login=row["login"]
        )
    answer = answers.get(machine.id, {"error": f"its machine did not answer within {seconds:g} s"})
    if as_json:
        print_json({"login": row["login"], "machine": machine.id, **answer})
    elif "error" not in answer:
        typer.echo(f"{row['login']}: process {answer['pid']} has left" + ("" if stop else "; another takes its place"))
    if "error" in answer:
        typer.echo(f"sockethub: {row['login']}: {answer['error']}", err=True)
        return Exit.FAILED
    return Exit.OK


async def _drain(
    machine: str,
    seconds: float,
    force: bool,
    as_json: bool,
    client: redis.asyncio.Redis,
    key: bytes,
    declaration: Declaration,
) -> Exit:
    found = await situation(client, key)
    machines = found.to_json()["machines"]
    row = _one(machines, machine, "id", "no machine's id or host begins with", also="host")
    others = [each for each in machines if each["id"] != row["id"] and not each["draining"]]
    if not others and not force:
        raise Unclear(
            f"no other machine is there to take the logins of {row['host']}: start `sockethub workers` elsewhere "
            "first, or give --force to end them"
        )
    member = Member(row["id"], "workers")
    answers = await ask(client, key, [member], do="drain")
    if member.id not in answers:
        typer.echo(f"sockethub: {row['host']} ({row['id']}) does not answer", err=True)
        return Exit.FAILED
    left = len(row["logins"])
    with busy(f"{row['host']} gives its logins away"), anyio.move_on_after(seconds):
        while left:
            await anyio.sleep(LOOK_SECONDS)
            report = (await ask(client, key, [member], do="report")).get(member.id)
            left = left if report is None else len(report["logins"])
    if as_json:
        print_json({"machine": row["id"], "host": row["host"], "left": left})
    elif not left:
        typer.echo(f"{row['host']} ({row['id']}) has no logins any more and takes none; stop it when you like")
    if left:
        typer.echo(f"sockethub: {row['host']} ({row['id']}) still has {left} logins after {seconds:g} s", err=True)
        return Exit.FAILED
    return Exit.OK


def _logins(found: Situation) -> list[dict[str, Any]]:
    return sorted(
        (
            {**login, "machine": machine["id"], "host": machine["host"]}
            for machine in found.to_json()["machines"]
            for login in machine["logins"]
        ),
        key=lambda row: (row["platform"], row["since"], row["login"]),
    )


def _one(rows: Sequence[dict[str, Any]], start: str, name: str, nothing: str, also: str = "") -> dict[str, Any]:
    exact = [row for row in rows if start in (row[name], row.get(also))]
    matching = exact or [row for row in rows if row[name].startswith(start) or str(row.get(also, "")).startswith(start)]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        raise Unclear(f"{nothing} {start}; `sockethub {'status' if also else 'ps'}` lists them")
    raise Unclear(f"{start} may be any of {', '.join(row[name] for row in matching)}; say more of it")


def _answered(found: Situation) -> Exit:
    for member in found.silent:
        typer.echo(f"sockethub: {member.role} {member.id} does not answer", err=True)
    return Exit.FAILED if found.silent else Exit.OK
