"""Keeping an :class:`Env` true as lines come in: our own nickname, user name and host, and what the server can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from .env import Env
from .line import Line, split_source

__all__ = ["follow"]


def follow(env: Env, line: Line) -> Env:
    """The environment after a line from the server; the same object when the line does not concern us."""
    handler = _HANDLERS.get(line.command)
    return env if handler is None else handler(env, line)


def _is_me(env: Env, source: str | None) -> bool:
    return source is not None and env.isupport.fold(split_source(source)[0]) == env.isupport.fold(env.nick)


def _welcome(env: Env, line: Line) -> Env:
    return replace(env, nick=line.params[0]) if line.params and line.params[0] else env


def _isupport(env: Env, line: Line) -> Env:
    return replace(env, isupport=env.isupport.update(line.params[1:-1]))


def _nick(env: Env, line: Line) -> Env:
    return replace(env, nick=line.params[0]) if line.params and _is_me(env, line.source) else env


def _chghost(env: Env, line: Line) -> Env:
    if len(line.params) < 2 or not _is_me(env, line.source):
        return env
    return replace(env, user=line.params[0], host=line.params[1])


def _source(env: Env, line: Line) -> Env:
    """Our own JOIN shows how others see us."""
    if line.source is None or not _is_me(env, line.source):
        return env
    _, user, host = split_source(line.source)
    if user is None or host is None or (user == env.user and host == env.host):
        return env
    return replace(env, user=user, host=host)


def _hidden_host(env: Env, line: Line) -> Env:
    """396 RPL_HOSTHIDDEN: ``me host :is now your displayed host``; some servers write ``user@host``."""
    if len(line.params) < 2:
        return env
    user, at, host = line.params[1].rpartition("@")
    return replace(env, host=host, user=user if at else env.user)


_HANDLERS: Final[Mapping[str, Callable[[Env, Line], Env]]] = {
    "CHGHOST": _chghost,
    "JOIN": _source,
    "NICK": _nick,
    "001": _welcome,
    "005": _isupport,
    "396": _hidden_host,
}
