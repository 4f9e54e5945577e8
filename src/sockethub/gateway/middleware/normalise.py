"""Reads the client's dialect into the canonical form that is used from here on."""

from __future__ import annotations

from typing import Any

from sockethub.activity.platforms import CREDENTIALS
from sockethub.errors import MalformedMessage
from sockethub.gateway.command import Command
from sockethub.gateway.pipeline import Middleware


class Normalise(Middleware):
    """Fills ``command.platform`` and ``command.activity``."""

    async def process(self, command: Command) -> None:
        if command.event not in ("message", "credentials"):
            return
        session, raw = command.session, command.raw
        command.platform = self.context.platforms.get(session.speech.platform_of(raw))
        platform = command.platform.id
        server = _own_server(raw) if command.event == "credentials" else session.server(platform, _actor_id(raw))
        activity = session.speech.read(raw, platform, server)
        if (command.event == "credentials") != (activity["type"] == CREDENTIALS):
            raise MalformedMessage("/type: an activity with credentials, and no other, goes by the event `credentials`")
        command.activity = activity


def _own_server(raw: dict[str, Any]) -> str:
    """The server that credentials name: ids said beside them belong to it."""
    given = raw.get("object")
    server = given.get("server") if isinstance(given, dict) else None
    return server if isinstance(server, str) else ""


def _actor_id(raw: dict[str, Any]) -> str:
    actor = raw.get("actor")
    found = (actor.get("id") or actor.get("@id")) if isinstance(actor, dict) else actor
    return found if isinstance(found, str) else ""
