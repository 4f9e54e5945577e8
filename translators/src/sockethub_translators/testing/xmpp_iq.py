"""Strategies for IQs: stanzas as servers and peers send them, and what clients ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from ..xmpp import Element, element, ns
from ..xmpp.element import XML_LANG
from .xmpp import OWN, ROOM, extra, foreign, ids, jids, maybe, people, services, shape, stanza_attrs, texts, times

__all__ = ["ASKED", "PAYLOADS", "iq_activities", "iqs"]


def _tags(namespace: str, local: str, text: st.SearchStrategy[str]) -> st.SearchStrategy[Element]:
    return st.builds(lambda value: element(ns.tag(namespace, local), None, value), text)


# --- Forms ------------------------------------------------------------------------------------------------------------

_VARS: Final = st.sampled_from(
    ["FORM_TYPE", "muc#roominfo_occupants", "muc#roomconfig_roomname", "muc#roominfo_", "{urn:x}k", "other", ""]
)
_VALUES: Final = st.sampled_from(["007", "7", "true", "0", "", "http://jabber.org/protocol/muc#roominfo"]) | texts(
    max_size=6
)


@st.composite
def _fields(draw: st.DrawFn) -> Element:
    kinds = maybe(st.sampled_from(["text-single", "boolean", "list-multi", "hidden", "text-multi", "fixed"]))
    parts: list[Any] = [element(ns.tag(ns.DATA, "value"), None, value) for value in draw(st.lists(_VALUES, max_size=2))]
    if draw(st.booleans()):
        label = draw(maybe(texts(max_size=4)))
        value = element(ns.tag(ns.DATA, "value"), None, draw(_VALUES))
        parts.append(element(ns.tag(ns.DATA, "option"), {"label": label}, value))
    if draw(st.booleans()):
        parts.append(Element(ns.tag(ns.DATA, "required"), {}))
    parts.append(draw(maybe(_tags(ns.DATA, "desc", texts(max_size=4)))))
    attrs = {"var": draw(maybe(_VARS)), "type": draw(kinds), "label": draw(maybe(texts(max_size=4)))}
    return element(ns.tag(ns.DATA, "field"), attrs, *draw(st.permutations(parts)))


@st.composite
def forms(draw: st.DrawFn) -> Element:
    fields = st.lists(_fields(), max_size=3)
    parts: list[Any] = [draw(maybe(_tags(ns.DATA, local, texts(max_size=4)))) for local in ("title", "instructions")]
    parts += draw(fields)
    if draw(st.booleans()):
        parts.append(element(ns.tag(ns.DATA, "reported"), None, *draw(fields)))
        parts += [element(ns.tag(ns.DATA, "item"), None, *draw(fields)) for _ in range(draw(st.integers(0, 2)))]
    return element(ns.tag(ns.DATA, "x"), {"type": draw(maybe(st.sampled_from(["form", "result", "submit"])))}, *parts)


# --- Payloads ---------------------------------------------------------------------------------------------------------


@st.composite
def _info(draw: st.DrawFn) -> Element:
    attrs = {key: draw(maybe(texts(max_size=5))) for key in ("category", "type", "name", XML_LANG)}
    identity = element(ns.tag(ns.DISCO_INFO, "identity"), attrs)
    feature = element(ns.tag(ns.DISCO_INFO, "feature"), {"var": draw(maybe(texts(max_size=5)))})
    parts = draw(st.permutations([identity, feature, feature, *draw(st.lists(forms(), max_size=2))]))
    return element(ns.tag(ns.DISCO_INFO, "query"), {"node": draw(maybe(texts(max_size=5)))}, *parts)


@st.composite
def _items(draw: st.DrawFn) -> Element:
    rows = [
        element(
            ns.tag(ns.DISCO_ITEMS, "item"),
            {"jid": draw(maybe(jids)), "name": draw(maybe(texts(max_size=5))), "node": draw(maybe(ids))},
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    return element(ns.tag(ns.DISCO_ITEMS, "query"), {"node": draw(maybe(ids))}, *rows)


@st.composite
def _page(draw: st.DrawFn) -> Element:
    numbers = st.sampled_from(["10", "250", "0", "050", "-1", "x", "٣"])
    texts_ = {"max": numbers, "count": numbers, "before": maybe(ids), "after": ids, "first": ids, "last": ids}
    chosen = draw(st.lists(st.sampled_from(sorted(texts_)), unique=True, max_size=2))
    if "max" not in chosen and draw(st.booleans()):
        chosen.append("max")
    parts = [element(ns.tag(ns.RSM, key), None, draw(texts_[key])) for key in chosen]
    return element(ns.tag(ns.RSM, "set"), None, *parts)


@st.composite
def _archive(draw: st.DrawFn) -> Element:
    keys = draw(
        st.lists(st.sampled_from(["with", "start", "end", "before-id", "after-id", "odd"]), unique=True, max_size=2)
    )
    moments = times | st.just("2010-06-07T00:00:00+02:00") | st.just("never")
    values: dict[str, st.SearchStrategy[str]] = {"with": jids, "start": moments, "end": moments}
    fields = [
        element(
            ns.tag(ns.DATA, "field"), {"var": key}, element(ns.tag(ns.DATA, "value"), None, draw(values.get(key, ids)))
        )
        for key in keys
    ]
    form = element(ns.tag(ns.DATA, "x"), {"type": "submit"}, *fields)
    return element(
        ns.tag(ns.MAM, "query"),
        {"queryid": draw(maybe(ids))},
        form if fields else None,
        draw(maybe(_page()) if len(keys) > 1 else _page()),
    )


@st.composite
def _fin(draw: st.DrawFn) -> Element:
    attrs = {
        "complete": draw(maybe(st.sampled_from(["true", "false", "1"]))),
        "stable": draw(maybe(st.just("false"))),
    }
    return element(ns.tag(ns.MAM, "fin"), attrs, draw(maybe(_page())))


@st.composite
def _blocks(draw: st.DrawFn, local: str) -> Element:
    rows = draw(st.lists(maybe(jids), max_size=3))
    return element(
        ns.tag(ns.BLOCKING, local), None, *(element(ns.tag(ns.BLOCKING, "item"), {"jid": jid}) for jid in rows)
    )


@st.composite
def _bookmarks(draw: st.DrawFn) -> Element:
    def item() -> Element:
        parts = [draw(maybe(_tags(ns.BOOKMARKS, local, texts(max_size=5)))) for local in ("nick", "password")]
        attrs = {"name": draw(maybe(texts(max_size=5))), "autojoin": draw(maybe(st.sampled_from(["true", "0", "1"])))}
        conference = element(ns.tag(ns.BOOKMARKS, "conference"), attrs, *parts, draw(maybe(foreign)))
        return element(
            ns.tag(ns.PUBSUB, "item"), {"id": draw(maybe(jids))}, draw(st.sampled_from([conference, conference, None]))
        )

    local = draw(st.sampled_from(["items", "publish", "publish", "retract", "create"]))
    node = draw(st.sampled_from([ns.BOOKMARKS] * 4 + ["urn:xmpp:avatar:metadata"]))
    inner = element(
        ns.tag(ns.PUBSUB, local), {"node": node}, *(item() for _ in range(draw(st.sampled_from([1, 1, 0, 2]))))
    )
    return element(ns.tag(ns.PUBSUB, "pubsub"), None, inner)


@st.composite
def _storage(draw: st.DrawFn) -> Element:
    def conference() -> Element:
        parts = [draw(maybe(_tags("storage:bookmarks", local, texts(max_size=5)))) for local in ("nick", "password")]
        attrs = {
            "jid": draw(maybe(jids)),
            "name": draw(maybe(texts(max_size=5))),
            "autojoin": draw(maybe(st.just("1"))),
        }
        return element("{storage:bookmarks}conference", attrs, *parts, draw(maybe(foreign)))

    rooms = [conference() for _ in range(draw(st.sampled_from([1, 0, 2])))]
    storage = element("{storage:bookmarks}storage", None, *rooms, draw(maybe(foreign)))
    return element("{jabber:iq:private}query", None, draw(st.sampled_from([storage, storage, None])))


@st.composite
def _card(draw: st.DrawFn) -> Element:
    def some(local: str, *inner: str) -> Element:
        if not inner:
            return element(ns.tag(ns.VCARD, local), None, draw(texts(max_size=5)))
        return element(ns.tag(ns.VCARD, local), None, *(some(each) for each in inner if draw(st.booleans())))

    given = [
        some("FN"),
        some("NICKNAME"),
        some("PHOTO", "TYPE", "BINVAL"),
        some("EMAIL", "USERID"),
        some("ADR", "CTRY"),
    ]
    parts = draw(st.lists(st.sampled_from(given), max_size=4))
    return element(ns.tag(ns.VCARD, "vCard"), None, *parts)


@st.composite
def _question(draw: st.DrawFn, name: str, namespace: str, *members: str) -> Element:
    parts = [draw(maybe(_tags(namespace, member, texts(max_size=5)))) for member in members]
    return element(name, None, *parts)


@st.composite
def _request(draw: st.DrawFn) -> Element:
    attrs = {
        "filename": draw(maybe(texts(max_size=5))),
        "size": draw(maybe(st.sampled_from(["1", "007", "x", "9" * 30]))),
        "content-type": draw(maybe(st.sampled_from(["image/png", ""]))),
    }
    return element(ns.tag(ns.UPLOAD, "request"), attrs)


@st.composite
def _slot(draw: st.DrawFn) -> Element:
    names = st.sampled_from(["Authorization", "Cookie", "Host", "authorization"])
    headers = [
        element(ns.tag(ns.UPLOAD, "header"), {"name": name}, draw(texts(max_size=5)))
        for name in draw(st.lists(names, max_size=2))
    ]
    urls: st.SearchStrategy[dict[str, str]] = st.just({"url": "https://up.example/1"}) | st.just({})
    return element(
        ns.tag(ns.UPLOAD, "slot"),
        None,
        element(ns.tag(ns.UPLOAD, "put"), draw(urls), *headers),
        element(ns.tag(ns.UPLOAD, "get"), draw(urls)),
    )


@st.composite
def _command(draw: st.DrawFn) -> Element:
    namespace = "http://jabber.org/protocol/commands"
    attrs = {key: draw(maybe(ids)) for key in ("node", "action", "sessionid", "status")}
    note = element(f"{{{namespace}}}note", {"type": draw(maybe(st.just("info")))}, draw(texts(max_size=5)))
    return element(f"{{{namespace}}}command", attrs, draw(maybe(forms())), note if draw(st.booleans()) else None)


PAYLOADS: Final[dict[str, st.SearchStrategy[Element | None]]] = {
    "archive": _archive(),
    "block": _blocks("block"),
    "blocklist": _blocks("blocklist"),
    "bookmarks": _bookmarks(),
    "command": _command(),
    "empty": st.none(),
    "fin": _fin(),
    "info": _info(),
    "items": _items(),
    "ping": _question("{urn:xmpp:ping}ping", "urn:xmpp:ping"),
    "profile": _card(),
    "slot": _slot(),
    "slot request": _request(),
    "storage": _storage(),
    "time": _question("{urn:xmpp:time}time", "urn:xmpp:time", "tzo", "utc"),
    "unblock": _blocks("unblock"),
    "unknown": foreign,
    "version": _question("{jabber:iq:version}query", "jabber:iq:version", "name", "version", "os"),
}


_TYPES: Final = {
    "archive": ["set"],
    "block": ["set"],
    "bookmarks": ["set", "result"],
    "command": ["set", "result"],
    "empty": ["result"],
    "fin": ["result"],
    "slot": ["result"],
    "slot request": ["get"],
    "unblock": ["set"],
}
"""Types that go with a kind, where it is not question and answer."""


@st.composite
def iqs(draw: st.DrawFn, kind: str | None = None) -> Element:
    """An IQ of this kind, or of any; its type may be one that does not go with it."""
    name = draw(st.sampled_from(sorted(PAYLOADS))) if kind is None else kind
    payload = draw(PAYLOADS[name])
    types = st.sampled_from([*_TYPES.get(name, ["get", "result"]) * 2, "get", "set", "result", "odd"])
    stanza = element(ns.IQ, {**draw(stanza_attrs()), "type": draw(types)}, payload)
    return draw(extra(stanza)) if draw(st.integers(0, 5)) == 0 else stanza


# --- What clients ask -------------------------------------------------------------------------------------------------

_ROOMS: Final = st.just({"id": ROOM, "type": "room"})
_SERVICES: Final = st.builds(lambda jid: {"id": jid, "type": "service"}, services)
_PEOPLE: Final = st.builds(lambda jid: {"id": jid, "type": "person"}, people)
_POINTS: Final = times | st.builds(lambda value: {"type": "message", "id": value}, ids)


def _asked(
    verb: str, obj: st.SearchStrategy[dict[str, Any]] | None, *targets: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    required = {"context": st.just("xmpp"), "type": st.just(verb), "actor": st.just(OWN)}
    if obj is not None:
        required["object"] = obj
    if targets:
        required["target"] = st.one_of(*targets)
    return st.fixed_dictionaries(required, optional={"id": ids})


def _old(activity: dict[str, Any]) -> dict[str, Any]:
    return {**activity, "xmpp:storage": True}


_BOOKMARK: Final = shape(
    {"type": "bookmark"},
    name=texts(max_size=5),
    autojoin=st.just(True),
    nick=texts(max_size=5),
    password=texts(max_size=5),
)
_PROFILE: Final = shape(
    {"type": "profile"},
    name=texts(max_size=5),
    nickname=texts(max_size=5),
    email=texts(max_size=5),
    icon=shape({}, mediaType=st.just("image/png"), data=st.just("aGk=")),
)

ASKED: Final[dict[str, Callable[[], st.SearchStrategy[dict[str, Any]]]]] = {
    "add bookmark": lambda: _asked("add", _BOOKMARK, _ROOMS),
    "block": lambda: _asked("block", shape({"type": "blocklist"}), _PEOPLE, _SERVICES),
    "block many": lambda: _asked(
        "block", shape({"type": "blocklist", "members": st.lists(_PEOPLE, min_size=2, max_size=3)})
    ),
    "query attendance": lambda: _asked("query", shape({"type": "attendance"}), _ROOMS),
    "query blocklist": lambda: _asked("query", shape({"type": "blocklist"})),
    "query bookmark": lambda: _asked("query", shape({"type": "bookmark"})),
    "query command": lambda: _asked(
        "query", shape({"type": "command", "node": ids}, action=ids, sessionid=ids), _SERVICES, _PEOPLE
    ),
    "query history": lambda: _asked(
        "query",
        shape({"type": "history", "limit": st.integers(1, 1000)}, before=_POINTS, after=_POINTS),
        _ROOMS,
        _PEOPLE,
    ),
    "query ping": lambda: _asked("query", shape({"type": "ping"}), _PEOPLE, _SERVICES),
    "query profile": lambda: _asked("query", shape({"type": "profile"}), _PEOPLE),
    "query room-info": lambda: _asked("query", shape({"type": "room-info"}, **{"xmpp:node": ids}), _ROOMS, _SERVICES),
    "query room-list": lambda: _asked("query", shape({"type": "room-list"}), _SERVICES),
    "query time": lambda: _asked("query", shape({"type": "time"}), _PEOPLE),
    "query upload-slot": lambda: _asked(
        "query",
        shape(
            {"type": "upload-slot", "name": texts(max_size=5), "size": st.integers(1, 10**9)}, mediaType=st.just("a/b")
        ),
        _SERVICES,
    ),
    "query version": lambda: _asked("query", shape({"type": "version"}), _PEOPLE, _SERVICES),
    "query old bookmarks": lambda: _asked("query", shape({"type": "bookmark"})).map(_old),
    "remove bookmark": lambda: _asked("remove", shape({"type": "bookmark"}), _ROOMS),
    "undo": lambda: _asked("undo", shape({"type": "blocklist"}), _PEOPLE),
    "undo all": lambda: _asked("undo", shape({"type": "blocklist", "members": []})),
    "update old bookmarks": lambda: _asked(
        "update",
        shape({"type": "bookmark", "rooms": st.lists(shape({"id": ROOM, "type": "room"}, name=texts(max_size=4)))}),
    ).map(_old),
    "update profile": lambda: _asked("update", _PROFILE),
}


def iq_activities(kind: str | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """What a client asks for: of this kind, or of any."""
    if kind is not None:
        return ASKED[kind]()
    return st.one_of(*(build() for build in ASKED.values()))
