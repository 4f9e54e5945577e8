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

LEDGER: Final[Mapping[str, frozenset[str]]] = {
    "add bookmark": frozenset({"extra", "sender"}),
    "add relationship": frozenset({"extra", "sender"}),
    "block blocklist": frozenset({"extra", "sender"}),
    "delete message": frozenset({"answer", "extra", "sender", "stanza"}),
    "delete room": frozenset({"extra", "sender"}),
    "error message": frozenset({"stanza"}),
    "invite person": frozenset({"answer", "extra", "sender", "server"}),
    "join": frozenset({"extra", "sender"}),
    "join history": frozenset({"extra"}),
    "join presence": frozenset({"answer", "extra", "sender"}),
    "leave": frozenset({"answer", "extra", "sender"}),
    "leave message": frozenset({"answer", "extra", "sender"}),
    "make-friend": frozenset({"extra", "sender", "server", "stanza"}),
    "make-friend message": frozenset({"extra", "sender", "stanza"}),
    "query acknowledgement": frozenset({"stanza"}),
    "query attendance": frozenset({"answer", "extra", "sender", "stanza"}),
    "query blocklist": frozenset({"answer", "extra", "sender"}),
    "query bookmark": frozenset({"answer", "extra", "sender"}),
    "query command": frozenset({"answer", "extra", "sender"}),
    "query form": frozenset({"answer", "extra", "sender"}),
    "query history": frozenset({"answer", "extra", "sender"}),
    "query ping": frozenset({"answer", "extra", "sender"}),
    "query presence": frozenset({"extra", "sender", "server"}),
    "query profile": frozenset({"answer", "extra", "sender"}),
    "query relationship": frozenset({"extra", "sender", "stanza"}),
    "query room-info": frozenset({"answer", "extra", "sender"}),
    "query room-list": frozenset({"answer", "extra", "sender", "stanza"}),
    "query roster": frozenset({"answer", "extra", "sender"}),
    "query time": frozenset({"answer", "extra", "sender"}),
    "query upload-slot": frozenset({"extra", "sender", "stanza"}),
    "query version": frozenset({"answer", "extra", "sender"}),
    "remove bookmark": frozenset({"extra", "sender"}),
    "remove-friend": frozenset({"extra", "sender", "server", "stanza"}),
    "remove-friend message": frozenset({"extra", "sender", "stanza"}),
    "request-friend": frozenset({"extra", "sender", "server", "stanza"}),
    "request-friend message": frozenset({"extra", "sender", "stanza"}),
    "send me": frozenset({"answer", "extra", "sender", "server", "stanza"}),
    "send message": frozenset({"answer", "extra", "sender", "server", "stanza"}),
    "undo blocklist": frozenset({"extra", "sender"}),
    "update address": frozenset({"answer", "extra", "sender"}),
    "update form": frozenset({"extra", "sender"}),
    "update marker": frozenset({"extra", "sender", "server", "stanza"}),
    "update presence": frozenset({"answer", "extra", "sender", "server"}),
    "update profile": frozenset({"extra", "sender", "stanza"}),
    "update reaction": frozenset({"extra", "sender", "server", "stanza"}),
    "update receipt": frozenset({"extra", "sender", "server", "stanza"}),
    "update relationship": frozenset({"extra", "sender"}),
    "update room-info": frozenset({"stanza"}),
    "update topic": frozenset({"extra", "sender", "server"}),
    "update typing": frozenset({"extra", "sender", "server", "stanza"}),
}
"""What is not listed loses the whole ``stanza``."""
