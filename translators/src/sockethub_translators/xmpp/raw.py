"""Stanzas that have no meaning here: carried as they are."""

from __future__ import annotations

from ..errors import TranslationError
from . import ns
from .element import Element
from .env import Activity, Env
from .fields import child
from .frame import Origin, frame
from .residue import from_json, to_json

__all__ = ["check_own", "get_raw", "put_raw"]

_STANZAS = frozenset({ns.MESSAGE, ns.PRESENCE, ns.IQ})


def get_raw(element: Element, env: Env) -> Activity:
    """``xmpp:raw``: the object is the stanza, ``[name, attributes, child…]``."""
    return frame(element, env, "xmpp:raw", {"type": "stanza", "element": to_json(element)})


def put_raw(activity: Activity, env: Env, origin: Origin) -> Element:
    """The very stanza."""
    return from_json(child(activity, "object", "$").get("element"), "$.object.element")


def check_own(element: Element, env: Env) -> None:
    """Our own side says raw stanzas only where :attr:`~.env.Env.raw` allows it, and never in another's name."""
    if not env.raw:
        raise TranslationError("$.type", "raw stanzas are not allowed here")
    if element.name not in _STANZAS or "from" in element.attrs:
        raise TranslationError("$.object.element", "not a stanza of our own")
