"""People, rooms and services: from names to ids and back.

A person is ``nick@server``, a room ``#room@server`` (split at the server, so a channel may contain ``@``), a service
``server``. The id is what counts on the way back; ``name`` is for display.
"""

from __future__ import annotations

from typing import Any

from ..errors import TranslationError
from .env import Entity, Env

__all__ = ["name_of", "named", "person", "room", "service"]


def person(nick: str, env: Env) -> Entity:
    return {"id": f"{nick}@{env.server}", "type": "person", "name": nick}


def room(name: str, env: Env) -> Entity:
    return {"id": f"{name}@{env.server}", "type": "room", "name": name}


def service(env: Env) -> Entity:
    return {"id": env.server, "type": "service", "name": env.server}


def named(name: str, env: Env) -> Entity:
    """A room when the name begins with one of CHANTYPES, else a person."""
    kind = "room" if name[:1] in env.isupport.chantypes and name else "person"
    return {"id": f"{name}@{env.server}", "type": kind, "name": name}


def name_of(entity: Any, env: Env, path: str) -> str:
    """The nickname or channel that an entity's id stands for; ``""`` for the server itself.

    Raises :class:`TranslationError` when there is no id or it belongs to another server. An id without a server is
    taken as the name itself.
    """
    if not isinstance(entity, dict):
        raise TranslationError(path, "missing" if entity is None else "not an object")
    id_ = entity.get("id")
    if not isinstance(id_, str) or not id_:
        raise TranslationError(f"{path}.id", "missing or not a string")
    name, at, host = id_.rpartition("@")
    if not at:
        return "" if entity.get("type") == "service" or id_ == env.server else id_
    if host != env.server and host.casefold() != env.server.casefold():
        raise TranslationError(f"{path}.id", f"not at {env.server}")
    return name
