"""``sockethub rotate-keys``: wraps the root key under the master key in use, and withdraws those before it.

Each change is one command to Redis that does nothing unless all is as it was seen: it can be interrupted at any point,
and be run again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import anyio
import redis
import redis.asyncio
import typer

from sockethub import redis_keys
from sockethub.cli.check import chosen
from sockethub.cli.exits import Exit
from sockethub.cli.holders import Holder, hindrances
from sockethub.cli.reaching import redis_of, unserved
from sockethub.cli.rootkey import opened, wrapped_root
from sockethub.cli.state import master_keys
from sockethub.config import load
from sockethub.crypto import MasterKeys, WrappedRoot
from sockethub.crypto.root import wrap
from sockethub.errors import ConfigError, SockethubError
from sockethub.jobs import connected

ANSWER_SECONDS: Final = 60.0
"""How long processes may take to read their keys again: a key management service may be slow."""

POLL_SECONDS: Final = 0.1
ASKED_SECONDS: Final = 600
"""How long a request to read keys again stands; who starts meanwhile answers it, too."""

_WRAP: Final = """
-- KEYS: root. ARGV: id, version, master key's id, wrapped. Returns whether it was of this version.
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
redis.call('HINCRBY', KEYS[1], 'version', 1)
return 1
"""

_WITHDRAW: Final = """
-- KEYS: root. ARGV: id, version, ids of the master keys that go. Returns whether it was of this version.
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], unpack(ARGV, 3))
redis.call('HINCRBY', KEYS[1], 'version', 1)
return 1
"""

Step = Literal["status", "wrap", "withdraw", "begin-anew"]


class Refused(SockethubError):
    """Nothing was changed; the text says why."""


@dataclass(slots=True)
class Report:
    """What was found and done. Keys go by their ids."""

    root: str = ""
    in_use: str = ""
    previous: list[str] = field(default_factory=list)
    wrapped_under: list[str] = field(default_factory=list)
    processes: list[Holder] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    despite: list[str] = field(default_factory=list)
    next: str = ""


def rotatekeys(config: Path | None, step: Step, *, force: bool, as_json: bool) -> Exit:
    """Do one step, and print how things are then. ``force``: withdraw what processes may need at their next start."""
    try:
        declaration = load(chosen(config), os.environ)
        url, masters = redis_of(declaration), master_keys(declaration)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        return Exit.CONFIG
    try:
        report = anyio.run(rotate, url, masters, step, force)
    except SockethubError as error:
        typer.echo(f"sockethub: {error}", err=True)
        return Exit.FAILED
    except redis.RedisError as error:
        typer.echo(f"sockethub: {unserved(declaration, error)}", err=True)
        return Exit.FAILED
    typer.echo(json.dumps(_fields(report), indent=2) if as_json else _text(report))
    return Exit.FAILED if report.refused else Exit.OK


async def rotate(url: str, masters: MasterKeys, step: Step, force: bool = False) -> Report:
    """Do one step. Raises :class:`~sockethub.errors.ConfigError`, :class:`Refused` and :class:`redis.RedisError`."""
    async with connected(url) as client:
        if step == "begin-anew":
            return await _begin_anew(client, masters)
        asked = await _ask(client)
        report = Report(in_use=masters.in_use.id, previous=[key.id for key in masters.previous])
        found: Any = await client.hgetall(redis_keys.ROOT_KEY)
        if found:
            wrapped = wrapped_root(found)
            if step != "status":
                await _wrap(client, wrapped, masters, report)
            if step == "withdraw":
                await _withdraw(client, masters, report, asked, force=force)
            wrapped = wrapped_root(await _now(client))
            report.root, report.wrapped_under = wrapped.id, sorted(wrapped.under)
        report.processes = await _holders(client)
        report.next = _next(report, asked)
        return report


async def _now(client: redis.asyncio.Redis) -> Any:
    return await client.hgetall(redis_keys.ROOT_KEY)


async def _wrap(client: redis.asyncio.Redis, wrapped: WrappedRoot, masters: MasterKeys, report: Report) -> None:
    """Have the root key wrapped under the key in use, in a way that opens."""
    root, opener = opened(wrapped, masters)
    if opener.id == masters.in_use.id:
        return
    sealed = wrap(root, masters.in_use)
    await _change(client, _WRAP, wrapped, masters.in_use.id, sealed)
    report.done.append(f"wrapped the root key under {masters.in_use.id}")


async def _withdraw(
    client: redis.asyncio.Redis, masters: MasterKeys, report: Report, asked: str, *, force: bool
) -> None:
    stays = masters.in_use
    wrapped = wrapped_root(await _now(client))
    opened(wrapped, MasterKeys(stays))
    others = sorted(wrapped.under.keys() - {stays.id})
    if not others:
        return
    found = hindrances(await _holders(client), stays.id, asked)
    report.refused, report.despite = ([], found) if force else (found, [])
    if report.refused:
        return
    await _change(client, _WITHDRAW, wrapped, *others)
    report.done.append(f"withdrew {' and '.join(others)}")


async def _begin_anew(client: redis.asyncio.Redis, masters: MasterKeys) -> Report:
    """Forget the root key: what is sealed is lost, all log in anew."""
    report = Report(in_use=masters.in_use.id, processes=await _holders(client))
    report.refused = [f"{holder.name}: it is running; stop everything first" for holder in report.processes]
    if not report.refused:
        await client.delete(redis_keys.ROOT_KEY)
        report.done.append("forgot the root key; the next start makes another")
    return report


async def _ask(client: redis.asyncio.Redis) -> str:
    """Have everybody read their keys again; returns when all have, are gone, or take too long. What they were asked."""
    seconds, microseconds = await client.time()
    asked = f"{seconds}.{microseconds:06d}"
    await client.set(redis_keys.LOOK, asked, ex=ASKED_SECONDS)
    with anyio.move_on_after(ANSWER_SECONDS):
        while any(each.looked < asked for each in await _holders(client)):  # noqa: ASYNC110 - Redis tells of no change
            await anyio.sleep(POLL_SECONDS)
    return asked


async def _holders(client: redis.asyncio.Redis) -> list[Holder]:
    names = [name async for name in client.scan_iter(match=redis_keys.holder("*"), count=1_000)]
    pipeline = client.pipeline(transaction=False)
    for name in names:
        pipeline.get(name)
    records: Any = await pipeline.execute() if names else []
    found = [Holder.decode(record) for record in records if record is not None]
    return sorted(found, key=lambda holder: (holder.role, holder.host, holder.pid))


async def _change(client: redis.asyncio.Redis, script: str, wrapped: WrappedRoot, *words: str | bytes) -> None:
    """Run ``script`` if nobody has changed ``wrapped``; whoever runs has seen it at the end, and will not let it go."""
    arguments: Any = (wrapped.id, str(wrapped.version), *words)
    changed: Any = await client.eval(script, 1, redis_keys.ROOT_KEY, *arguments)
    if not changed:
        raise Refused("the root key in Redis was changed this moment, by another; run it again")
    await _ask(client)


def _next(report: Report, asked: str) -> str:
    """What the operator does next."""
    if not report.root:
        return "nothing: this Redis has no root key yet; the first start makes one"
    if report.in_use not in report.wrapped_under:
        return "run `sockethub rotate-keys`"
    if report.wrapped_under == [report.in_use]:
        return "nothing" if not report.previous else "take `keys.previous` out of the declarations; it is not needed"
    if hindrances(report.processes, report.in_use, asked):
        return f"give {report.in_use} to every process above"
    return "take `keys.previous` out of the declarations, then run `sockethub rotate-keys --withdraw`"


def _fields(report: Report) -> dict[str, Any]:
    return {
        "root": report.root or None,
        "in_use": report.in_use,
        "previous": report.previous,
        "wrapped_under": report.wrapped_under,
        "processes": [
            {"role": each.role, "host": each.host, "pid": each.pid, "in_use": each.in_use, "previous": each.previous}
            for each in report.processes
        ],
        "done": report.done,
        "refused": report.refused,
        "despite": report.despite,
        "next": report.next or None,
    }


def _text(report: Report) -> str:
    lines = [
        f"key in use       {report.in_use}",
        f"previous         {_list(report.previous)}",
        f"wrapped under    {_list(report.wrapped_under)}",
        *(f"running          {each.name}: {' and '.join(each.keys)}" for each in report.processes),
        *(f"done             {each}" for each in report.done),
        *(f"refused          {each}" for each in report.refused),
        *(f"despite          {each}" for each in report.despite),
    ]
    return "\n".join([*lines, *([f"next             {report.next}"] if report.next else [])])


def _list(ids: Sequence[str]) -> str:
    return " and ".join(ids) or "none"
