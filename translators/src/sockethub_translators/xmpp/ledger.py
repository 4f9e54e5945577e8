"""What is lost when the residue is stripped and an activity is said again by ourselves: kept true by tests.

For each verb and type of object, the parts in which ``from_activity(strip(to_activity(stanza)))`` may differ:

============  ====================================================================================================
``sender``    who sent it, to which of our resources, and under which id
``extra``     what has no place in the view: unknown children, a language, another spelling of the same
``server``    what only servers may say: the time of a delay, their ids
``answer``    an answer, or what a room or server tells, becomes the request that it confirms or that is nearest
``stanza``    the whole stanza: a client has no way to say it, or it lacked whom to say it to
============  ====================================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["LEDGER"]

_ASKED: Final = frozenset({"sender", "extra"})
_HEARD: Final = _ASKED | {"server"}

LEDGER: Final[Mapping[str, frozenset[str]]] = {
    "add bookmark": _ASKED | {"server", "stanza"},
    "add relationship": _ASKED,
    "block blocklist": _ASKED,
    "delete message": _HEARD | {"answer", "stanza"},
    "delete room": _ASKED,
    "invite person": _HEARD | {"answer"},
    "join": _ASKED,
    "join history": _ASKED,
    "join presence": _HEARD | {"answer"},
    "leave": _HEARD | {"answer"},
    "leave message": _HEARD | {"answer"},
    "make-friend": _HEARD | {"stanza"},
    "make-friend message": _HEARD | {"stanza"},
    "query attendance": _ASKED | {"answer", "stanza"},
    "query blocklist": _ASKED | {"answer"},
    "query bookmark": _ASKED | {"answer"},
    "query command": _ASKED | {"answer"},
    "query form": _ASKED | {"answer"},
    "query history": _ASKED | {"answer"},
    "query ping": _ASKED | {"answer"},
    "query presence": _HEARD,
    "query profile": _ASKED | {"answer"},
    "query relationship": _ASKED | {"stanza"},
    "query room-info": _ASKED | {"answer"},
    "query room-list": _ASKED | {"answer", "stanza"},
    "query roster": _ASKED | {"answer"},
    "query time": _ASKED | {"answer"},
    "query upload-slot": _ASKED | {"stanza"},
    "query version": _ASKED | {"answer"},
    "remove bookmark": _ASKED | {"server", "stanza"},
    "remove relationship": _ASKED,
    "remove-friend": _HEARD | {"stanza"},
    "remove-friend message": _HEARD | {"stanza"},
    "request-friend": _HEARD | {"stanza"},
    "request-friend message": _HEARD | {"stanza"},
    "send me": _HEARD | {"answer", "stanza"},
    "send message": _HEARD | {"answer", "stanza"},
    "undo blocklist": _ASKED,
    "update address": _HEARD | {"answer"},
    "update bookmark": _ASKED,
    "update form": _ASKED,
    "update marker": _HEARD | {"stanza"},
    "update presence": _HEARD | {"answer"},
    "update profile": _ASKED | {"server", "stanza"},
    "update reaction": _HEARD | {"stanza"},
    "update receipt": _HEARD | {"stanza"},
    "update relationship": _ASKED,
    "update topic": _HEARD,
    "update typing": _HEARD | {"stanza"},
}
"""What is not listed loses the whole ``stanza``."""
