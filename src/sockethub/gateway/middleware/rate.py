"""Refuses the events of a client that sends too many, for a while."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from sockethub.errors import RateLimited
from sockethub.gateway.command import Command
from sockethub.gateway.pipeline import Middleware

BLOCKED: Final = "rate limit exceeded, temporarily blocked"


@dataclass(slots=True)
class _Window:
    """Events since ``started``; nothing passes before ``blocked_until``."""

    started: float
    events: int = 0
    blocked_until: float = 0.0


class Rate(Middleware):
    """``gateway.rate``: so many events within so many seconds. Each refused event is answered with the error.

    When a block begins, the client is also told once by an ``error`` event, as existing clients expect.
    """

    NOTE: Final = "sockethub.rate"

    async def process(self, command: Command) -> None:
        now = time.monotonic()
        window: _Window = command.session.notes.setdefault(self.NOTE, _Window(now))
        rate = self.context.gateway.rate
        if now < window.blocked_until:
            raise RateLimited(BLOCKED)
        if now - window.started >= rate.seconds:
            window.started, window.events = now, 0
        window.events += 1
        if window.events > rate.events:
            window.blocked_until = window.started = now + rate.block_seconds
            window.events = 0
            command.session.transport.deliver("error", server_error(BLOCKED))
            raise RateLimited(BLOCKED)


def server_error(summary: str) -> dict[str, object]:
    """What an ``error`` event carries: something between server and client, not about one activity."""
    from sockethub_translators.dialects import context_array

    return {
        "type": "Error",
        "@context": context_array("error"),
        "actor": {"type": "Application", "name": "sockethub-server"},
        "summary": summary,
    }
