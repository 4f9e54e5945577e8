"""XMPP and ActivityStreams: an XML codec, and pure translation both ways."""

from __future__ import annotations

from . import ns
from .element import Element, element
from .env import Activity, Entity, Env
from .translate import from_activity, strip, to_activity

__all__ = ["Activity", "Element", "Entity", "Env", "element", "from_activity", "ns", "strip", "to_activity"]
