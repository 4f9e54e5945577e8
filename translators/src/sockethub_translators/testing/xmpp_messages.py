"""Strategies for messages: stanzas as servers and peers send them, and what clients say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from ..xmpp import Element, element, ns
from ..xmpp.element import XML_LANG
from .xmpp import BARE, ME, OWN, ROOM, entities, extra, foreign, ids, jids, maybe, nicks, people, shape, texts, times

__all__ = ["PARTS", "SAID", "forwarded", "message_activities", "messages"]

_BODIES: Final = st.one_of(texts(), st.just("/me waves"), st.just("> quoted\nanswer"), st.just(""))


def _empty(namespace: str, *names: str) -> st.SearchStrategy[Element]:
    return st.sampled_from([Element(ns.tag(namespace, name), {}) for name in names])


def _by_id(namespace: str, local: str) -> st.SearchStrategy[Element]:
    return st.builds(lambda value: element(ns.tag(namespace, local), {"id": value}), maybe(ids))


@st.composite
def _reply(draw: st.DrawFn) -> list[Element]:
    reply = element(ns.tag(ns.REPLY, "reply"), {"id": draw(maybe(ids)), "to": draw(maybe(jids))})
    span = {"start": draw(st.sampled_from(["0", "0", "3"])), "end": draw(st.sampled_from(["9", "1", "0", "99", "x"]))}
    body = Element(ns.tag(ns.FALLBACK, "body"), span)
    fallback = element(ns.tag(ns.FALLBACK, "fallback"), {"for": draw(st.sampled_from([ns.REPLY, "urn:other"]))}, body)
    return draw(st.sampled_from([[reply], [reply, fallback], [fallback]]))


@st.composite
def _file(draw: st.DrawFn) -> list[Element]:
    url = draw(st.sampled_from(["https://up.example/1", "https://up.example/2", ""]))
    name = draw(maybe(texts(min_size=1, max_size=5)))
    desc = None if name is None else element(ns.tag(ns.OOB, "desc"), None, name)
    oob = element(ns.tag(ns.OOB, "x"), None, element(ns.tag(ns.OOB, "url"), None, url), desc)
    meta = "urn:xmpp:file:metadata:0"
    said = [("media-type", "image/png"), ("size", draw(st.sampled_from(["1", "x", "007"]))), ("name", name or "")]
    file = element(
        ns.tag(meta, "file"), None, *(element(ns.tag(meta, key), None, value) for key, value in said if value)
    )
    link = Element("{http://jabber.org/protocol/url-data}url-data", {"target": url})
    sharing = element(ns.tag(ns.SFS, "file-sharing"), None, file, element(ns.tag(ns.SFS, "sources"), None, link))
    return draw(st.sampled_from([[oob], [sharing], [sharing, oob], [oob, sharing]]))


@st.composite
def _retract(draw: st.DrawFn) -> Element:
    id_ = draw(maybe(ids))
    by = {"by": draw(st.sampled_from([f"{ROOM}/alice", ROOM]))} if draw(st.booleans()) else {}
    reason = draw(maybe(texts(max_size=5)))
    if draw(st.booleans()):
        said = None if reason is None else element(ns.tag(ns.RETRACT, "reason"), None, reason)
        moderated = element(ns.tag(ns.MODERATE, "moderated"), by) if draw(st.booleans()) else None
        return element(ns.tag(ns.RETRACT, "retract"), {"id": id_}, moderated, said)
    old = Element("{urn:xmpp:message-retract:0}retract", {})
    namespace = "urn:xmpp:message-moderate:0"
    said = None if reason is None else element(ns.tag(namespace, "reason"), None, reason)
    inner = old if draw(st.booleans()) else element(ns.tag(namespace, "moderated"), by, old, said)
    return element("{urn:xmpp:fasten:0}apply-to", {"id": id_}, inner)


@st.composite
def _reactions(draw: st.DrawFn) -> Element:
    each = [
        element(ns.tag(ns.REACTIONS, "reaction"), None, text) for text in draw(st.lists(texts(max_size=3), max_size=3))
    ]
    return element(ns.tag(ns.REACTIONS, "reactions"), {"id": draw(maybe(ids))}, *each)


@st.composite
def _muc_user(draw: st.DrawFn) -> Element:
    reason = draw(maybe(st.builds(lambda text: element(ns.tag(ns.MUC_USER, "reason"), None, text), texts(max_size=5))))
    invite = element(ns.tag(ns.MUC_USER, "invite"), {"from": draw(maybe(jids)), "to": draw(maybe(people))}, reason)
    password = element(ns.tag(ns.MUC_USER, "password"), None, "secret")
    status = Element(ns.tag(ns.MUC_USER, "status"), {"code": draw(st.sampled_from(["104", "170", "x", "1"]))})
    return element(
        ns.tag(ns.MUC_USER, "x"), None, *draw(st.lists(st.sampled_from([invite, password, status]), max_size=3))
    )


@st.composite
def _conference(draw: st.DrawFn) -> Element:
    attrs = {key: draw(maybe(texts(max_size=5))) for key in ("reason", "password", "thread", "continue")}
    return element(
        ns.tag(ns.CONFERENCE, "x"), {"jid": draw(st.sampled_from([ROOM, "other@muc.example", None])), **attrs}
    )


@st.composite
def errors(draw: st.DrawFn) -> Element:
    """``<error/>``, at times one that nobody could understand."""
    condition = Element(ns.tag(ns.STANZAS, draw(st.sampled_from(["item-not-found", "conflict", "odd"]))), {})
    said = element(ns.tag(ns.STANZAS, "text"), {XML_LANG: "en"}, draw(texts(max_size=6)))
    parts = [condition, *draw(st.lists(st.sampled_from([said]), max_size=1)), *draw(st.lists(foreign, max_size=1))]
    kind = draw(st.sampled_from(["cancel", "wait", "auth", "odd", None]))
    by = draw(maybe(st.just("muc.example")))
    return element(ns.ERROR, {"type": kind, "by": by}, *draw(st.permutations(parts)))


@st.composite
def _stanza_id(draw: st.DrawFn) -> Element:
    by = draw(st.sampled_from([BARE, ROOM, "evil.example", None]))
    return element(ns.tag(ns.SID, "stanza-id"), {"id": draw(maybe(ids)), "by": by})


@st.composite
def _body(draw: st.DrawFn) -> Element:
    lang = draw(maybe(st.sampled_from(["en", "de"])))
    return element(ns.tag(ns.CLIENT, "body"), {XML_LANG: lang}, draw(_BODIES))


_AVATARS: Final = "urn:xmpp:avatar:metadata"


@st.composite
def _event(draw: st.DrawFn) -> Element:
    """What was published, at times broken or unknown."""
    info = {
        "id": draw(maybe(ids)),
        "type": draw(maybe(st.just("image/png"))),
        "bytes": draw(maybe(st.sampled_from(["12", "x", "007"]))),
        "url": draw(maybe(st.just("https://up.example/1"))),
    }
    avatar = element(ns.tag(_AVATARS, "info"), info)
    stanza_id = element(ns.tag(ns.SID, "stanza-id"), {"id": draw(maybe(ids)), "by": draw(maybe(st.just(ROOM)))})
    payloads = {
        _AVATARS: element(ns.tag(_AVATARS, "metadata"), None, draw(st.sampled_from([avatar, None]))),
        "http://jabber.org/protocol/nick": draw(_nick()),
        ns.BOOKMARKS: element(ns.tag(ns.BOOKMARKS, "conference"), {"name": draw(maybe(texts(max_size=4)))}),
        ns.MDS: element(ns.tag(ns.MDS, "displayed"), None, stanza_id),
        "urn:example:unknown": None,
    }
    node = draw(st.sampled_from(sorted(payloads)))
    local = draw(st.sampled_from(["item", "item", "item", "retract"]))
    item = element(ns.tag(ns.PUBSUB_EVENT, local), {"id": draw(maybe(jids | ids))}, payloads[node])
    items = [item] * draw(st.sampled_from([1, 1, 1, 0, 2]))
    return element(
        ns.tag(ns.PUBSUB_EVENT, "event"), None, element(ns.tag(ns.PUBSUB_EVENT, "items"), {"node": node}, *items)
    )


def _nick() -> st.SearchStrategy[Element]:
    return st.builds(lambda text: element("{http://jabber.org/protocol/nick}nick", None, text), texts(max_size=4))


def _text(local: str) -> st.SearchStrategy[Element]:
    return st.builds(lambda value: element(ns.tag(ns.CLIENT, local), None, value), texts(max_size=5))


PARTS: Final[dict[str, st.SearchStrategy[Any]]] = {
    "body": _body(),
    "chat state": _empty(ns.CHATSTATES, "active", "composing", "paused", "inactive", "gone", "odd"),
    "correction": _by_id(ns.CORRECT, "replace"),
    "direct invite": _conference(),
    "displayed": _by_id(ns.MARKERS, "displayed"),
    "encryption": st.builds(lambda value: element(ns.tag(ns.EME, "encryption"), {"namespace": value}), maybe(ids)),
    "error": errors(),
    "event": _event(),
    "file": _file(),
    "hint": _empty(ns.HINTS, "no-store", "store", "no-copy", "odd"),
    "markable": _empty(ns.MARKERS, "markable"),
    "nick": _nick(),
    "occupant id": _by_id(ns.OCCUPANT_ID, "occupant-id"),
    "origin id": _by_id(ns.SID, "origin-id"),
    "reactions": _reactions(),
    "received": _by_id(ns.RECEIPTS, "received"),
    "reply": _reply(),
    "request": _empty(ns.RECEIPTS, "request"),
    "retraction": _retract(),
    "room": _muc_user(),
    "stanza id": _stanza_id(),
    "subject": _text("subject"),
    "thread": _text("thread"),
}
"""What a message may be made of, each at times broken."""

_BESIDE: Final = [
    "correction",
    "file",
    "hint",
    "markable",
    "occupant id",
    "origin id",
    "reply",
    "request",
    "stanza id",
    "thread",
]


@st.composite
def messages(draw: st.DrawFn, *kinds: str) -> Element:
    """A message with these parts, or with any; often with a body, a delay, and what belongs to no kind."""
    chosen = list(kinds) or draw(st.lists(st.sampled_from(sorted(PARTS)), max_size=3))
    if draw(st.integers(0, 2)) == 0:
        chosen.append(draw(st.sampled_from(_BESIDE)))
    parts: list[Element] = []
    for kind in chosen:
        found = draw(PARTS[kind])
        parts += found if isinstance(found, list) else [found]
    if draw(st.integers(0, 5)) == 0:
        stamp = draw(times | st.sampled_from(["2010-07-10T23:08:25Z", "never"]))
        delay = {"stamp": stamp, "from": draw(maybe(st.just(ROOM)))}
        parts.append(element(ns.tag(ns.DELAY, "delay"), delay, draw(maybe(texts(max_size=4)))))
    attrs = draw(_attrs("error" if "error" in chosen else None))
    if "event" in chosen and "from" in attrs and draw(st.booleans()):
        attrs["from"] = BARE
    stanza = element(ns.MESSAGE, attrs, *parts)
    return draw(extra(stanza)) if draw(st.integers(0, 5)) == 0 else stanza


@st.composite
def _attrs(draw: st.DrawFn, kind: str | None) -> dict[str, str]:
    kind = kind or draw(st.sampled_from(["chat", "groupchat", "groupchat", "normal", "headline", "odd", None]))
    attrs = {} if kind is None else {"type": kind}
    if draw(st.integers(0, 3)):
        room = st.builds("{}/{}".format, st.just(ROOM), nicks) | st.just(ROOM)
        attrs["from"] = draw(room if kind == "groupchat" and draw(st.booleans()) else jids)
        if draw(st.booleans()):
            attrs["to"] = draw(st.sampled_from([ME, BARE]))
    else:
        attrs["to"] = draw(st.just(ROOM) if kind == "groupchat" else jids)
    if draw(st.booleans()):
        attrs["id"] = draw(ids)
    return attrs


@st.composite
def forwarded(draw: st.DrawFn) -> Element:
    """A carbon or an archive result, at times from where none may come."""
    inner = draw(messages("body"))
    late = [Element(ns.tag(ns.DELAY, "delay"), {"stamp": draw(times)})] if draw(st.booleans()) else []
    inside = element(ns.tag(ns.FORWARD, "forwarded"), None, *late, inner)
    archived = {"id": draw(maybe(ids)), "queryid": draw(maybe(ids))}
    wrappers = [element(ns.tag(ns.MAM, "result"), archived, inside)] * 2
    wrappers += [element(ns.tag(ns.CARBONS, local), None, inside) for local in ("sent", "received")]
    senders = st.sampled_from([{"from": BARE}, {"from": BARE}, {"from": ROOM}, {"from": "evil.example"}, {}])
    return element(ns.MESSAGE, {**draw(senders), "to": ME}, draw(st.sampled_from(wrappers)))


# --- What clients say -------------------------------------------------------------------------------------------------


_ABOUT: Final = shape({"type": "message", "id": ids})
_REPLIED: Final = shape({"type": "message", "id": ids}, actor=shape({"id": jids}))
_ATTACHED: Final = st.lists(
    shape(
        {"type": "document", "url": st.uuids().map(lambda id_: f"https://up.example/{id_}")},
        name=texts(min_size=1, max_size=4),
        mediaType=st.just("image/png"),
        size=st.integers(0, 10**9),
    ),
    min_size=1,
    max_size=2,
)
_ROOM: Final = st.just({"id": ROOM, "type": "room"})
_TALK: Final = entities().filter(lambda each: not (each["id"].startswith(ROOM + "/")))


def _said(
    verb: str, obj: Any, target: st.SearchStrategy[Any] = _TALK, **more: Any
) -> st.SearchStrategy[dict[str, Any]]:
    fixed = {"context": "xmpp", "type": verb, "actor": OWN, "target": target, "object": obj}
    optional = {"id": ids} if verb != "send" else {}
    return shape(fixed, **optional, **{"xmpp:" + key.replace("_", "-"): value for key, value in more.items()})


def _object(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    content = texts().filter(lambda text: not text.startswith("/me "))
    extras = {"xmpp:replace": shape({"id": ids}), "xmpp:origin-id": ids}
    return shape({"type": kind, "content": content}, id=ids, inReplyTo=_REPLIED, attachment=_ATTACHED, **extras)


_STATES: Final = st.sampled_from(["active", "paused", "done"])
_GUEST: Final = st.builds(lambda jid: {"id": jid, "type": "person"}, people)

SAID: Final[dict[str, Callable[[], st.SearchStrategy[dict[str, Any]]]]] = {
    "delete": lambda: _said("delete", shape({"type": "message", "id": ids})),
    "invite": lambda: _said("invite", _GUEST, _ROOM, reason=texts(max_size=5), password=texts(max_size=5)),
    "invite directly": lambda: _said("invite", _GUEST, _ROOM, reason=texts(max_size=5), direct=st.just(True)).filter(
        lambda activity: "xmpp:direct" in activity
    ),
    "marker": lambda: _said("update", shape({"type": "marker", "inReplyTo": _ABOUT})),
    "me": lambda: _said("send", _object("me"), markable=st.just(True)),
    "message": lambda: _said(
        "send",
        _object("message"),
        request_receipt=st.just(True),
        chatstate=st.just("active"),
        hints=st.just(["no-copy"]),
        thread=texts(max_size=4),
    ),
    "reaction": lambda: _said(
        "update",
        shape({"type": "reaction", "reactions": st.lists(texts(max_size=3), max_size=3), "inReplyTo": _ABOUT}),
    ),
    "receipt": lambda: _said("update", shape({"type": "receipt", "inReplyTo": _ABOUT})),
    "topic": lambda: _said("update", shape({"type": "topic", "content": texts()}), _ROOM),
    "typing": lambda: _said("update", shape({"type": "typing", "state": _STATES})),
}


def message_activities(kind: str | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """What a client says: of this kind, or of any."""
    return SAID[kind]() if kind is not None else st.one_of(*(build() for build in SAID.values()))
