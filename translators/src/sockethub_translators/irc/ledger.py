"""What is lost when the residue is stripped and an activity is sent again: the honest list, kept true by tests.

For each command, the parts in which ``from_activity(strip(to_activity(line)))`` may differ from the line:

============  ====================================================================================================
``source``    who sent it: a client's line has none
``tags``      tags with no place in the view, the server's time, and whatever the capabilities do not let us send
``params``    the exact form of parameters: bytes that were not UTF-8, an unclosed CTCP, account and real name of a join
``grouping``  several targets or modes on one line become several lines
``command``   a reply becomes the request that it confirms or that is nearest
``line``      the whole line: a client has no way to say it
============  ====================================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["LEDGER"]

_SENT: Final = frozenset({"source", "tags"})
_TEXT: Final = _SENT | {"params"}
_REPLY: Final = _TEXT | {"command"}
_ALL: Final = frozenset({"line"})

LEDGER: Final[Mapping[str, frozenset[str]]] = {
    "PRIVMSG": _TEXT | {"grouping", "line"},
    "NOTICE": _TEXT | {"grouping", "line"},
    "TAGMSG": _TEXT,
    "REDACT": _TEXT,
    "WALLOPS": _ALL,
    "JOIN": _TEXT | {"grouping"},
    "PART": _TEXT | {"grouping"},
    "QUIT": _TEXT,
    "KICK": _TEXT,
    "KILL": _TEXT,
    "NICK": _TEXT,
    "INVITE": _TEXT,
    "CHATHISTORY": _SENT,
    "MARKREAD": _TEXT,
    "MONITOR": _TEXT,
    "RENAME": _TEXT,
    "TOPIC": _TEXT,
    "MODE": _TEXT | {"grouping"},
    "NAMES": _TEXT,
    "AWAY": _TEXT,
    "ACCOUNT": _ALL,
    "CHGHOST": _ALL,
    "SETNAME": _TEXT,
    "ERROR": _ALL,
    "FAIL": _ALL,
    "WARN": _REPLY | {"line"},
    "NOTE": _REPLY | {"line"},
    "221": _REPLY,
    "301": _REPLY,
    "305": _REPLY,
    "306": _REPLY,
    "311": _REPLY,
    "312": _REPLY,
    "313": _REPLY,
    "317": _REPLY,
    "319": _REPLY,
    "322": _REPLY,
    "324": _REPLY,
    "330": _REPLY,
    "331": _REPLY,
    "332": _REPLY,
    "338": _REPLY,
    "341": _REPLY,
    "352": _REPLY | {"line"},
    "354": _ALL,
    "378": _REPLY,
    "730": _REPLY | {"grouping"},
    "671": _REPLY,
}
"""A command that is not listed loses the whole ``line``."""
