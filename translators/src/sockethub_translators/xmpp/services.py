"""Small questions that programs ask one another: ping (XEP-0199), version (XEP-0092), time (XEP-0202), and a place to
upload a file to (XEP-0363).

``query`` of ``ping``, ``version`` (answered with ``name``, ``version``, ``os``), ``time`` (``tzo``, ``utc``), and
``upload-slot`` of a ``name``, ``size`` and ``mediaType``, answered with ``put`` (where to), ``headers`` (what with) and
``url`` (where others find it).
"""

from __future__ import annotations

from typing import Any, Final

from ..errors import TranslationError
from . import ns
from .element import Element, element, whole
from .env import Activity, Env
from .fields import child, legal, number, optional_text, text
from .frame import Origin, frame
from .iq import asks, iq, single

__all__ = [
    "PING",
    "REQUEST",
    "SLOT",
    "TIME",
    "VERSION",
    "get_question",
    "get_request",
    "get_slot",
    "put_question",
    "put_slot",
]

PING: Final = "{urn:xmpp:ping}ping"
VERSION: Final = "{jabber:iq:version}query"
TIME: Final = "{urn:xmpp:time}time"
REQUEST: Final = ns.tag(ns.UPLOAD, "request")
SLOT: Final = ns.tag(ns.UPLOAD, "slot")

_QUESTIONS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    PING: ("ping", "urn:xmpp:ping", ()),
    VERSION: ("version", "jabber:iq:version", ("name", "version", "os")),
    TIME: ("time", "urn:xmpp:time", ("tzo", "utc")),
}
_NAMES: Final = {kind: name for name, (kind, _, _) in _QUESTIONS.items()}

_PUT: Final = ns.tag(ns.UPLOAD, "put")
_GET: Final = ns.tag(ns.UPLOAD, "get")
_HEADER: Final = ns.tag(ns.UPLOAD, "header")
HEADERS: Final = frozenset({"authorization", "cookie", "expires"})
"""The only headers that a slot may ask for (XEP-0363 §5)."""


def get_question(stanza: Element, env: Env) -> Activity | None:
    payload = single(stanza, "get", "result")
    if payload is None:
        return None
    kind, namespace, members = _QUESTIONS[payload.name]
    obj = {"type": kind}
    if stanza.attrs["type"] == "result":
        for member in members:
            found = payload.text_of(ns.tag(namespace, member))
            if found is not None:
                obj[member] = found
    return frame(stanza, env, "query", obj)


def put_question(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    name = _NAMES[obj["type"]]
    _, namespace, members = _QUESTIONS[name]
    parts: list[Element] = []
    if not asks(origin):
        said = [(member, optional_text(obj, member, "$.object")) for member in members]
        parts = [element(ns.tag(namespace, member), None, value) for member, value in said if value is not None]
    return iq(activity, env, origin, element(name, None, *parts), kind="get")


# --- Upload -----------------------------------------------------------------------------------------------------------


def get_request(stanza: Element, env: Env) -> Activity | None:
    request = single(stanza, "get")
    if request is None or not {"filename", "size"} <= request.attrs.keys():
        return None
    size = whole(request.attrs["size"])
    if size is None:
        return None
    obj: dict[str, Any] = {"type": "upload-slot", "name": request.attrs["filename"], "size": size}
    if "content-type" in request.attrs:
        obj["mediaType"] = request.attrs["content-type"]
    return frame(stanza, env, "query", obj)


def get_slot(stanza: Element, env: Env) -> Activity | None:
    slot = single(stanza, "result")
    put = None if slot is None else slot.find(_PUT)
    get = None if slot is None else slot.find(_GET)
    if put is None or get is None or not {"url"} <= put.attrs.keys() & get.attrs.keys():
        return None
    obj: dict[str, Any] = {"type": "upload-slot", "put": put.attrs["url"], "url": get.attrs["url"]}
    headers = {each.attrs.get("name", ""): each.text for each in put.find_all(_HEADER)}
    allowed = {key: value for key, value in headers.items() if key.lower() in HEADERS}
    if allowed:
        obj["headers"] = allowed
    return frame(stanza, env, "query", obj)


def put_slot(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    if asks(origin):
        if activity.get("target") is None:
            raise TranslationError("$.target", "missing: the upload service")
        size = number(obj, "size", "$.object", least=1)
        if size is None:
            raise TranslationError("$.object.size", "missing")
        attrs = {"filename": text(obj, "name", "$.object"), "size": str(size)}
        attrs["content-type"] = optional_text(obj, "mediaType", "$.object") or ""
        payload = element(REQUEST, {key: value for key, value in attrs.items() if value or key == "filename"})
        return iq(activity, env, origin, payload, kind="get")
    headers = obj.get("headers", {})
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise TranslationError("$.object.headers", "not an object of strings")
    said = [
        element(_HEADER, {"name": legal(key, "$.object.headers")}, legal(value, "$.object.headers"))
        for key, value in headers.items()
    ]
    put = element(_PUT, {"url": text(obj, "put", "$.object")}, *said)
    slot = element(SLOT, None, put, Element(_GET, {"url": text(obj, "url", "$.object")}))
    return iq(activity, env, origin, slot, kind="get")
