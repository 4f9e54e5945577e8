"""XMPP and ActivityStreams: an XML codec, JIDs, and pure translation both ways, with the same names as for IRC.

::

    >>> from sockethub_translators import xmpp
    >>> env = xmpp.Env("me@own.example/home")
    >>> ping = xmpp.decode("<iq from='own.example' id='1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>")
    >>> activity = xmpp.strip(xmpp.to_activity(ping, env)[0])
    >>> activity["type"], activity["object"]
    ('query', {'type': 'ping'})

The codec is :mod:`.parse`, :mod:`.reader`, :mod:`.serialize` and :mod:`.jid`; translation :mod:`.translate`, whose
tables in :mod:`.kinds` name the modules for each kind of stanza, and :mod:`.residue` what makes it lossless;
:mod:`.aggregate` collects answers that take many stanzas; what is lost without residue
is in :mod:`.ledger`.
"""

from __future__ import annotations

from . import aggregate, ledger, ns
from .aggregate import Aggregator
from .element import MAX_DEPTH, Element, element
from .env import Activity, Entity, Env
from .etree import from_etree, to_etree
from .jid import JID, escape, parse_jid, unescape
from .parse import MAX_ATTRIBUTES, MAX_STANZA, decode
from .reader import StanzaReader, StreamEnd, StreamStart
from .serialize import encode
from .translate import from_activity, strip, to_activity

__all__ = [
    "JID",
    "MAX_ATTRIBUTES",
    "MAX_DEPTH",
    "MAX_STANZA",
    "Activity",
    "Aggregator",
    "Element",
    "Entity",
    "Env",
    "StanzaReader",
    "StreamEnd",
    "StreamStart",
    "aggregate",
    "decode",
    "element",
    "encode",
    "escape",
    "from_activity",
    "from_etree",
    "ledger",
    "ns",
    "parse_jid",
    "strip",
    "to_activity",
    "to_etree",
    "unescape",
]
