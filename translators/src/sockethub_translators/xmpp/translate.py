"""Stanzas to activities and back: the tables, and the rules that hold for all kinds.

:func:`to_activity` looks a stanza up by its name, and IQs by their payload; a reader that does not recognise the form
gives None, and the stanza becomes ``xmpp:raw``: nothing is lost and nothing is guessed. :func:`from_activity` looks an
activity up by verb and object type. What the view does not say is the residue, see :mod:`.residue`:

``in``     the stanza had a sender (absent for our own)
``iq``     the type of an IQ
``delta``  what turns the stanza that the view writes into the very stanza
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ..activity import pruned
from ..errors import EncodeError, TranslationError
from . import forwarded, ns
from .element import Element
from .env import Activity, Env
from .errors import get_error
from .frame import OWN, Origin
from .kinds import IQ_READERS, READERS, WRITERS, writer_of
from .raw import check_own, get_raw
from .residue import diff, patch
from .serialize import check

__all__ = ["WIRE", "from_activity", "strip", "to_activity"]

WIRE: Final = "xmpp:wire"
_WIRE_PATH: Final = f"$['{WIRE}']"

_INBOUND: Final = Origin(inbound=True)
_VERBS: Final = frozenset(verb for verb, _ in WRITERS)
_IQ_TYPES: Final = frozenset({"get", "set", "result", "error"})


def to_activity(element: Element, env: Env) -> list[Activity]:
    """The activity that a stanza means, in a list. Total over what :func:`~.parse.decode` gives.

    A stanza without ``from`` is our own.
    """
    wrapped = forwarded.is_wrapper(element)
    origin = _origin(element, wrapped)
    view = _view(element, env, wrapped)
    written = None if view is None else _try_write(view, env, origin)
    if view is None or written is None:
        view = get_raw(element, env)
        written = _write(view, env, origin)
    wire: dict[str, Any] = {}
    if origin.inbound:
        wire["in"] = True
    if origin.type is not None:
        wire["iq"] = origin.type
    if written != element:
        wire["delta"] = diff(written, element)
    view[WIRE] = wire
    return [view]


def _origin(element: Element, wrapped: bool) -> Origin:
    inbound = wrapped or "from" in element.attrs
    if element.name != ns.IQ:
        return _INBOUND if inbound else OWN
    kind = element.attrs.get("type")
    return Origin(inbound, kind if kind in _IQ_TYPES else None)


def _view(element: Element, env: Env, wrapped: bool = False) -> Activity | None:
    inner = forwarded.unwrap(element, env) if wrapped else None
    if inner is not None:
        view = None if inner.stanza is None else _view(inner.stanza, env)
        return None if view is None else forwarded.mark(view, inner)
    if element.name == ns.IQ:
        return _view_iq(element, env)
    read = READERS.get(element.name)
    return None if read is None else read(element, env)


def _view_iq(element: Element, env: Env) -> Activity | None:
    if element.attrs.get("type") == "error":
        return get_error(element, env)
    for child in element.elements():
        read = IQ_READERS.get(child.name)
        if read is not None:
            return read(element, env)
    return IQ_READERS[""](element, env)


def _try_write(view: Activity, env: Env, origin: Origin) -> Element | None:
    """The view, written; None where it says something that cannot be: readers are generous, writers judge."""
    try:
        return _write(view, env, origin)
    except TranslationError:
        return None


def _write(activity: Activity, env: Env, origin: Origin) -> Element:
    if origin.inbound and forwarded.is_marked(activity):
        return forwarded.wrap(_write_one(activity, env, _INBOUND), activity, env)
    return _write_one(activity, env, origin)


def _write_one(activity: Activity, env: Env, origin: Origin) -> Element:
    verb = activity.get("type")
    if not isinstance(verb, str) or verb not in _VERBS:
        raise TranslationError("$.type", "missing or not a string" if not isinstance(verb, str) else "unknown verb")
    obj = activity.get("object")
    kind = obj.get("type") if isinstance(obj, dict) else None
    write = writer_of(activity, verb, kind if isinstance(kind, str) else None)
    if write is None:
        if obj is None or isinstance(obj, dict):
            raise TranslationError("$.object.type", "missing" if kind is None else f"nothing that XMPP can {verb}")
        raise TranslationError("$.object", "not an object")
    return write(activity, env, origin)


def from_activity(activity: Activity | Sequence[Activity], env: Env) -> list[Element]:
    """The stanzas that an activity, or several in order, become.

    Without residue: what a client sends, without ``from``. With residue (what :func:`to_activity` gave, possibly
    edited): the stanza it came from, as the view now has it. Raises :class:`TranslationError` with the place; every
    stanza returned can be encoded.
    """
    if isinstance(activity, dict):
        return [_one(activity, env)]
    return [_one(each, env) for each in activity]


def _one(activity: Any, env: Env) -> Element:
    if not isinstance(activity, dict):
        raise TranslationError("$", "not an object")
    wire = activity.get(WIRE)
    if wire is None:
        if "error" in activity:
            raise TranslationError("$.error", "an error is a report, not a request")
        written = _write(activity, env, OWN)
        if activity.get("type") == "xmpp:raw":
            check_own(written, env)
            _check(written)
        return written
    origin = _origin_of(wire)
    written = _write(activity, env, origin)
    patched = patch(written, wire.get("delta", {}), f"{_WIRE_PATH}.delta")
    if patched is not written or activity.get("type") == "xmpp:raw":
        _check(patched)
    return patched


def _origin_of(wire: Any) -> Origin:
    if not isinstance(wire, dict):
        raise TranslationError(_WIRE_PATH, "not an object")
    kind = wire.get("iq")
    if kind is not None and (not isinstance(kind, str) or kind not in _IQ_TYPES):
        raise TranslationError(f"{_WIRE_PATH}.iq", "not a type of IQ")
    return Origin(wire.get("in") is True, kind, kept=True)


def _check(element: Element) -> None:
    """What the residue brought can be encoded."""
    try:
        check(element)
    except EncodeError as error:
        raise TranslationError(f"{_WIRE_PATH}.delta", str(error)) from None


def strip(activity: Activity, *, ext: bool = False) -> Activity:
    """A copy without the residue; with ``ext`` also without the ``xmpp:*`` extensions, at any depth."""
    if not ext:
        return {key: value for key, value in activity.items() if key != WIRE}
    stripped: Activity = pruned(activity, lambda key: key.startswith("xmpp:"))
    return stripped
