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

from sockethub import redis_keys
from sockethub.cli.check import chosen
from sockethub.cli.exits import Exit
from sockethub.cli.reaching import redis_of, unserved
from sockethub.cli.rootkey import opened, wrapped_root
from sockethub.cli.state import existing_master_keys
from sockethub.cli.tables import table
from sockethub.config import load
from sockethub.crypto import KeyRing, MasterKeys
from sockethub.errors import ConfigError
from sockethub.jobs import connect_sync
from sockethub.jobs.deadletters import DeadLetter, dead_letters, remove


def deadletters(config: Path | None, *, as_json: bool, removed: Sequence[str], all_of_them: bool) -> Exit:
    """Print them, or remove those whose job ids are given."""
    try:
        declaration = load(chosen(config), os.environ)
        masters = existing_master_keys(declaration)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        return Exit.CONFIG
    url = redis_of(declaration)
    with closing(connect_sync(url)) as client:
        try:
            letters = dead_letters(client, _ring(client, masters))
            if removed or all_of_them:
                return _remove(client, letters if all_of_them else _chosen(letters, removed))
        except _Unknown as unknown:
            typer.echo(f"sockethub: no dead letter is called {unknown}", err=True)
            return Exit.USAGE
        except redis.RedisError as error:
            typer.echo(f"sockethub: {unserved(declaration, error)}", err=True)
            return Exit.FAILED
    if as_json:
        typer.echo(json.dumps([_fields(letter) for letter in letters], indent=2))
    elif letters:
        table(("id", "at", "platform", "login", "verb"), [list(_fields(letter).values()) for letter in letters])
    else:
        typer.echo("no dead letters")
    return Exit.OK


class _Unknown(Exception):
    """No dead letter has this id."""


def _ring(client: redis.Redis, masters: MasterKeys | None) -> KeyRing | None:
    """The keys that open them, where the declared master key leads to them."""
    found: Any = client.hgetall(redis_keys.ROOT_KEY)
    if masters is None or not found:
        return None
    try:
        root, _ = opened(wrapped_root(found), masters)
    except ConfigError:
        return None
    return KeyRing(root)


def _chosen(letters: Sequence[DeadLetter], names: Sequence[str]) -> list[DeadLetter]:
    known = {_name(letter) for letter in letters}
    for name in names:
        if name not in known:
            raise _Unknown(name)
    return [letter for letter in letters if _name(letter) in names]


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
        "at": None if letter.at is None else letter.at.isoformat(timespec="seconds"),
        "platform": letter.platform,
        "login": letter.login,
        "verb": letter.verb,
    }
