"""What a server and its services offer (XEP-0030), as the features that clients know. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sockethub.worker.capabilities import Feature, capabilities
from sockethub.worker.interface import Activity
from sockethub_translators import xmpp
from sockethub_translators.xmpp import disco, element, ns

__all__ = ["MAX_ITEMS", "Found", "described", "found_in", "items_of", "question"]

MAX_ITEMS: Final = 16
"""Services of a server that are asked what they are; the two that matter come early."""

_ITEM: Final = ns.tag(ns.DISCO_ITEMS, "item")
_FEATURE: Final = ns.tag(ns.DISCO_INFO, "feature")
_IDENTITY: Final = ns.tag(ns.DISCO_INFO, "identity")

ALWAYS: Final = frozenset(
    {
        *(Feature.EDIT, Feature.DELETE, Feature.INVITE, Feature.MULTILINE, Feature.PRESENCE, Feature.PROFILE),
        *(
            Feature.REACTION,
            Feature.RECEIPT,
            Feature.REPLY,
            Feature.ROSTER,
            Feature.TYPING,
            Feature.MARKER,
            Feature.WATCH,
        ),
    }
)
"""What clients do among themselves, or every server does (RFC 6121)."""
ROOMS: Final = frozenset(
    {
        *(Feature.ATTENDANCE, Feature.MODERATE, Feature.NICK, Feature.ROOM_INFO, Feature.ROOM_LIST, Feature.TOPIC),
    }
)
_BY_NAMESPACE: Final = {
    ns.MAM: Feature.HISTORY,
    ns.BLOCKING: Feature.BLOCK,
    f"{ns.BOOKMARKS}#compat": Feature.BOOKMARK,
    "jabber:iq:private": Feature.BOOKMARK,
    "http://jabber.org/protocol/pubsub#publish-options": Feature.BOOKMARK,
}


@dataclass(frozen=True, slots=True)
class Found:
    """What was found so far: namespaces of the server and our account; the services for rooms and for uploads."""

    namespaces: frozenset[str] = frozenset()
    rooms: str | None = None
    upload: str | None = None


def question(name: str, to: str | None, id_: str) -> xmpp.Element:
    """A disco#info or disco#items query; ``name`` is that of its payload."""
    return element(ns.IQ, {"type": "get", "to": to, "id": id_}, element(name))


def items_of(answer: xmpp.Element) -> list[str]:
    """The services that a server names."""
    query = answer.find(disco.ITEMS)
    named = [] if query is None else [each.attrs.get("jid", "") for each in query.find_all(_ITEM)]
    return [jid for jid in named if jid and "@" not in jid][:MAX_ITEMS]


def found_in(found: Found, answer: xmpp.Element, *, own: bool) -> Found:
    """With what one disco#info answer says: of the server and our account (``own``), or of a service."""
    query = answer.find(disco.INFO)
    if query is None or answer.attrs.get("type") != "result":
        return found
    namespaces = frozenset(each.attrs.get("var", "") for each in query.find_all(_FEATURE))
    if own:
        found = replace(found, namespaces=found.namespaces | namespaces)
    service = answer.attrs.get("from")
    kinds = {(each.attrs.get("category"), each.attrs.get("type")) for each in query.find_all(_IDENTITY)}
    if ("conference", "text") in kinds and ns.MUC in namespaces and found.rooms is None:
        found = replace(found, rooms=service)
    if ns.UPLOAD in namespaces and found.upload is None:
        found = replace(found, upload=service)
    return found


def _features(found: Found) -> Iterable[Feature]:
    yield from ALWAYS
    # Rooms of other servers can be entered whether or not this one has any.
    yield from ROOMS
    yield from (feature for namespace, feature in _BY_NAMESPACE.items() if namespace in found.namespaces)
    if found.upload is not None:
        yield Feature.UPLOAD


def described(found: Found, env: xmpp.Env) -> Activity:
    """The activity that tells the client; ``xmpp:services`` names the services for rooms and uploads."""
    me: dict[str, Any] = {"id": env.bare, "type": "person"}
    server = {"id": env.bare.partition("@")[2], "type": "service"}
    activity = capabilities("xmpp", me, server, _features(found))
    services: Mapping[str, str | None] = {"rooms": found.rooms, "upload": found.upload}
    named = {kind: jid for kind, jid in services.items() if jid is not None}
    return {**activity, "xmpp:services": named} if named else activity
