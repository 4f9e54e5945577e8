"""Validation: only some rooms may be entered or spoken to. Behind ``Validate``, whose word on the form it relies on."""

from __future__ import annotations

from sockethub.errors import ClientError, ConfigError
from sockethub.gateway.command import Command
from sockethub.gateway.pipeline import Middleware, MiddlewareContext


class AllowedRooms(Middleware):
    """Options: ``rooms``, ids as clients write them in the canonical form, such as ``#help@irc.example``."""

    def __init__(self, context: MiddlewareContext) -> None:
        super().__init__(context)
        rooms = context.options.get("rooms")
        if not isinstance(rooms, list) or not all(isinstance(room, str) for room in rooms):
            raise ConfigError("gateway.middleware: AllowedRooms needs `rooms`, a list of their ids")
        self._rooms = frozenset(rooms)

    async def process(self, command: Command) -> None:
        target = (command.activity or {}).get("target") or {}
        if target.get("type") == "room" and target["id"] not in self._rooms:
            raise ClientError(f"/target/id: must be one of: {', '.join(sorted(self._rooms))}")
