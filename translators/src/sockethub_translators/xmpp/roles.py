"""Roles in a room as people see them, alike on IRC, and XMPP's exact pair of role and affiliation (XEP-0045 §5).

==============  =======================================================
``owner``       a moderator who owns the room
``admin``       any other moderator
``participant`` may speak where not everybody may
``member``      everybody else
==============  =======================================================
"""

from __future__ import annotations

from typing import Final, TypeAlias

from ..errors import TranslationError

__all__ = ["AFFILIATIONS", "ROLES", "Pair", "pair_of", "role_of"]

Pair: TypeAlias = tuple[str | None, str | None]
"""Role and affiliation."""

ROLES: Final = frozenset({"moderator", "participant", "visitor", "none"})
AFFILIATIONS: Final = frozenset({"owner", "admin", "member", "outcast", "none"})


def role_of(role: str | None, affiliation: str | None, moderated: bool) -> str | None:
    """The role that people see; None where nothing is said of one."""
    if role == "moderator":
        return "owner" if affiliation == "owner" else "admin"
    if role == "participant":
        return "participant" if moderated else "member"
    return "member" if role == "visitor" else None


def pair_of(role: str, exact: Pair, moderated: bool) -> Pair:
    """The exact pair while it agrees with what people see, else the nearest; raises :class:`TranslationError`."""
    if role_of(*exact, moderated) == role:
        return exact
    affiliation = exact[1]
    if role == "owner":
        return "moderator", "owner"
    if role == "admin":
        return "moderator", affiliation if affiliation not in (None, "owner") else "admin"
    if role == "participant" and moderated:
        return "participant", affiliation
    if role in ("participant", "member"):
        return "visitor" if moderated else "participant", affiliation
    raise TranslationError("$.object.role", "not one of owner, admin, participant, member")
