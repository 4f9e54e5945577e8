"""Verbs as methods: whoever acts, and where."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

Activity: TypeAlias = dict[str, Any]
"""An ActivityStreams activity in any dialect (docs/reference/dialects.md)."""
Entity: TypeAlias = str | Mapping[str, Any]
"""An id, or an object with ``id``, ``type`` and ``name``."""
Said: TypeAlias = str | Mapping[str, Any]
"""A text, or any object that can be sent."""
Submit: TypeAlias = Callable[[str, Activity], Awaitable[Any]]
"""Submits one event with its data; returns the acknowledgement."""


class Actor:
    """Somebody on a platform, for whom the client speaks."""

    def __init__(self, submit: Submit, platform: str, actor: Entity) -> None:
        self._submit = submit
        self.platform = platform
        self.actor = _entity(actor, "person")

    def activity(self, verb: str, *, target: Mapping[str, Any] | None = None, **members: Any) -> Activity:
        """An activity of this actor; ``members`` are those of the object."""
        said: Activity = {"type": verb, "context": self.platform, "actor": self.actor}
        if target is not None:
            said["target"] = dict(target)
        if members:
            said["object"] = members
        return said

    async def act(self, verb: str, *, target: Mapping[str, Any] | None = None, **members: Any) -> Activity:
        """Any verb; the platform's answer. ``members`` are those of the object."""
        answer: Activity = await self._submit("message", self.activity(verb, target=target, **members))
        return answer

    async def credentials(self, **credentials: Any) -> None:
        """What the platform needs to know before :meth:`connect`."""
        await self._submit("credentials", self.activity("credentials", **{"type": "credentials", **credentials}))

    async def connect(self) -> Activity:
        return await self.act("connect")

    async def disconnect(self) -> Activity:
        return await self.act("disconnect")

    async def update(self, *, target: Mapping[str, Any] | None = None, **members: Any) -> Activity:
        """Something of one's own: presence, a new nickname (with a target)."""
        return await self.act("update", target=target, **members)

    async def query(self, **members: Any) -> Activity:
        return await self.act("query", **members)

    def room(self, room: Entity) -> Room:
        return Room(self, _entity(room, "room"))

    def person(self, person: Entity) -> Target:
        return Target(self, _entity(person, "person"))


class Target:
    """Whom or where an actor speaks to."""

    def __init__(self, actor: Actor, target: Mapping[str, Any]) -> None:
        self.actor = actor
        self.target = target

    async def act(self, verb: str, **members: Any) -> Activity:
        """Any verb; ``members`` are those of the object."""
        return await self.actor.act(verb, target=self.target, **members)

    async def send(self, said: Said) -> Activity:
        """Say a text, or any object that can be sent. A text is a ``note``, as others' messages are then, too."""
        return await self.act("send", **({"type": "note", "content": said} if isinstance(said, str) else said))

    async def update(self, **members: Any) -> Activity:
        return await self.act("update", **members)

    async def query(self, **members: Any) -> Activity:
        return await self.act("query", **members)


class Room(Target):
    """A room or channel."""

    async def join(self, **members: Any) -> Activity:
        return await self.act("join", **members)

    async def leave(self, **members: Any) -> Activity:
        return await self.act("leave", **members)

    async def topic(self, text: str) -> Activity:
        return await self.update(type="topic", content=text)

    async def attendance(self) -> Activity:
        return await self.query(type="attendance")


def _entity(given: Entity, kind: str) -> dict[str, Any]:
    return {"id": given, "type": kind} if isinstance(given, str) else dict(given)
