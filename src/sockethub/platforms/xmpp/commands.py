"""From an activity of the client to the stanza that goes on the wire. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sockethub.errors import PlatformError
from sockethub.platforms.xmpp.features import Found
from sockethub.platforms.xmpp.outcomes import normal
from sockethub_translators import xmpp
from sockethub_translators.errors import TranslationError
from sockethub_translators.xmpp import ns

__all__ = ["Command", "command_of", "kind_of"]

# The residue is ours to read, never the client's to write: it can hold any stanza at all. A time is not theirs to set.
_NOT_THE_CLIENTS: Final = frozenset({"published", "xmpp:wire", "error"})


@dataclass(frozen=True, slots=True)
class Command:
    """What an activity becomes: the stanza, which has an id, and the id that the client gave the activity."""

    stanza: xmpp.Element
    asked_as: str | None = None


def kind_of(activity: xmpp.Activity) -> str:
    """The type of the object; ``""`` without one."""
    obj = activity.get("object")
    kind = obj.get("type") if isinstance(obj, dict) else None
    return kind if isinstance(kind, str) else ""


def command_of(activity: xmpp.Activity, env: xmpp.Env, fresh: str, found: Found) -> Command:
    """The command that an activity asks for; ``fresh`` is an id that nobody can guess (RFC 6120 §8.1.3).

    Raises :class:`PlatformError` where it cannot be said in XMPP.
    """
    own = {key: value for key, value in activity.items() if key not in _NOT_THE_CLIENTS}
    own["id"] = fresh
    own = _with_target(_edited(own), found)
    try:
        (stanza,) = xmpp.from_activity(own, env)
    except TranslationError as error:
        raise PlatformError(f"{error.path}: {error.args[1]}", condition="invalid") from None
    if "id" not in stanza.attrs or (stanza.name == ns.IQ and stanza.attrs["id"] != fresh):
        stanza = stanza._replace(attrs={**stanza.attrs, "id": fresh})
    asked_as = activity.get("id")
    return Command(stanza, asked_as if isinstance(asked_as, str) else None)


def _edited(activity: xmpp.Activity) -> xmpp.Activity:
    """``update`` of a ``message`` is another one in its place (XEP-0308), with an id of its own."""
    if activity["type"] != "update" or kind_of(activity) != "message":
        return activity
    obj = activity["object"]
    new = {key: value for key, value in obj.items() if key != "id"}
    return {**activity, "type": "send", "object": {**new, "xmpp:replace": {"id": obj.get("id")}}}


def _with_target(activity: xmpp.Activity, found: Found) -> xmpp.Activity:
    """The target as servers write it; for what a service of our own server does, that service."""
    target: Any = activity.get("target")
    if isinstance(target, dict) and isinstance(target.get("id"), str):
        return {**activity, "target": {**target, "id": normal(target["id"])}}
    services = {"upload-slot": found.upload, "room-list": found.rooms}
    kind = kind_of(activity)
    if target is None and activity["type"] == "query" and kind in services:
        service = services[kind]
        if service is None:
            raise PlatformError(f"the server has no service for this ({kind})", condition="unsupported")
        return {**activity, "target": {"id": service, "type": "service"}}
    return activity
