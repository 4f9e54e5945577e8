"""What is lost when the residue is taken away and a stanza is said again by ourselves."""

from __future__ import annotations

from typing import Final

from sockethub_translators import xmpp
from sockethub_translators.errors import TranslationError
from sockethub_translators.xmpp.element import Element
from sockethub_translators.xmpp.env import Activity, Env

_ADDRESSES = frozenset({"from", "to", "id"})
_BY_SERVERS = frozenset({"{urn:xmpp:delay}delay", "{urn:xmpp:sid:0}stanza-id", "{urn:xmpp:occupant-id:0}occupant-id"})

_ADDED: Final = Element("{urn:xmpp:hints}store", {})
"""What only our own side says: more than there was is no loss."""


def kind_of(activity: Activity) -> str:
    """The verb, and what it is about."""
    obj = activity.get("object", {})
    return f"{activity['type']} {obj.get('type', '')}".strip()


def losses(stanza: Element, activity: Activity, env: Env) -> set[str]:
    """The parts, named as in :data:`sockethub_translators.xmpp.ledger.LEDGER`."""
    try:
        (again,) = xmpp.from_activity(xmpp.strip(activity), env)
    except TranslationError:
        return {"stanza"}
    lost = set()
    wire = activity["xmpp:wire"]
    (written,) = xmpp.from_activity({**activity, "xmpp:wire": {**wire, "delta": {}}}, env)
    if _without_addresses(written) != _without_addresses(stanza):
        lost.add("extra")
    if any(stanza.attrs.get(key) != again.attrs.get(key) for key in _ADDRESSES):
        lost.add("sender")
    if _ADDED not in written.children:
        again = again._replace(children=tuple(child for child in again.children if child != _ADDED))
    if _without_addresses(written) != _without_addresses(again):
        bare = _without_addresses(written)
        said = bare._replace(children=tuple(child for child in bare.children if not _by_server(child)))
        lost.add("server" if said == _without_addresses(again) else "answer")
    return lost


def _without_addresses(stanza: Element) -> Element:
    return stanza._replace(attrs={key: value for key, value in stanza.attrs.items() if key not in _ADDRESSES})


def _by_server(child: Element | str) -> bool:
    return isinstance(child, Element) and child.name in _BY_SERVERS
