"""What commands have in common that ask gateways and machines, through Redis, by sealed orders."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import redis
import redis.asyncio
import typer

from sockethub import redis_keys
from sockethub.cli.check import chosen
from sockethub.cli.exits import Exit
from sockethub.cli.reaching import redis_of, unserved
from sockethub.cli.rootkey import opened, wrapped_root
from sockethub.cli.state import existing_master_keys
from sockethub.config import Declaration, load
from sockethub.crypto import KeyRing
from sockethub.errors import ConfigError
from sockethub.jobs import connected
from sockethub.redis_url import place

__all__ = ["Unclear", "Work", "busy", "operate", "print_json"]

NO_KEY: Final = (
    "keys: only who has the master key may ask: run this with the declaration, and on the machine, of "
    "`sockethub serve`, or with the `keys` of its gateways and workers"
)

Work = Callable[[redis.asyncio.Redis, bytes, Declaration], Awaitable[Exit]]
"""Asks with the key of operations."""


class Unclear(Exception):
    """What was named is not there, or not one thing alone; the text says so."""


def operate(config: Path | None, work: Work) -> Exit:
    """Do ``work`` with the Redis and the keys of the declaration; what is wrong with these is printed."""
    try:
        declaration = load(chosen(config), os.environ)
        masters = existing_master_keys(declaration)
        if masters is None:
            raise ConfigError(NO_KEY)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        return Exit.CONFIG
    url = redis_of(declaration)

    async def connect_and_work() -> Exit:
        async with connected(url) as client:
            found: Any = await client.hgetall(redis_keys.ROOT_KEY)
            if not found:
                typer.echo(f"sockethub: nothing has run yet with the Redis at {place(url)}", err=True)
                return Exit.FAILED
            root, _ = opened(wrapped_root(found), masters)
            return await work(client, KeyRing(root).operations_key, declaration)

    try:
        return anyio.run(connect_and_work)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        return Exit.CONFIG
    except Unclear as error:
        typer.echo(f"sockethub: {error}", err=True)
        return Exit.USAGE
    except redis.RedisError as error:
        typer.echo(f"sockethub: {unserved(declaration, error)}", err=True)
        return Exit.FAILED


def print_json(value: Any) -> None:
    """One JSON value, on standard output."""
    typer.echo(json.dumps(value, indent=2))


@contextmanager
def busy(text: str) -> Iterator[None]:
    """Show people at a terminal that something is under way."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield
