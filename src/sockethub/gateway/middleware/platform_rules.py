"""What holds for a command besides its schema: credentials first, and not more at once than a client may."""

from __future__ import annotations

from sockethub.gateway.command import Command
from sockethub.gateway.pipeline import Middleware


class PlatformRules(Middleware):
    """A persistent platform acts only for an actor whose credentials the session has given."""

    async def process(self, command: Command) -> None:
        platform, activity = command.platform, command.activity
        if platform is None or activity is None or command.event != "message":
            return
        command.session.admit(command.size)
        if not platform.stateless:
            command.session.binding(platform.id, activity["actor"]["id"])
