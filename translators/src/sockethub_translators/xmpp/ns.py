"""Namespaces, by the names that the code uses for them."""

from __future__ import annotations

from typing import Final

CLIENT: Final = "jabber:client"
STANZAS: Final = "urn:ietf:params:xml:ns:xmpp-stanzas"
STREAM: Final = "http://etherx.jabber.org/streams"

BLOCKING: Final = "urn:xmpp:blocking"  # XEP-0191
BOOKMARKS: Final = "urn:xmpp:bookmarks:1"  # XEP-0402
CARBONS: Final = "urn:xmpp:carbons:2"  # XEP-0280
CHATSTATES: Final = "http://jabber.org/protocol/chatstates"  # XEP-0085
CONFERENCE: Final = "jabber:x:conference"  # XEP-0249
CORRECT: Final = "urn:xmpp:message-correct:0"  # XEP-0308
DATA: Final = "jabber:x:data"  # XEP-0004
DELAY: Final = "urn:xmpp:delay"  # XEP-0203
DISCO_INFO: Final = "http://jabber.org/protocol/disco#info"  # XEP-0030
DISCO_ITEMS: Final = "http://jabber.org/protocol/disco#items"
EME: Final = "urn:xmpp:eme:0"  # XEP-0380
FALLBACK: Final = "urn:xmpp:fallback:0"  # XEP-0428
FORWARD: Final = "urn:xmpp:forward:0"  # XEP-0297
HATS: Final = "urn:xmpp:hats:0"  # XEP-0317
HINTS: Final = "urn:xmpp:hints"  # XEP-0334
MAM: Final = "urn:xmpp:mam:2"  # XEP-0313
MARKERS: Final = "urn:xmpp:chat-markers:0"  # XEP-0333
MDS: Final = "urn:xmpp:mds:displayed:0"  # XEP-0490
MODERATE: Final = "urn:xmpp:message-moderate:1"  # XEP-0425
MUC: Final = "http://jabber.org/protocol/muc"  # XEP-0045
MUC_ADMIN: Final = "http://jabber.org/protocol/muc#admin"
MUC_OWNER: Final = "http://jabber.org/protocol/muc#owner"
MUC_USER: Final = "http://jabber.org/protocol/muc#user"
OCCUPANT_ID: Final = "urn:xmpp:occupant-id:0"  # XEP-0421
OOB: Final = "jabber:x:oob"  # XEP-0066
PUBSUB: Final = "http://jabber.org/protocol/pubsub"  # XEP-0060
PUBSUB_EVENT: Final = "http://jabber.org/protocol/pubsub#event"
REACTIONS: Final = "urn:xmpp:reactions:0"  # XEP-0444
RECEIPTS: Final = "urn:xmpp:receipts"  # XEP-0184
REPLY: Final = "urn:xmpp:reply:0"  # XEP-0461
RETRACT: Final = "urn:xmpp:message-retract:1"  # XEP-0424
ROSTER: Final = "jabber:iq:roster"  # RFC 6121 §2
RSM: Final = "http://jabber.org/protocol/rsm"  # XEP-0059
SFS: Final = "urn:xmpp:sfs:0"  # XEP-0447
SID: Final = "urn:xmpp:sid:0"  # XEP-0359
UPLOAD: Final = "urn:xmpp:http:upload:0"  # XEP-0363
VCARD: Final = "vcard-temp"  # XEP-0054


def tag(namespace: str, local: str) -> str:
    """A name in Clark notation."""
    return f"{{{namespace}}}{local}"


MESSAGE: Final = tag(CLIENT, "message")
PRESENCE: Final = tag(CLIENT, "presence")
IQ: Final = tag(CLIENT, "iq")
ERROR: Final = tag(CLIENT, "error")
