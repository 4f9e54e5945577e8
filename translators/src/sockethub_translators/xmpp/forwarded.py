"""Stanzas inside stanzas: carbons (XEP-0280) and archive results (XEP-0313), both by XEP-0297.

The inner stanza's activity is given, and says how it came: ``xmpp:carbon`` is ``sent`` or ``received``;
``xmpp:archive`` is ``{"id", "queryid"?}``. Only our own account may send carbons, and only our own account or a room
its archive (CVE-2017-5589): any other such stanza means nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from .element import Element
from .env import Activity, Env
from .frame import Origin

__all__ = ["Inner", "is_marked", "mark", "origin_of", "unwrap", "wrap"]


class Inner(NamedTuple):
    """What was forwarded; ``stanza`` is None where it must not be believed."""

    stanza: Element | None


def unwrap(element: Element, env: Env) -> Inner | None:
    """The forwarded stanza; None where the stanza forwards none."""
    return None


def mark(view: Activity, inner: Inner) -> Activity:
    """The view of the inner stanza, saying how it came."""
    return view


def is_marked(activity: Activity) -> bool:
    return False


def origin_of(activity: Activity) -> Origin:
    """The origin of the inner stanza."""
    return Origin(True)


def wrap(inner: Element, activity: Activity, env: Env) -> Element:
    """The stanza that forwards ``inner``."""
    return inner
