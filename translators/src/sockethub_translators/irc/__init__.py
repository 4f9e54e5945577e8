"""IRC and ActivityStreams: a line codec, pure translation both ways, and the protocol's state as pure machines.

::

    >>> from sockethub_translators import irc
    >>> env = irc.Env(server="irc.example", nick="me")
    >>> line = irc.decode(":alice!user@host PRIVMSG #room :hello world")
    >>> activity = irc.strip(irc.to_activity(line, env)[0])
    >>> activity["actor"]["id"], activity["target"]["id"], activity["object"]
    ('alice@irc.example', '#room@irc.example', {'type': 'message', 'content': 'hello world'})
    >>> [irc.encode(line) for line in irc.from_activity(activity, env)]
    [b'PRIVMSG #room :hello world\\r\\n']

The codec is :mod:`.line`, :mod:`.reader` and :mod:`.text`; translation :mod:`.translate`, whose tables name the modules
for each kind of line; the state of a connection :mod:`.negotiation` (with :mod:`.sasl`), :mod:`.aggregate` and
:mod:`.follow`; what is lost without residue :mod:`.ledger`.
"""

from __future__ import annotations

from . import aggregate, ledger, negotiation, sasl
from .aggregate import Aggregator
from .env import Activity, Entity, Env
from .follow import follow
from .isupport import ISupport, casefold
from .line import (
    MAX_BODY,
    MAX_BODY_IN,
    MAX_CLIENT_TAG_DATA,
    MAX_TAGS,
    Line,
    decode,
    encode,
    nick_of,
    split_source,
)
from .multiline import multiline_limits
from .presence import WHOX
from .reader import MAX_LINE_IN, LineReader
from .text import graphemes, split_lines, split_text
from .translate import from_activity, strip, to_activity

__all__ = [
    "MAX_BODY",
    "MAX_BODY_IN",
    "MAX_CLIENT_TAG_DATA",
    "MAX_LINE_IN",
    "MAX_TAGS",
    "WHOX",
    "Activity",
    "Aggregator",
    "Entity",
    "Env",
    "ISupport",
    "Line",
    "LineReader",
    "aggregate",
    "casefold",
    "decode",
    "encode",
    "follow",
    "from_activity",
    "graphemes",
    "ledger",
    "multiline_limits",
    "negotiation",
    "nick_of",
    "sasl",
    "split_lines",
    "split_source",
    "split_text",
    "strip",
    "to_activity",
]
