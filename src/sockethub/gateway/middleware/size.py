"""Refuses what is larger than the declaration allows, in bytes; transports refuse what is far larger unread."""

from __future__ import annotations

from sockethub.errors import MessageTooLarge
from sockethub.gateway.command import Command
from sockethub.gateway.pipeline import Middleware


class Size(Middleware):
    """``gateway.max_message_bytes``."""

    async def process(self, command: Command) -> None:
        limit = self.context.gateway.max_message_bytes
        if command.size > limit:
            raise MessageTooLarge(f"the message has {command.size} bytes, at most {limit} are allowed")
