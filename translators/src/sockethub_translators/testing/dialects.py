"""Hypothesis strategies for canonical activities, dialects and what clients may send."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ..dialects import AS2, Dialect, DialectEnv
from ..ids import Name

__all__ = ["activities", "dialects", "entities", "envs", "json_values", "names", "servers"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
"""Any JSON value."""

servers = st.sampled_from(["irc.example", "127.0.0.1", "[::1]", "localhost", "irc.example:6697"])
"""Hosts as people name them."""

_WORD = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs"), exclude_characters=",:"), min_size=1, max_size=12)
_nicks = _WORD.filter(lambda nick: nick[0] not in "#&" and "@" not in nick and "/" not in nick)
_rooms = st.builds(lambda sigil, rest: sigil + rest, st.sampled_from("#&"), _WORD)


def names(server: st.SearchStrategy[str] = servers) -> st.SearchStrategy[Name]:
    """People and rooms on a server."""
    people = st.builds(Name, _nicks, server, st.just(False))
    return people | st.builds(Name, _rooms, server, st.just(True))


def entities(server: st.SearchStrategy[str] = servers) -> st.SearchStrategy[dict[str, Any]]:
    """Actors and targets in canonical form."""
    named = names(server).map(lambda n: {"id": n.id, "type": "room" if n.room else "person", "name": n.name})
    return named | server.map(lambda host: {"id": host, "type": "service", "name": host})


_contents = st.text(max_size=40)
_objects = (
    st.builds(
        lambda kind, content: {"type": kind, "content": content},
        st.sampled_from(["message", "me", "notice", "topic"]),
        _contents,
    )
    | st.just({"type": "address"})
    | st.builds(lambda role: {"type": "presence", "role": role}, st.sampled_from(["owner", "member"]))
    | st.builds(lambda members: {"type": "attendance", "members": members}, st.lists(entities(), max_size=3))
    | st.builds(lambda room: {"type": "relationship", "relationship": "role", "object": room}, entities())
)


@st.composite
def activities(draw: st.DrawFn) -> dict[str, Any]:
    """Canonical activities of a platform whose ids have a server."""
    activity: dict[str, Any] = {
        "context": "irc",
        "type": draw(st.sampled_from(["send", "join", "leave", "update", "query", "connect", "error", "invite"])),
    }
    if draw(st.booleans()):
        activity["id"] = draw(st.text(min_size=1, max_size=10))
    activity["actor"] = draw(entities())
    if draw(st.booleans()):
        activity["target"] = draw(entities())
    if draw(st.booleans()):
        activity["object"] = draw(_objects)
    if draw(st.booleans()):
        activity["irc:account"] = draw(_contents)
    return activity


dialects: st.SearchStrategy[Dialect] = st.just(AS2) | st.builds(
    Dialect,
    context=st.sampled_from(["string", "array"]),
    rooms=st.sampled_from(["bare", "at", "slash", "plain"]),
    people=st.sampled_from(["bare", "at"]),
    note=st.booleans(),
)
"""Every dialect value."""

envs: st.SearchStrategy[DialectEnv] = st.builds(DialectEnv, server=servers | st.just(""))
