"""Ids of people, rooms and services: every spelling that clients have used, and the canonical one.

Canonical are ``nick@server`` (split at the last ``@``), ``#room@server`` and ``server``. Read are also
``server/#room``, ``server/nick``, ``room@server`` with the type ``room``, ``irc://server/#room``, ``irc://nick@server``,
and bare ``#room`` and ``nick``, which take the server from where they are said. Ids of platforms without such a shape
(JIDs, URLs) are themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["ADDRESSED", "CHANTYPES", "IdForm", "Name", "format_id", "parse_id"]

IdForm: TypeAlias = Literal["bare", "at", "slash", "plain"]
"""``#room``; ``#room@server``; ``server/#room``; ``room@server`` (the exact name beside it)."""

ADDRESSED = frozenset({"irc"})
"""Platforms whose ids are a name and a server."""

CHANTYPES = "#&"
"""What begins a channel's name where the server has not said otherwise (RFC 2811 §2.1; ISUPPORT CHANTYPES)."""

_SCHEME = "irc://"


@dataclass(frozen=True, slots=True)
class Name:
    """What an id stands for: a name on a server. ``name`` is empty for the server itself; ``server`` when unknown."""

    name: str
    server: str
    room: bool

    @property
    def id(self) -> str:
        """The canonical id."""
        return "@".join(part for part in (self.name, self.server) if part)


def parse_id(
    text: str, *, kind: str | None = None, name: str | None = None, server: str = "", chantypes: str = CHANTYPES
) -> Name:
    """Read any spelling of an id.

    ``kind`` is the entity's type where the client gave one, ``name`` its name, ``server`` what a bare id belongs to.
    """
    text = text.removeprefix(_SCHEME)
    if kind == "service":
        return Name("", text, room=False)
    local, host = _split(text, server, chantypes)
    sigil = local[:1] in chantypes and local != ""
    room = sigil or kind == "room"
    if room and not sigil:
        local = name if name is not None and name[:1] in chantypes and name else chantypes[:1] + local
    return Name(local, host, room)


def _split(text: str, server: str, chantypes: str) -> tuple[str, str]:
    if text[:1] not in chantypes:
        host, slash, rest = text.partition("/")
        if host and slash and rest and "@" not in host:
            return rest, host
    local, at, host = text.rpartition("@")
    return (local, host) if at and local else (text, server)


def format_id(name: Name, form: IdForm, *, server: str = "", chantypes: str = CHANTYPES) -> str:
    """Write an id in ``form``; a bare one only where reading it back gives the same (it is on ``server``)."""
    if not name.name or not name.server:
        return name.id
    if form == "bare" and name.server == server and _reads_back(name, server, chantypes):
        return name.name
    if form == "slash" and name.room:
        return f"{name.server}/{name.name}"
    if form == "plain" and name.room:
        plain = f"{name.name[1:]}@{name.server}"
        if parse_id(plain, kind="room", name=name.name, chantypes=chantypes) == name:
            return plain
    return name.id


def _reads_back(name: Name, server: str, chantypes: str) -> bool:
    return parse_id(name.name, server=server, chantypes=chantypes) == name
