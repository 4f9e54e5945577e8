"""Strategies for presence, rooms, rosters and roles: as servers send them, and what clients do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from ..xmpp import Element, element, ns
from .xmpp import ME, NICK, OWN, ROOM, extra, ids, jids, maybe, nicks, occupants, people, shape, texts, times
from .xmpp_iq import forms
from .xmpp_messages import errors

__all__ = ["DONE", "STANZAS", "presence_activities", "presences"]


def _text(local: str, value: st.SearchStrategy[str]) -> st.SearchStrategy[Element]:
    return st.builds(lambda text: element(ns.tag(ns.CLIENT, local), None, text), value)


_ROLES: Final = maybe(st.sampled_from(["moderator", "participant", "visitor", "none", "odd"]))
_AFFILIATIONS: Final = maybe(st.sampled_from(["owner", "admin", "member", "outcast", "none", "odd"]))


@st.composite
def _shown(draw: st.DrawFn) -> list[Element | None]:
    shows = _text("show", st.sampled_from(["away", "chat", "dnd", "xa", "afk", " away ", ""]))
    priority = _text("priority", st.sampled_from(["5", "-1", "999", "x", "05", "٣"]))
    parts = [draw(maybe(shows)), draw(maybe(_text("status", texts(max_size=6)))), draw(maybe(priority))]
    if draw(st.integers(0, 4)) == 0:
        parts.append(Element(ns.tag(ns.DELAY, "delay"), {"stamp": draw(times)}))
    return parts


@st.composite
def _x(draw: st.DrawFn) -> Element:
    actor = element(ns.tag(ns.MUC_USER, "actor"), {"nick": draw(maybe(nicks)), "jid": draw(maybe(people))})
    reason = element(ns.tag(ns.MUC_USER, "reason"), None, draw(texts(max_size=5)))
    inside = draw(st.lists(st.sampled_from([actor, reason]), max_size=2, unique_by=lambda each: each.name))
    about = {
        "role": draw(_ROLES),
        "affiliation": draw(_AFFILIATIONS),
        "jid": draw(maybe(jids)),
        "nick": draw(maybe(nicks)),
    }
    item = element(ns.tag(ns.MUC_USER, "item"), about, *inside)
    codes = draw(st.lists(st.sampled_from(["110", "110", "303", "307", "301", "201", "210", "100", "x"]), max_size=2))
    parts = [Element(ns.tag(ns.MUC_USER, "status"), {"code": code}) for code in codes]
    if draw(st.integers(0, 5)) == 0:
        gone = {"jid": draw(maybe(st.just("other@muc.example")))}
        parts.append(element(ns.tag(ns.MUC_USER, "destroy"), gone, draw(st.sampled_from([reason, None]))))
    return element(ns.tag(ns.MUC_USER, "x"), None, draw(st.sampled_from([item, item, None])), *parts)


@st.composite
def _in_room(draw: st.DrawFn) -> Element:
    occupant_id = element(ns.tag(ns.OCCUPANT_ID, "occupant-id"), {"id": draw(maybe(ids))})
    hat = element(ns.tag(ns.HATS, "hat"), {"uri": draw(maybe(ids)), "title": draw(maybe(texts(max_size=4)))})
    hats = element(ns.tag(ns.HATS, "hats"), None, *draw(st.lists(st.just(hat), max_size=2)))
    parts = [
        *draw(_shown()),
        draw(_x()),
        draw(st.sampled_from([occupant_id, None])),
        draw(st.sampled_from([hats, None])),
    ]
    attrs = {"from": f"{ROOM}/{draw(nicks)}", "type": draw(st.sampled_from([None, None, "unavailable", "odd"]))}
    if draw(st.booleans()):
        attrs["to"] = ME
    return element(ns.PRESENCE, attrs, *draw(st.permutations(parts)))


@st.composite
def _plain(draw: st.DrawFn) -> Element:
    kinds = st.sampled_from(
        [None, None, "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe"]
    )
    attrs = {"type": draw(kinds), "from": draw(maybe(jids)), "to": draw(maybe(jids)), "id": draw(maybe(ids))}
    nick = element("{http://jabber.org/protocol/nick}nick", None, draw(texts(max_size=4)))
    return element(ns.PRESENCE, attrs, *draw(_shown()), draw(st.sampled_from([nick, None])))


@st.composite
def _entering(draw: st.DrawFn) -> Element:
    about = {"maxstanzas": draw(maybe(st.sampled_from(["0", "20", "x"]))), "since": draw(maybe(times))}
    history = element(ns.tag(ns.MUC, "history"), {**about, "seconds": draw(maybe(st.just("60")))})
    password = element(ns.tag(ns.MUC, "password"), None, draw(texts(max_size=4)))
    x = element(ns.tag(ns.MUC, "x"), None, *draw(st.lists(st.sampled_from([history, password]), max_size=2)))
    to = draw(st.sampled_from([f"{ROOM}/{NICK}", f"{ROOM}/other", ROOM, None]))
    kind = draw(st.sampled_from([None, None, "unavailable"]))
    return element(ns.PRESENCE, {"to": to, "type": kind}, draw(st.sampled_from([x, x, None])), *draw(_shown()))


@st.composite
def _refused(draw: st.DrawFn) -> Element:
    x = draw(st.sampled_from([Element(ns.tag(ns.MUC, "x"), {}), None]))
    attrs = {"from": draw(jids), "type": "error", "id": draw(maybe(ids))}
    return element(ns.PRESENCE, attrs, *draw(st.permutations([x, draw(errors())])))


def _iq(draw: st.DrawFn, payload: Element) -> Element:
    kind = draw(st.sampled_from(["get", "set", "result"]))
    attrs = {"type": kind, "id": draw(maybe(ids)), "from": draw(maybe(jids)), "to": draw(maybe(jids))}
    return element(ns.IQ, attrs, payload)


@st.composite
def _roster(draw: st.DrawFn) -> Element:
    def item() -> Element:
        groups = [
            element(ns.tag(ns.ROSTER, "group"), None, text) for text in draw(st.lists(texts(max_size=4), max_size=2))
        ]
        about = {
            "jid": draw(maybe(jids)),
            "name": draw(maybe(texts(max_size=4))),
            "subscription": draw(maybe(st.sampled_from(["none", "to", "both", "remove", "odd"]))),
            "ask": draw(maybe(st.sampled_from(["subscribe", "odd"]))),
            "approved": draw(maybe(st.sampled_from(["true", "1", "false"]))),
        }
        return element(ns.tag(ns.ROSTER, "item"), about, *groups)

    rows = [item() for _ in range(draw(st.sampled_from([1, 1, 0, 2])))]
    return _iq(draw, element(ns.tag(ns.ROSTER, "query"), {"ver": draw(maybe(ids))}, *rows))


@st.composite
def _admin(draw: st.DrawFn) -> Element:
    def item() -> Element:
        reason = draw(
            maybe(st.builds(lambda text: element(ns.tag(ns.MUC_ADMIN, "reason"), None, text), texts(max_size=4)))
        )
        given: dict[str, str | None] = draw(
            st.sampled_from([{"role": draw(_ROLES)}, {"affiliation": draw(_AFFILIATIONS)}, {"role": "none"}])
        )
        who = draw(st.sampled_from([{"nick": draw(nicks)}, {"jid": draw(jids)}, {}]))
        return element(ns.tag(ns.MUC_ADMIN, "item"), {**given, **who}, reason)

    rows = [item() for _ in range(draw(st.sampled_from([1, 1, 1, 0, 2])))]
    return _iq(draw, element(ns.tag(ns.MUC_ADMIN, "query"), None, *rows))


@st.composite
def _owner(draw: st.DrawFn) -> Element:
    reason = element(ns.tag(ns.MUC_OWNER, "reason"), None, draw(texts(max_size=4)))
    destroy = element(
        ns.tag(ns.MUC_OWNER, "destroy"), {"jid": draw(maybe(jids))}, draw(st.sampled_from([reason, None]))
    )
    return _iq(draw, element(ns.tag(ns.MUC_OWNER, "query"), None, draw(st.sampled_from([destroy, None]) | forms())))


@st.composite
def _refused_iq(draw: st.DrawFn) -> Element:
    asked = draw(st.sampled_from([None, Element("{urn:xmpp:ping}ping", {}), Element(ns.tag(ns.ROSTER, "query"), {})]))
    attrs = {"type": "error", "id": draw(maybe(ids)), "from": draw(maybe(jids))}
    return element(ns.IQ, attrs, asked, draw(errors()))


@st.composite
def _moderation(draw: st.DrawFn) -> Element:
    reason = draw(maybe(st.builds(lambda text: element(ns.tag(ns.MODERATE, "reason"), None, text), texts(max_size=4))))
    retract = draw(st.sampled_from([Element(ns.tag(ns.RETRACT, "retract"), {}), None]))
    return _iq(draw, element(ns.tag(ns.MODERATE, "moderate"), {"id": draw(maybe(ids))}, retract, reason))


STANZAS: Final[dict[str, st.SearchStrategy[Element]]] = {
    "admin": _admin(),
    "entering": _entering(),
    "in a room": _in_room(),
    "moderation": _moderation(),
    "owner": _owner(),
    "plain": _plain(),
    "refused": _refused(),
    "refused iq": _refused_iq(),
    "roster": _roster(),
}


@st.composite
def presences(draw: st.DrawFn, kind: str | None = None) -> Element:
    """A stanza of this kind, or of any."""
    stanza = draw(STANZAS[kind or draw(st.sampled_from(sorted(STANZAS)))])
    return draw(extra(stanza)) if draw(st.integers(0, 5)) == 0 else stanza


# --- What clients do --------------------------------------------------------------------------------------------------


_ROOM: Final = {"id": ROOM, "type": "room"}
_PERSON: Final = st.builds(lambda jid: {"id": jid, "type": "person"}, people)
_NAMED: Final = st.builds(lambda nick: {**OWN, "name": nick}, nicks)
_SHOWN: Final = st.sampled_from(["online", "away", "chat", "dnd", "xa"])
_OTHERS: Final = occupants().filter(lambda each: each["name"] != NICK)


def _did(verb: str, *, actor: Any = OWN, **members: Any) -> st.SearchStrategy[dict[str, Any]]:
    return shape({"context": "xmpp", "type": verb, "actor": actor, **members}, id=ids)


def _relationship(kind: str, values: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    subject = st.builds(lambda value: {"type": "presence", kind: value}, st.sampled_from(values))
    fixed = {"type": "relationship", "relationship": kind, "subject": subject, "object": _ROOM}
    return shape(fixed, content=texts(max_size=4))


_CONTACT: Final = {"type": "relationship", "relationship": "contact"}
_FORM: Final = st.just({"type": "submit", "fields": [{"var": "muc#roomconfig_roomname", "values": ["name"]}]})

DONE: Final[dict[str, Callable[[], st.SearchStrategy[dict[str, Any]]]]] = {
    "affiliation": lambda: _did(
        "add", target=_PERSON, object=_relationship("affiliation", ["owner", "member", "outcast", "none"])
    ),
    "configure": lambda: _did("update", target=_ROOM, object=shape({"type": "form", "form": _FORM})),
    "contact": lambda: _did("update", target=_PERSON, object=shape(_CONTACT, name=texts(max_size=4))),
    "destroy": lambda: _did("delete", target=_ROOM, object=shape({"type": "room"}, content=texts(max_size=4))),
    "direct presence": lambda: _did("update", target=_PERSON, object=shape({"type": "presence", "presence": _SHOWN})),
    "go": lambda: _did("update", object=shape({"type": "presence", "presence": "offline"}, content=texts(max_size=4))),
    "join": lambda: _did("join", actor=_NAMED, target=_ROOM),
    "kick": lambda: _did("leave", actor=_OTHERS, target=_ROOM, **{"xmpp:by": OWN}),
    "leave": lambda: _did("leave", target=_ROOM),
    "make friend": lambda: _did("make-friend", target=_PERSON),
    "moderate": lambda: _did(
        "delete",
        target=_ROOM,
        object=shape({"type": "message", "id": ids}, content=texts(max_size=4)),
        **{"xmpp:moderated": True},
    ),
    "nick": lambda: _did("update", target=_OTHERS, object={"type": "address"}),
    "presence": lambda: _did(
        "update", object=shape({"type": "presence", "presence": _SHOWN}, content=texts(max_size=4))
    ),
    "presence in a room": lambda: _did("update", target=_ROOM, object=shape({"type": "presence", "presence": _SHOWN})),
    "probe": lambda: _did("query", target=_PERSON, object={"type": "presence"}),
    "query affiliations": lambda: _did(
        "query",
        target=_ROOM,
        object={
            "type": "relationship",
            "relationship": "affiliation",
            "subject": {"type": "presence", "affiliation": "owner"},
        },
    ),
    "query configuration": lambda: _did("query", target=_ROOM, object={"type": "form"}),
    "query roster": lambda: _did("query", object={"type": "roster"}),
    "refuse friend": lambda: _did("remove-friend", target=_PERSON, **{"xmpp:type": "unsubscribed"}),
    "remove contact": lambda: _did("remove", target=_PERSON, object=_CONTACT),
    "remove friend": lambda: _did("remove-friend", target=_PERSON),
    "request friend": lambda: _did(
        "request-friend",
        target=_PERSON,
        object=shape({"type": "message", "content": texts(max_size=4)}),
        **{"xmpp:nick": texts(max_size=4)},
    ),
    "role": lambda: _did("add", target=_OTHERS, object=_relationship("role", ["admin", "participant", "member"])),
}


def presence_activities(kind: str | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """What a client does: of this kind, or of any."""
    return DONE[kind]() if kind is not None else st.one_of(*(build() for build in DONE.values()))
