"""JIDs as the entities of activities, and back.

A person is the bare JID; the resource stands beside it as ``xmpp:resource``. An occupant of a room is a person whose
id is ``room@service/nick`` and whose name is the nickname (XEP-0045 §3). A room is its bare JID, a service its domain.
"""

from __future__ import annotations

from typing import Any, Final

from ..errors import TranslationError
from .env import Entity, Env
from .fields import legal

__all__ = ["RESOURCE", "entity", "jid_of", "occupant", "person", "room", "service", "split"]

RESOURCE: Final = "xmpp:resource"


def split(jid: str) -> tuple[str, str]:
    """The bare JID and the resource (RFC 7622 §3.2: the first slash parts them). Total."""
    bare, _, resource = jid.partition("/")
    return bare, resource


def person(jid: str) -> Entity:
    bare, _, resource = jid.partition("/")
    return {"id": bare, "type": "person", RESOURCE: resource} if resource else {"id": bare, "type": "person"}


def occupant(jid: str) -> Entity:
    return {"id": jid, "type": "person", "name": jid.partition("/")[2]}


def room(jid: str) -> Entity:
    return {"id": jid.partition("/")[0], "type": "room"}


def service(jid: str) -> Entity:
    return {"id": jid, "type": "service"}


def entity(jid: str, env: Env, *, in_room: bool = False) -> Entity:
    """What a JID stands for: a room we are in, one of its occupants, a person, or a service.

    ``in_room`` when the stanza itself says that its sender is a room.
    """
    bare, _, resource = jid.partition("/")
    if in_room or bare in env.rooms:
        return occupant(jid) if resource else room(jid)
    if "@" not in bare:
        return service(jid)
    return person(jid)


def jid_of(value: Any, path: str) -> str:
    """The full JID of an entity: its id, with the resource where it stands beside it."""
    if isinstance(value, str):
        value = {"id": value}
    if not isinstance(value, dict):
        raise TranslationError(path, "missing, or not an entity")
    jid = value.get("id")
    if not isinstance(jid, str) or not jid:
        raise TranslationError(f"{path}.id", "missing or not a JID")
    legal(jid, path, "id")
    resource = value.get(RESOURCE)
    if resource is None or resource == "" or "/" in jid:
        return jid
    if not isinstance(resource, str):
        raise TranslationError(f"{path}['{RESOURCE}']", "not a string")
    return f"{jid}/{legal(resource, path)}"
