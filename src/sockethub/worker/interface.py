"""What a platform is to the worker that runs it: the whole of the interface a platform author implements.

A platform names its class in the declaration (``driver: package.module:Class``). A *persistent* platform is
instantiated once per login, in a process of its own, and holds the connection. A *stateless* platform is instantiated
once per pool worker and performs each command on its own. Activities are canonical: plain JSON objects.
docs/reference/platform-interface.md is this module for authors.

Platforms import this module, :mod:`.capabilities` and :mod:`.reconnecting` beside it, :mod:`sockethub.errors`,
:mod:`sockethub.guard` (the way out), :mod:`sockethub.web` (HTTP through it), :mod:`sockethub.commons` and translators;
nothing else of Sockethub.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Protocol, TypeVar

from anyio.abc import TaskGroup

from sockethub.commons import ALONE, Commons
from sockethub.errors import PlatformError
from sockethub.guard import Reach

__all__ = [
    "Activity",
    "Commons",
    "Journal",
    "Log",
    "LoginContext",
    "PersistentPlatform",
    "PlatformContext",
    "Reach",
    "StatelessPlatform",
    "verb",
]

Activity = dict[str, Any]
"""A canonical activity."""


Journal = Callable[[], Awaitable[None]]


async def unjournalled() -> None:
    """Where what happens is no command's effect, or nobody asks whether it was."""


class Log(Protocol):
    """The part of a structlog logger that platforms use: an event name and key-value pairs, never content."""

    def debug(self, event: str, **fields: object) -> None: ...
    def info(self, event: str, **fields: object) -> None: ...
    def warning(self, event: str, **fields: object) -> None: ...


@dataclass(frozen=True, slots=True)
class PlatformContext:
    """What the worker gives every platform."""

    platform: str
    options: Mapping[str, Any]
    """The declaration's ``options``, valid by the platform's own option schema."""
    reach: Reach
    log: Log
    commons: Commons = field(default=ALONE, kw_only=True)
    """What a stateless platform's processes share; a login has one process, and shares nothing."""


@dataclass(frozen=True, slots=True)
class LoginContext(PlatformContext):
    """What the worker gives a persistent platform.

    ``emit`` sends an activity to every client attached to the login; it does not wait for them.
    ``identify`` tells which actor id the login now has (a nick may change under way).
    ``save`` stores, sealed, what the user has asked for (``{"joins": […]}``, small JSON), so that a replacement
    after a crash can restore it; it is handed back to :meth:`PersistentPlatform.connect`.
    ``lost`` tells that the connection is gone for good; the worker informs the clients and ends.
    ``journal`` writes down that the command under way begins to take effect: a platform that ``journals`` awaits it
    right before the first byte of a command goes out. It raises :class:`~sockethub.errors.PlatformError` where that
    must not be.
    ``tasks`` owns every background task of the platform and is cancelled when the worker ends.
    """

    emit: Callable[[Activity], None]
    identify: Callable[[str], None]
    save: Callable[[Mapping[str, Any]], Awaitable[None]]
    lost: Callable[[str], None]
    tasks: TaskGroup
    journal: Journal = unjournalled


_Method = TypeVar("_Method", bound=Callable[..., Awaitable[Activity | None]])
_MARK: Final = "_sockethub_verbs"


def verb(*names: str) -> Callable[[_Method], _Method]:
    """Marks the method of a platform that performs activities of these types.

    It is given the activity, its own copy, and answers as :meth:`Platform.perform`::

        class Weather(StatelessPlatform):
            @verb("fetch")
            async def forecast(self, activity: Activity) -> Activity | None: ...
    """

    def marked(method: _Method) -> _Method:
        setattr(method, _MARK, names)
        return method

    return marked


class Platform:
    """What both kinds of platform have in common: verbs, performed by the methods that :func:`verb` marks."""

    methods: ClassVar[Mapping[str, str]] = {}
    """The name of the method that performs a verb, by the verb; a subclass has those of its bases, too."""

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        own = {each: name for name, method in vars(cls).items() for each in getattr(method, _MARK, ())}
        cls.methods = {**cls.methods, **own}

    @classmethod
    def warm_up(cls) -> None:
        """Called once in the fork server, before anything is performed: import and touch all that will be needed.

        No threads, open sockets or secrets may be left behind.
        """

    async def perform(self, activity: Activity) -> Activity | None:
        """Do what one activity asks, and return when the service has confirmed it.

        Returns the result, or None when the submitted activity says it all. Raises
        :class:`~sockethub.errors.PlatformError` when the service refuses, and
        :class:`~sockethub.errors.OutcomeUnknown` when it was sent but never confirmed. Whatever else it raises is taken
        for a bug. May be cancelled at any point where it waits.

        Calls the method that is marked for the activity's ``type``, and refuses any other (``unsupported``); a platform
        whose verbs are no methods of its own overrides it.
        """
        method = self.methods.get(activity["type"])
        if method is None:
            raise PlatformError("this platform does nothing of this type", condition="unsupported")
        result: Activity | None = await getattr(self, method)(activity)
        return result


class PersistentPlatform(Platform, ABC):
    """A platform with one connection, and one process, per login.

    Commands are performed one at a time, in the order the client sent them. What a ``query`` found is also emitted, for
    all to hear.
    """

    connects_on_demand: ClassVar[bool] = False
    """Whether the worker connects with the first command, so that clients need not send ``connect``.

    For services that are asked with credentials and tell nothing on their own: a calendar, a mailbox.
    """

    journals: ClassVar[bool] = False
    """Whether :meth:`perform` awaits the context's ``journal`` before it has any effect.

    When its process dies, a command that was not journalled is then performed by the next one; without it, each that
    was begun counts as if it had been.
    """

    def __init__(self, context: LoginContext) -> None:
        self.context = context

    @abstractmethod
    async def connect(self, credentials: Mapping[str, Any], restore: Mapping[str, Any] | None) -> Activity | None:
        """Connect and authenticate. ``credentials`` is the canonical credentials activity.

        With ``restore`` (what was last given to ``save``), also re-establish that: joined rooms and the like.
        Called again while connected, it returns at once. Raises :class:`~sockethub.errors.PlatformError`.
        """

    @abstractmethod
    async def disconnect(self, reason: str) -> None:
        """Leave politely. Idempotent; bounded by the worker's deadline."""

    def attended(self, anybody: bool) -> None:
        """Whether a client is attached now; a service may tell less, or later, to one that nobody listens to."""

    @property
    @abstractmethod
    def connected(self) -> bool:
        """Whether the login has a connection now."""


class StatelessPlatform(Platform):
    """A platform that starts fresh for each command; a pool of processes serves all sessions.

    Several commands may be performed at once.
    """

    def __init__(self, context: PlatformContext) -> None:
        self.context = context
