"""Which message of a room is meant: for rooms by the id that the room gave it, for clients by the one it was sent with.

A reply (XEP-0461 §4.1), a reaction (XEP-0444 §4.2), a marker (XEP-0333 §4) and a retraction (XEP-0424 §5.1) in a room
name the message by the room's ``stanza-id`` (XEP-0359), since senders' ids may be anything. A client need not know: it
refers to the ``id`` of the message, as everywhere. The last messages are remembered, and both ways are translated.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from sockethub_translators import xmpp

__all__ = ["MAX_MESSAGES", "References"]

MAX_MESSAGES: Final = 1_000
"""Messages remembered, in all rooms together; what is older is referred to by the room's id."""


class References:
    """Follows what is said in rooms."""

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[str, str], str] = OrderedDict()
        """By the room and its id: the sender's."""
        self._given: dict[tuple[str, str], str] = {}
        """By the room and the sender's id: the room's."""

    def follow(self, activity: xmpp.Activity) -> xmpp.Activity:
        """Take in what was heard; the activity as a client reads it."""
        if activity["type"] == "collection":
            return {**activity, "items": [self.follow(item) for item in activity["items"]]}
        room, obj = _room_of(activity), activity.get("object")
        if room is None or not isinstance(obj, dict):
            return activity
        self._note(room, activity, obj)
        return self._with(activity, obj, lambda id_: self._sent.get((room, id_), id_))

    def told_before(self, activity: xmpp.Activity) -> bool:
        """Whether a room says again what it has said: to us, as to all who enter (XEP-0045 §7.2.13)."""
        room, obj = _room_of(activity), activity.get("object")
        if room is None or not isinstance(obj, dict) or activity.get("xmpp:delay", {}).get("from") != room:
            return False
        return obj.get("xmpp:stanza-id-by") == room and (room, obj.get("xmpp:stanza-id")) in self._sent

    def meant(self, activity: xmpp.Activity) -> xmpp.Activity:
        """An activity of the client, as the room reads it."""
        room, obj = _room_of(activity), activity.get("object")
        if room is None or not isinstance(obj, dict):
            return activity
        return self._with(activity, obj, lambda id_: self._given.get((room, id_), id_))

    def _note(self, room: str, activity: xmpp.Activity, obj: dict[str, Any]) -> None:
        sent = obj.get("id")
        if activity["type"] != "send" or not isinstance(sent, str):
            return
        given = obj.get("xmpp:stanza-id") if obj.get("xmpp:stanza-id-by") == room else None
        given = given or activity.get("xmpp:archive", {}).get("id")
        if not isinstance(given, str) or (room, given) in self._sent:
            return
        if len(self._sent) >= MAX_MESSAGES:
            (place, _), old = self._sent.popitem(last=False)
            self._given.pop((place, old), None)
        self._sent[room, given] = sent
        self._given[room, sent] = given

    @staticmethod
    def _with(activity: xmpp.Activity, obj: dict[str, Any], translate: Any) -> xmpp.Activity:
        about = obj.get("inReplyTo")
        if isinstance(about, dict) and isinstance(about.get("id"), str):
            return {**activity, "object": {**obj, "inReplyTo": {**about, "id": translate(about["id"])}}}
        if activity["type"] == "delete" and obj.get("type") == "message" and isinstance(obj.get("id"), str):
            return {**activity, "object": {**obj, "id": translate(obj["id"])}}
        return activity


def _room_of(activity: xmpp.Activity) -> str | None:
    target = activity.get("target")
    if not isinstance(target, dict) or target.get("type") != "room":
        return None
    return target["id"] if isinstance(target.get("id"), str) else None
