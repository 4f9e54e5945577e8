"""The pipeline every event of a client passes before anything is done about it, as the declaration lists it.

A middleware of your own is a class with a dotted name in ``gateway.pipeline``::

    class NoShouting(Middleware):
        async def process(self, command: Command) -> None:
            said = (command.activity or {}).get("object") or {}
            if str(said.get("content", "")).isupper():
                raise ClientError("/object/content: please do not shout")
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from sockethub.activity.platforms import Platforms
from sockethub.config.models import Gateway
from sockethub.errors import ConfigError
from sockethub.gateway.command import Command


@dataclass(frozen=True, slots=True)
class MiddlewareContext:
    """What a middleware is made from: the declaration's section ``gateway``, and the platforms."""

    gateway: Gateway
    platforms: Platforms


class Middleware(ABC):
    """One step. Made once for the gateway; state of one client belongs into ``command.session.notes``."""

    def __init__(self, context: MiddlewareContext) -> None:
        self.context = context

    @abstractmethod
    async def process(self, command: Command) -> None:
        """Let ``command`` pass by returning, refuse it by raising :class:`~sockethub.errors.ClientError`.

        May replace ``command.activity`` by another canonical activity. The events of one client wait for each other
        here, those of others do not: whatever takes long needs a deadline of its own.
        """


class Pipeline:
    """The declared middleware in its order."""

    def __init__(self, steps: Sequence[Middleware]) -> None:
        self._steps = tuple(steps)

    @classmethod
    def load(cls, context: MiddlewareContext) -> Pipeline:
        """Import what ``gateway.pipeline`` names; raises :class:`~sockethub.errors.ConfigError`."""
        return cls([_load(name)(context) for name in context.gateway.pipeline])

    async def process(self, command: Command) -> None:
        """Every step; raises what the one that refuses raises."""
        for step in self._steps:
            await step.process(command)


def _load(dotted: str) -> type[Middleware]:
    module, _, name = dotted.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"gateway.pipeline: {dotted} cannot be imported: {error}") from None
    if not (isinstance(found, type) and issubclass(found, Middleware)):
        raise ConfigError(f"gateway.pipeline: {dotted} is no subclass of sockethub.gateway.pipeline:Middleware")
    return found
