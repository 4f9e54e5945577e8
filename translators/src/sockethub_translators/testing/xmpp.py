"""Hypothesis strategies for XMPP: names, texts, environments, and what any stanza may have besides its meaning.

The kinds are in modules of their own: :mod:`.xmpp_messages`, :mod:`.xmpp_presence`, :mod:`.xmpp_iq`.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from ..xmpp import Element, Env, element
from ..xmpp.element import ILLEGAL, XML_LANG

__all__ = [
    "BARE",
    "HOSTILE",
    "ME",
    "NICK",
    "OWN",
    "ROOM",
    "entities",
    "envs",
    "extra",
    "foreign",
    "ids",
    "jids",
    "json_values",
    "maybe",
    "shape",
    "stanza_attrs",
    "texts",
    "times",
]

ME: Final = "me@own.example/home"
BARE: Final = "me@own.example"
OWN: Final[dict[str, Any]] = {"id": BARE, "type": "person"}
"""The actor of what we say ourselves."""
ROOM: Final = "room@muc.example"
NICK: Final = "mine"


T = TypeVar("T")


def _legal(text: str) -> bool:
    return not ILLEGAL.search(text)


def texts(min_size: int = 0, max_size: int = 20) -> st.SearchStrategy[str]:
    """Any text that XML can carry."""
    alphabet = st.characters(exclude_categories=["Cs"]).filter(_legal)
    return st.text(alphabet, min_size=min_size, max_size=max_size)


HOSTILE: Final = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(
            ["<", ">", "&", "]]>", "<body/>", "</message>", '"', "'", "\n", "\0", "\ud800", "\x1b", "/me "]
        ),
        max_size=5,
    ).map("".join),
)
"""Texts that would like to be more than text; not all of them can be carried."""


def maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """A value, or none."""
    return st.none() | strategy


def shape(required: dict[str, Any], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with these members; ``required`` has strategies, and values that are always the same."""
    fixed = {key: value if isinstance(value, st.SearchStrategy) else st.just(value) for key, value in required.items()}
    return st.fixed_dictionaries(fixed, optional=optional)


ids: Final = st.text("abcDEF123-_", min_size=1, max_size=8)
people: Final = st.sampled_from(["alice@x.example", "bob@own.example", "o\\27neil@x.example", "ünïcode@x.example"])
resources: Final = st.sampled_from(["home", "phone 1", "a/b", "émile"])
services: Final = st.sampled_from(["muc.example", "own.example", "upload.own.example"])
nicks: Final = st.sampled_from(["alice", "Bob the 2nd", "a/b", "me@home", NICK])
jids: Final = st.one_of(
    people,
    st.builds("{}/{}".format, people, resources),
    services,
    st.just(ROOM),
    st.builds("{}/{}".format, st.just(ROOM), nicks),
)
"""Of people, services, a room we are in and its occupants."""

times: Final = st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z")
"""Canonical ones."""


def entities() -> st.SearchStrategy[dict[str, Any]]:
    """Whom a client may address: people, with and without resource, rooms, occupants."""
    person = st.builds(lambda jid: {"id": jid, "type": "person"}, people)
    resource = st.builds(lambda jid, name: {"id": jid, "type": "person", "xmpp:resource": name}, people, resources)
    return st.one_of(person, resource, st.just({"id": ROOM, "type": "room"}), occupants())


def occupants() -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda nick: {"id": f"{ROOM}/{nick}", "type": "person", "name": nick}, nicks)


def envs(**fixed: Any) -> st.SearchStrategy[Env]:
    """Environments: in a room or in none, with or without a time."""
    return st.builds(
        Env,
        jid=st.just(fixed.pop("jid", ME)),
        rooms=st.sampled_from([{}, {ROOM: NICK}]) if "rooms" not in fixed else st.just(fixed.pop("rooms")),
        moderated=st.sampled_from([frozenset(), frozenset({ROOM})]),
        now=st.none() | st.just("2026-11-23T12:00:00.000Z"),
        **{key: st.just(value) for key, value in fixed.items()},
    )


# --- What any stanza may have -----------------------------------------------------------------------------------------

foreign: Final = st.builds(
    lambda name, attrs, nodes: element(name, attrs, *nodes),
    st.sampled_from(["{urn:example:a}x", "{urn:example:b}y", "{urn:xmpp:unknown:0}z"]),
    st.dictionaries(st.sampled_from(["k", XML_LANG, "{urn:example:a}k"]), texts(max_size=5), max_size=2),
    st.lists(texts(max_size=5) | st.just(Element("{urn:example:a}x", {})), max_size=2),
)
"""Elements that mean nothing here."""


@st.composite
def extra(draw: st.DrawFn, stanza: Element) -> Element:
    """A stanza with things added that do not change its meaning: unknown children, a language, white space."""
    children = list(stanza.children)
    for unknown in draw(st.lists(foreign, max_size=2)):
        children.insert(draw(st.integers(0, len(children))), unknown)
    attrs = dict(stanza.attrs)
    if draw(st.booleans()):
        attrs[XML_LANG] = draw(st.sampled_from(["en", "de-CH", ""]))
    if draw(st.booleans()):
        attrs["{urn:example:a}k"] = "v"
    return element(stanza.name, attrs, *children)


@st.composite
def stanza_attrs(draw: st.DrawFn, *, inbound: bool | None = None) -> dict[str, str]:
    """``from``, ``to`` and ``id``, each with and without."""
    attrs: dict[str, str] = {}
    if inbound if inbound is not None else draw(st.booleans()):
        attrs["from"] = draw(jids)
        if draw(st.booleans()):
            attrs["to"] = draw(st.sampled_from([ME, BARE]))
    elif draw(st.booleans()):
        attrs["to"] = draw(jids)
    if draw(st.booleans()):
        attrs["id"] = draw(ids)
    return attrs


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON, with members that activities have."""
    keys = st.sampled_from(
        ["type", "actor", "target", "object", "id", "content", "xmpp:wire", "delta", "in", "iq", "members", "context"]
    )
    words = st.sampled_from(
        ["send", "message", "update", "presence", "query", "join", "room", "roster", "person", ROOM]
    )
    leaves = st.none() | st.booleans() | st.integers() | words | st.text(max_size=5)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | st.text(max_size=3), inner, max_size=5),
        max_leaves=15,
    )
