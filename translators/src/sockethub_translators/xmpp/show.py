"""``show`` and ``status``: how somebody is, alike everywhere and in a room (RFC 6121 §4.7)."""

from __future__ import annotations

from typing import Any, Final

from . import ns
from .element import Element, element
from .fields import optional_text, token

__all__ = ["PRIORITY", "SHOWN", "STATUS", "read_show", "write_show"]

_SHOW: Final = ns.tag(ns.CLIENT, "show")
STATUS: Final = ns.tag(ns.CLIENT, "status")
PRIORITY: Final = ns.tag(ns.CLIENT, "priority")

_VALUES: Final = frozenset({"away", "chat", "dnd", "xa"})
SHOWN: Final = _VALUES | {"online", "offline"}


def read_show(stanza: Element) -> dict[str, Any]:
    """``presence`` and ``content``; a show that nobody knows is as none."""
    shows = (each.text.strip() for each in stanza.find_all(_SHOW))
    shown = next((show for show in shows if show in _VALUES), "online")
    status = stanza.text_of(STATUS)
    found = {"presence": "offline" if stanza.attrs.get("type") == "unavailable" else shown}
    return found if status is None else {**found, "content": status}


def write_show(obj: dict[str, Any]) -> list[Element]:
    shown = token(obj, "presence", "$.object", SHOWN)
    status = optional_text(obj, "content", "$.object")
    parts = [element(_SHOW, None, shown)] if shown in _VALUES else []
    return parts if status is None else [*parts, element(STATUS, None, status)]
