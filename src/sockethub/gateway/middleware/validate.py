"""Refuses what its platform's schema does not allow."""

from __future__ import annotations

from sockethub.errors import ValidationFailed
from sockethub.gateway.command import Command
from sockethub.gateway.pipeline import Middleware


class Validate(Middleware):
    """The platform's declared verbs, then its JSON Schemas."""

    async def process(self, command: Command) -> None:
        platform, activity = command.platform, command.activity
        if platform is None or activity is None:
            return
        if command.event == "credentials":
            if platform.credentials is None:
                raise ValidationFailed(platform.id, "", "this platform needs no credentials")
            platform.credentials.check(activity)
            return
        platform.require_verb(activity["type"])
        platform.messages.check(activity)
