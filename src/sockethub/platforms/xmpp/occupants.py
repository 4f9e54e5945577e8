"""Who is in our rooms, as their presences tell: services need not say it when asked (XEP-0045 §6.5).

Keeps what it is told of, bounded; a room with more people is told of as ``xmpp:truncated``.
"""

from __future__ import annotations

from typing import Any, Final

from sockethub_translators import xmpp

__all__ = ["MAX_OCCUPANTS", "Occupants"]

MAX_OCCUPANTS: Final = 10_000
"""People remembered, in all rooms together: the largest rooms there are, at some 400 bytes each."""

_ABOUT: Final = ("xmpp:affiliation", "xmpp:role", "xmpp:jid", "xmpp:occupant-id")


class Occupants:
    """Follows the activities of rooms."""

    def __init__(self) -> None:
        self._rooms: dict[str, dict[str, dict[str, Any]]] = {}
        self._count = 0
        self._truncated: set[str] = set()

    def follow(self, activity: xmpp.Activity) -> None:
        """Take in what was heard."""
        verb, target = activity["type"], activity.get("target", {})
        kind = activity.get("object", {}).get("type")
        if verb == "leave" and target.get("type") == "room":
            self._drop(target["id"], activity["actor"]["id"])
        elif verb == "update" and kind == "address":
            self._drop(activity["actor"]["id"].partition("/")[0], activity["actor"]["id"])
        elif verb in ("join", "update") and kind == "presence" and target.get("type") == "room":
            self._note(target["id"], activity)

    def _note(self, room: str, activity: xmpp.Activity) -> None:
        about = {key: value for key, value in activity["object"].items() if key != "type"}
        member = {**activity["actor"], **about, **{key: activity[key] for key in _ABOUT if key in activity}}
        people = self._rooms.setdefault(room, {})
        if member["id"] not in people:
            if self._count >= MAX_OCCUPANTS:
                self._truncated.add(room)
                return
            self._count += 1
        people[member["id"]] = member

    def _drop(self, room: str, id_: str) -> None:
        if self._rooms.get(room, {}).pop(id_, None) is not None:
            self._count -= 1

    def forget(self, room: str | None = None) -> None:
        """We have left a room, or all of them."""
        for name in [room] if room is not None else list(self._rooms):
            self._count -= len(self._rooms.pop(name, {}))
            self._truncated.discard(name)

    def attendance(self, room: str, env: xmpp.Env) -> xmpp.Activity:
        """Who is in a room that we are in."""
        activity: xmpp.Activity = {
            "context": "xmpp",
            "type": "query",
            "actor": {"id": room, "type": "room"},
            "target": {"id": env.bare, "type": "person"},
            "object": {"type": "attendance", "members": list(self._rooms.get(room, {}).values())},
        }
        if room in self._truncated:
            activity["xmpp:truncated"] = True
        return activity
