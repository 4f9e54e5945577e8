"""What a login can do, told to its client: services differ, and a page should not offer what one lacks.

After it has connected, a persistent platform emits the activity that :func:`capabilities` makes, and again when the
service has changed its mind (another server after a reconnection). A client needs no protocol knowledge to read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sockethub.worker.interface import Activity

__all__ = ["Feature", "capabilities"]


class Feature(StrEnum):
    """What a client may ask for beyond ``connect``, ``join``, ``leave`` and ``send``; one name for all protocols."""

    ATTENDANCE = "attendance"
    """``query`` of the people in a room."""
    BLOCK = "block"
    """``add`` and ``remove`` of a block."""
    BOOKMARK = "bookmark"
    """``add``, ``remove`` and ``query`` of rooms that the service remembers."""
    EDIT = "edit"
    """``update`` of a message of ours."""
    DELETE = "delete"
    """``delete`` of a message of ours."""
    HISTORY = "history"
    """``query`` of what was said before."""
    INVITE = "invite"
    MARKER = "marker"
    """``update`` of how far we have read."""
    MODERATE = "moderate"
    """``remove`` of people from a room, and their roles, where we have the right."""
    MULTILINE = "multiline"
    """Line breaks in a message arrive as such, in one message."""
    NICK = "nick"
    """``update`` of our own name."""
    PRESENCE = "presence"
    """``update`` of whether we are here."""
    PROFILE = "profile"
    """``query`` of what a person says of themselves."""
    REACTION = "reaction"
    RECEIPT = "receipt"
    REPLY = "reply"
    """``inReplyTo`` of a message reaches the others."""
    ROOM_INFO = "room-info"
    ROOM_LIST = "room-list"
    ROSTER = "roster"
    """Contacts that the service keeps, and the friend verbs."""
    TOPIC = "topic"
    TYPING = "typing"
    WATCH = "watch"
    """``request-friend``: to be told when a person comes and goes."""
    UPLOAD = "upload"
    """``query`` of a slot to upload a file to."""


def capabilities(platform: str, actor: dict[str, Any], service: dict[str, Any], features: Iterable[str]) -> Activity:
    """The ``update`` that tells what ``actor`` can do at ``service``: ``features`` is sorted, each of them once.

    >>> made = capabilities("irc", {"id": "me@irc.example"}, {"id": "irc.example"}, [Feature.TOPIC, Feature.NICK])
    >>> made["object"]
    {'type': 'capabilities', 'features': ['nick', 'topic']}
    """
    return {
        "context": platform,
        "type": "update",
        "actor": service,
        "target": actor,
        "object": {"type": "capabilities", "features": sorted({str(each) for each in features})},
    }
