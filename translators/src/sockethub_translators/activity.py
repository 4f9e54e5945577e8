"""The canonical activity: the one form that everything inside uses, and every dialect maps to.

::

    {"context": "irc",                      # the platform
     "type": "send",                        # the verb
     "id": "…",                             # the client's own id for it, optional
     "actor":  {"id": "alice@irc.example", "type": "person", "name": "alice"},
     "target": {"id": "#room@irc.example", "type": "room", "name": "#room"},
     "object": {"type": "message", "content": "hello"},
     "published": "2026-11-23T12:00:00.000Z"}

Beside these stand ``error`` (a text, on failures), documented extensions (``irc:*``, ``xmpp:*``) and residue
(``irc:wire``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

__all__ = ["Activity", "Entity", "pruned"]

Activity: TypeAlias = dict[str, Any]
Entity: TypeAlias = dict[str, Any]


def pruned(value: Any, unwanted: Callable[[str], bool]) -> Any:
    """A copy without the members whose names are ``unwanted``, at any depth."""
    if isinstance(value, Mapping):
        return {key: pruned(item, unwanted) for key, item in value.items() if not unwanted(key)}
    return [pruned(item, unwanted) for item in value] if isinstance(value, list) else value
