"""What we answer when others ask: ping, version, time, what we are and can. Pure.

Every IQ that asks is answered (RFC 6120 §8.2.3), with an error where nothing else is to be said.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Final

from sockethub.platforms.xmpp.trust import is_push
from sockethub_translators import times, xmpp
from sockethub_translators.xmpp import disco, element, ns, services

__all__ = ["FEATURES", "answer", "capabilities"]

FEATURES: Final = tuple(
    sorted(
        {
            *(ns.CHATSTATES, ns.CONFERENCE, ns.CORRECT, ns.DISCO_INFO, ns.DISCO_ITEMS, ns.MARKERS, ns.MUC),
            *(ns.OOB, ns.REACTIONS, ns.RECEIPTS, ns.REPLY, ns.RETRACT, ns.SID),
            *("jabber:iq:version", "urn:xmpp:ping", "urn:xmpp:time", "http://jabber.org/protocol/caps"),
            # What contacts publish is sent to those who say so (XEP-0163 §4).
            *(f"{node}+notify" for node in (ns.BOOKMARKS, ns.MDS, "http://jabber.org/protocol/nick")),
            "urn:xmpp:avatar:metadata+notify",
        }
    )
)
"""What this client understands (XEP-0030)."""

_CATEGORY, _TYPE = "client", "web"
_CAPS: Final = "{http://jabber.org/protocol/caps}c"
_NODE: Final = "https://sockethub.org/"
_UNAVAILABLE: Final = ns.tag(ns.STANZAS, "service-unavailable")
_VERSION_TEXT: Final = "jabber:iq:version"
_TIME: Final = "urn:xmpp:time"


def capabilities(software: str) -> xmpp.Element:
    """The ``<c/>`` of our presence (XEP-0115 §5): others need not ask what we can."""
    told = f"{_CATEGORY}/{_TYPE}//{software}<" + "".join(f"{feature}<" for feature in FEATURES)
    # SHA-1 is what the XEP prescribes; nothing secret depends on it.
    ver = base64.b64encode(hashlib.sha1(told.encode(), usedforsecurity=False).digest()).decode()
    return element(_CAPS, {"hash": "sha-1", "node": _NODE, "ver": ver})


def answer(stanza: xmpp.Element, env: xmpp.Env, software: str, now: datetime) -> xmpp.Element | None:
    """The IQ that answers this one; None when it asks nothing."""
    if stanza.name != ns.IQ or stanza.attrs.get("type") not in ("get", "set"):
        return None
    payload = next(stanza.elements(), None)
    name = "" if payload is None else payload.name
    if stanza.attrs["type"] == "set":
        return _result(stanza, None) if is_push(stanza, env) else _refusal(stanza)
    match name:
        case services.PING:
            return _result(stanza, None)
        case services.VERSION:
            return _result(stanza, element(name, None, element(f"{{{_VERSION_TEXT}}}name", None, software)))
        case services.TIME:
            utc = element(f"{{{_TIME}}}utc", None, times.write(now))
            return _result(stanza, element(name, None, element(f"{{{_TIME}}}tzo", None, "+00:00"), utc))
        case disco.INFO:
            return _result(stanza, _described(payload, software))
        case disco.ITEMS:
            return _result(stanza, element(name))
    return _refusal(stanza)


def _described(asked: xmpp.Element | None, software: str) -> xmpp.Element:
    node = None if asked is None else asked.attrs.get("node")
    identity = element(ns.tag(ns.DISCO_INFO, "identity"), {"category": _CATEGORY, "type": _TYPE, "name": software})
    features = (element(ns.tag(ns.DISCO_INFO, "feature"), {"var": feature}) for feature in FEATURES)
    return element(disco.INFO, {"node": node}, identity, *features)


def _result(stanza: xmpp.Element, payload: xmpp.Element | None) -> xmpp.Element:
    return element(ns.IQ, {"type": "result", **_back(stanza)}, payload)


def _refusal(stanza: xmpp.Element) -> xmpp.Element:
    error = element(ns.ERROR, {"type": "cancel"}, element(_UNAVAILABLE))
    return element(ns.IQ, {"type": "error", **_back(stanza)}, error)


def _back(stanza: xmpp.Element) -> dict[str, str]:
    back = {"id": stanza.attrs.get("id", "")}
    return {**back, "to": stanza.attrs["from"]} if "from" in stanza.attrs else back
