"""Stanza errors (RFC 6120 §8.3), of every kind of stanza alike.

``error`` is a text for people; ``xmpp:error`` is for programs: ``condition``, ``type`` (``auth``, ``cancel``,
``continue``, ``modify``, ``wait``), and where the stanza says so ``text``, ``by`` and ``app``, the name of the
application's own condition.
"""

from __future__ import annotations

from typing import Any, Final

from . import ns
from .element import Element, element
from .env import Activity, Env
from .fields import child, optional_text, token
from .frame import Origin, address, frame

__all__ = ["describe", "get_error", "put_error", "read_error", "write_error"]

CONDITIONS: Final = frozenset(
    {
        "bad-request",
        "conflict",
        "feature-not-implemented",
        "forbidden",
        "gone",
        "internal-server-error",
        "item-not-found",
        "jid-malformed",
        "not-acceptable",
        "not-allowed",
        "not-authorized",
        "policy-violation",
        "recipient-unavailable",
        "redirect",
        "registration-required",
        "remote-server-not-found",
        "remote-server-timeout",
        "resource-constraint",
        "service-unavailable",
        "subscription-required",
        "undefined-condition",
        "unexpected-request",
    }
)
TYPES: Final = frozenset({"auth", "cancel", "continue", "modify", "wait"})

_TEXT: Final = ns.tag(ns.STANZAS, "text")
_STANZAS: Final = {"message": ns.MESSAGE, "presence": ns.PRESENCE, "iq": ns.IQ}
_PATH: Final = "$['xmpp:error']"


def read_error(stanza: Element) -> dict[str, Any] | None:
    """``xmpp:error`` of a stanza; None when it has none that could be understood."""
    found = stanza.find(ns.ERROR)
    if found is None:
        return None
    about: dict[str, Any] = {}
    for part in found.elements():
        if part.name == _TEXT:
            about.setdefault("text", part.text)
        elif part.namespace == ns.STANZAS and part.local in CONDITIONS:
            about.setdefault("condition", part.local)
        elif part.namespace != ns.STANZAS:
            about.setdefault("app", part.name)
    if "condition" not in about or found.attrs.get("type") not in TYPES:
        return None
    about["type"] = found.attrs["type"]
    if "by" in found.attrs:
        about["by"] = found.attrs["by"]
    return about


def describe(about: dict[str, Any]) -> str:
    """The text for people: the server's own, else the condition in words."""
    text = about.get("text")
    return text if isinstance(text, str) and text.strip() else str(about["condition"]).replace("-", " ")


def write_error(about: dict[str, Any]) -> Element:
    """The ``<error/>`` element; raises :class:`TranslationError` with the place."""
    condition = token(about, "condition", _PATH, CONDITIONS)
    text = optional_text(about, "text", _PATH)
    app = optional_text(about, "app", _PATH)
    return element(
        ns.ERROR,
        {"type": token(about, "type", _PATH, TYPES), "by": optional_text(about, "by", _PATH)},
        Element(ns.tag(ns.STANZAS, condition), {}),
        None if text is None else element(_TEXT, None, text),
        Element(app, {}) if app else None,
    )


def get_error(stanza: Element, env: Env) -> Activity | None:
    """A stanza that came back, or was refused: an ``error`` of whoever refused it, about the ``id`` of what we sent."""
    about = read_error(stanza)
    if about is None:
        return None
    obj = {"type": "message", "condition": about["condition"]}
    in_room = stanza.name == ns.PRESENCE and stanza.find(ns.tag(ns.MUC, "x")) is not None
    activity = frame(stanza, env, "error", obj, in_room=in_room, error=about, stanza=stanza.local)
    activity["error"] = describe(about)
    return activity


def put_error(activity: Activity, env: Env, origin: Origin) -> Element:
    """What a peer would have sent; we ourselves answer with errors only where a protocol library does it for us."""
    kind = token(activity, "xmpp:stanza", "$", frozenset(_STANZAS))
    about = dict(child(activity, "xmpp:error", "$"))
    text = optional_text(activity, "error", "$")
    if text is not None and text != describe(about):
        about["text"] = text
    obj = activity.get("object")
    if isinstance(obj, dict) and isinstance(obj.get("condition"), str):
        about["condition"] = obj["condition"]
    attrs = {"type": "error", **address(activity, env, origin)}
    return element(_STANZAS[kind], attrs, write_error(about))
