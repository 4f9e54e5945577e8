"""The pipeline every event of a client passes before anything is done about it, as the declaration lists it.

A middleware of your own is a class with a dotted name in ``gateway.pipeline``::

    class NoShouting(Middleware):
        async def process(self, command: Command) -> None:
            said = (command.activity or {}).get("object") or {}
            if str(said.get("content", "")).isupper():
                raise ClientError("/object/content: please do not shout")

docs/how-to/write-middleware.md is this module for authors.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import structlog

from sockethub.activity.platforms import Platforms
from sockethub.config.gateway import Gateway
from sockethub.errors import ConfigError, MiddlewareFailed, SockethubError
from sockethub.gateway.command import Command
from sockethub.sessions.session import Session

__all__ = ["Activity", "Middleware", "MiddlewareContext", "Outcome", "Outgoing", "Pipeline"]

Activity = dict[str, Any]
"""A canonical activity."""

Outcome = Literal["result", "error", "unknown"]

Outgoing = Callable[[Session, Activity], Activity | None]
"""All of the pipeline that activities pass on their way to a client."""


@dataclass(slots=True)
class MiddlewareContext:
    """What a middleware is made from: the declaration's section ``gateway``, the platforms, and its own options.

    Look things up here each time: ``gateway`` is another one after a reload.
    """

    gateway: Gateway
    platforms: Platforms
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What ``gateway.middleware`` has under its dotted name; it checks them itself."""


class Middleware:
    """One step. Made once for the gateway; state of one client belongs into ``session.notes``.

    Each method does nothing unless it is overridden, and costs nothing then. What they raise beyond
    :class:`~sockethub.errors.ClientError` is a bug: it is logged, and told as a failure of the gateway. Raise
    :class:`~sockethub.errors.ConfigError` from ``__init__`` for options that cannot be used.
    """

    def __init__(self, context: MiddlewareContext) -> None:
        self.context = context

    async def process(self, command: Command) -> None:
        """Let ``command`` pass by returning, refuse it by raising :class:`~sockethub.errors.ClientError`.

        May replace ``command.activity`` by another canonical activity. The events of one client wait for each other
        here, those of others do not: whatever takes long needs a deadline of its own.
        """

    def connected(self, session: Session) -> None:
        """A client has come. Does not wait."""

    def disconnected(self, session: Session) -> None:
        """A client is gone for good; called once. Does not wait."""

    def answered(self, command: Command, outcome: Outcome) -> None:
        """The client was told how ``command`` ended; called once, unless it was gone by then. Does not wait."""

    def outgoing(self, session: Session, activity: Activity) -> Activity | None:
        """What a login tells, or a command results in, on its way to one client: pass it on, or another, or None.

        The activity is shared: return a changed copy. Of an event, None is not sent to this client; of a result, the
        command is acknowledged without it. Does not wait.
        """
        return activity


class Pipeline:
    """The declared middleware in its order; outwards it is the other way round."""

    def __init__(self, steps: Sequence[Middleware], contexts: Sequence[MiddlewareContext] = ()) -> None:
        self._contexts = contexts
        self._processing = _overriding(steps, "process")
        self._connected = _overriding(steps, "connected")
        self._disconnected = _overriding(steps, "disconnected")
        self._answered = _overriding(steps, "answered")
        self._outgoing = _overriding(steps, "outgoing")[::-1]
        self._log = structlog.get_logger(__name__)

    @classmethod
    def load(cls, context: MiddlewareContext) -> Pipeline:
        """Import what ``gateway.pipeline`` names; raises :class:`~sockethub.errors.ConfigError`."""
        names, given = context.gateway.pipeline, context.gateway.middleware
        contexts = [MiddlewareContext(context.gateway, context.platforms, given.get(name, {})) for name in names]
        return cls([_load(name)(each) for name, each in zip(names, contexts, strict=True)], contexts)

    def redeclare(self, gateway: Gateway) -> None:
        """From now on this is declared, of what can change (:mod:`sockethub.config.reload`)."""
        for context in self._contexts:
            context.gateway = gateway

    async def process(self, command: Command) -> None:
        """Every step; raises what the one that refuses raises."""
        for step in self._processing:
            try:
                await step.process(command)
            except SockethubError:
                raise
            except Exception as error:
                self._log.exception("middleware failed", middleware=type(step).__name__)
                raise MiddlewareFailed(f"{type(step).__name__} failed") from error

    def connected(self, session: Session) -> None:
        for step in self._connected:
            self._guarded(step, partial(step.connected, session))

    def disconnected(self, session: Session) -> None:
        for step in self._disconnected:
            self._guarded(step, partial(step.disconnected, session))

    def answered(self, command: Command, outcome: Outcome) -> None:
        for step in self._answered:
            self._guarded(step, partial(step.answered, command, outcome))

    def watching(self, command: Command) -> Callable[[Outcome], None] | None:
        """To be called with how ``command`` ended; None where nobody wants to know."""
        return partial(self.answered, command) if self._answered else None

    @property
    def outgoing(self) -> Outgoing | None:
        """What activities pass on their way to a client; None where that is nothing."""
        return self._pass_out if self._outgoing else None

    def _pass_out(self, session: Session, activity: Activity) -> Activity | None:
        told: Activity | None = activity
        for step in self._outgoing:
            if told is None:
                break
            # Where it fails nothing is told: it may have been there to take something out.
            told = self._guarded(step, partial(step.outgoing, session, told))
        return told

    def _guarded(self, step: Middleware, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception:  # noqa: BLE001 - others' code, in the middle of ours; it is logged
            self._log.exception("middleware failed", middleware=type(step).__name__)
            return None


def _overriding(steps: Sequence[Middleware], method: str) -> tuple[Middleware, ...]:
    return tuple(step for step in steps if getattr(type(step), method) is not getattr(Middleware, method))


def _load(dotted: str) -> type[Middleware]:
    module, _, name = dotted.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"gateway.pipeline: {dotted} cannot be imported: {error}") from None
    if not (isinstance(found, type) and issubclass(found, Middleware)):
        raise ConfigError(f"gateway.pipeline: {dotted} is no subclass of sockethub.gateway.pipeline:Middleware")
    return found
