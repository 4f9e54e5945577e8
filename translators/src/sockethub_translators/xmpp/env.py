"""What a translation depends on besides the stanza or activity itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ..activity import Activity, Entity

__all__ = ["Activity", "Entity", "Env"]


def _no_rooms() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Env:
    """The connection as the translator sees it. Immutable: make another with :func:`dataclasses.replace`.

    ``jid`` is our own full JID (the bare one before resource binding), prepared (RFC 7622); ``nick`` what we want to
    be called in rooms; ``rooms`` the rooms we are in or on our way into, bare JID to our own nickname there;
    ``inside`` those where our own presence has come back, so that the next one is a change;
    ``moderated`` those where only participants may speak (XEP-0045 §4.2), since roles read differently there;
    ``now`` an RFC 3339 time for stanzas without XEP-0203 delay, or None for no ``published``. ``raw`` lets activities
    of our own side carry arbitrary stanzas (type ``xmpp:raw``).
    """

    jid: str
    nick: str | None = None
    rooms: Mapping[str, str] = field(default_factory=_no_rooms)
    inside: frozenset[str] = frozenset()
    moderated: frozenset[str] = frozenset()
    now: str | None = None
    raw: bool = False
    bare: str = field(init=False, repr=False, compare=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "bare", self.jid.partition("/")[0])

    def is_own(self, jid: str) -> bool:
        """Whether this is us: our own JID, any of our resources, or our own occupant of a room."""
        bare, _, resource = jid.partition("/")
        return bare == self.bare or (bare in self.rooms and resource != "" and self.rooms[bare] == resource)
