"""Monitoring: how many clients there are, and how each command ended; numbers, never content."""

from __future__ import annotations

import time
from collections import Counter

import structlog

from sockethub.gateway.command import Command
from sockethub.gateway.pipeline import Middleware, MiddlewareContext, Outcome
from sockethub.sessions.session import Session


class Counting(Middleware):
    """First in the pipeline, so that it sees what others refuse; it is told the outcome wherever it stands."""

    def __init__(self, context: MiddlewareContext) -> None:
        super().__init__(context)
        self.clients = 0
        self.outcomes: Counter[tuple[str, str, Outcome]] = Counter()
        self._log = structlog.get_logger("counting")

    def connected(self, session: Session) -> None:
        self.clients += 1

    def disconnected(self, session: Session) -> None:
        self.clients -= 1
        self._log.info("client gone", clients=self.clients, outcomes=sum(self.outcomes.values()))

    def answered(self, command: Command, outcome: Outcome) -> None:
        platform = command.platform.id if command.platform is not None else ""
        # Names that clients make up would fill the memory: a verb counts where its platform has it.
        type_ = (command.activity or {}).get("type", "")
        known = command.platform is not None and type_ in command.platform.declared.verbs
        key = (platform, type_ if known else command.event, outcome)
        self.outcomes[key] += 1
        milliseconds = round((time.monotonic() - command.began) * 1000)
        self._log.info("answered", platform=platform, verb=key[1], outcome=outcome, milliseconds=milliseconds)
