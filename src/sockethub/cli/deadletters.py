"""``sockethub deadletters``: what was set aside, for the operator to see and to remove."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import redis
import typer

from sockethub.cli.check import chosen
from sockethub.cli.exits import Exit
from sockethub.cli.reaching import place
from sockethub.cli.state import existing_master_key
from sockethub.config import Declaration, load
from sockethub.crypto import KeyRing
from sockethub.embedded.redis import socket_in
from sockethub.errors import ConfigError
from sockethub.jobs import connect_sync
from sockethub.jobs.deadletters import DeadLetter, dead_letters, remove


def deadletters(config: Path | None, *, as_json: bool, removed: Sequence[str], all_of_them: bool) -> Exit:
    """Print them, or remove those whose job ids are given."""
    try:
        declaration = load(chosen(config), os.environ)
        key = existing_master_key(declaration)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        return Exit.CONFIG
    url = _url(declaration)
    with closing(connect_sync(url)) as client:
        try:
            letters = dead_letters(client, None if key is None else KeyRing(key))
            if removed or all_of_them:
                return _remove(client, letters if all_of_them else _chosen(letters, removed))
        except _Unknown as unknown:
            typer.echo(f"sockethub: no dead letter is called {unknown}", err=True)
            return Exit.USAGE
        except redis.RedisError as error:
            typer.echo(f"sockethub: redis.url: the Redis at {place(url)} does not serve: {error}", err=True)
            return Exit.FAILED
    typer.echo(json.dumps([_fields(letter) for letter in letters], indent=2) if as_json else _table(letters))
    return Exit.OK


class _Unknown(Exception):
    """No dead letter has this id."""


def _url(declaration: Declaration) -> str:
    """The declared Redis, or the embedded one of a `sockethub serve` that runs on the same state directory."""
    declared = declaration.redis.url
    return declared.reveal() if declared is not None else f"unix://{socket_in(declaration.state_dir)}"


def _chosen(letters: Sequence[DeadLetter], names: Sequence[str]) -> list[DeadLetter]:
    by_name = {_name(letter): letter for letter in letters}
    for name in names:
        if name not in by_name:
            raise _Unknown(name)
    return [by_name[name] for name in names]


def _remove(client: redis.Redis, letters: Sequence[DeadLetter]) -> Exit:
    for letter in letters:
        remove(client, letter)
    typer.echo(f"{len(letters)} removed")
    return Exit.OK


def _name(letter: DeadLetter) -> str:
    return letter.job or letter.id


def _fields(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": _name(letter),
        "at": letter.at.isoformat(timespec="seconds"),
        "platform": letter.platform,
        "login": letter.login,
        "verb": letter.verb,
    }


def _table(letters: Sequence[DeadLetter]) -> str:
    if not letters:
        return "no dead letters"
    rows = [[str(value or "-") for value in _fields(letter).values()] for letter in letters]
    rows.insert(0, ["ID", "AT", "PLATFORM", "LOGIN", "VERB"])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
