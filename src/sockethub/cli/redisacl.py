"""``sockethub redis-acl``: what each role may do in Redis, as rules, or as users made there."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import redis
import typer

from sockethub.cli.check import chosen
from sockethub.cli.exits import Exit
from sockethub.config import load
from sockethub.crypto import Secret
from sockethub.errors import ConfigError
from sockethub.jobs import connect_sync
from sockethub.jobs.commands import execute
from sockethub.jobs.syncclient import servers_of
from sockethub.redis_rights import ROLES, Rights
from sockethub.redis_url import as_user, cluster_of, database_of, place

PASSWORD_BYTES: Final = 32

EMBEDDED: Final = (
    "redis.url: no Redis is declared to make users in. The embedded one needs none: it belongs to one `sockethub "
    "serve`, which makes the users of its workers itself"
)


def redisacl(config: Path | None, *, as_json: bool, into: Path | None) -> Exit:
    """Print the rules; with ``into``, make the users, and a file there with the URL of each."""
    try:
        url = load(chosen(config), os.environ).redis.url
        if into is None:
            _print_rules("" if url is None else url.reveal(), as_json=as_json)
            return Exit.OK
        if url is None:
            raise ConfigError(EMBEDDED)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        return Exit.CONFIG
    try:
        made = [{"role": role, "user": _user(role), "file": str(_make(url, role, into))} for role in ROLES]
    except redis.RedisError as error:
        typer.echo(f"sockethub: redis.url: the Redis at {place(url.reveal())} makes no users: {error}", err=True)
        return Exit.FAILED
    except OSError as error:
        typer.echo(f"sockethub: {into} cannot be written to: {error.strerror}", err=True)
        return Exit.FAILED
    typer.echo(json.dumps(made, indent=2) if as_json else "\n".join(f"{row['user']}: {row['file']}" for row in made))
    return Exit.OK


def _user(role: str) -> str:
    return f"sockethub-{role}"


def _print_rules(url: str, *, as_json: bool) -> None:
    rules = {role: list(_rules(rights, url, selectors=True)) for role, rights in ROLES.items()}
    if as_json:
        fields = [{"role": role, "user": _user(role), "rules": words} for role, words in rules.items()]
        typer.echo(json.dumps(fields, indent=2))
        return
    for role, words in rules.items():
        typer.echo(" ".join(["ACL SETUSER", _user(role), "reset", *_quoted(words)]))


def _quoted(words: Sequence[str]) -> list[str]:
    """As redis-cli takes them."""
    return [f'"{word}"' if " " in word else word for word in words]


def _make(url: Secret[str], role: str, into: Path) -> Path:
    """Make the user of a role, or give it a new password; the file with its URL."""
    password = secrets.token_hex(PASSWORD_BYTES)
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = into / f"{role}.url"
    draft = into / f".{role}.url"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(as_user(url, _user(role), password).reveal() + "\n")
    with closing(connect_sync(url.reveal())) as client:
        for server in servers_of(client, replicas=True):  # neither masters nor replicas tell others of their users
            _set(server, role, ROLES[role], password, url.reveal())
    draft.replace(path)
    return path


def _rules(rights: Rights, url: str, *, selectors: bool) -> Iterator[str]:
    return rights.rules(selectors=selectors, database=database_of(url), cluster=cluster_of(url) is not None)


def _set(client: redis.Redis, role: str, rights: Rights, password: str, url: str) -> None:
    def rules(*, selectors: bool) -> tuple[Any, ...]:
        return "reset", "on", f">{password}", *_rules(rights, url, selectors=selectors)

    try:
        execute(client, ("ACL", "SETUSER", _user(role), *rules(selectors=True)))
    except redis.exceptions.NoPermissionError:
        raise
    except redis.ResponseError:  # older than 7
        execute(client, ("ACL", "SETUSER", _user(role), *rules(selectors=False)))
