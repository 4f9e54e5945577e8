"""Everything that can go wrong, by whose fault it is.

::

    SockethubError
    ├── ConfigError            the operator: the declaration cannot be used
    ├── ClientError            the client: the command is refused, nothing was queued
    │   ├── MalformedMessage       not an activity at all
    │   ├── ValidationFailed       violates a schema; names the JSON path
    │   ├── UnknownPlatform        not declared in this deployment
    │   ├── UnsupportedVerb        the platform does not speak this verb
    │   ├── CredentialsMissing     no credentials for this actor in this session
    │   ├── Unauthenticated        what it shows does not say who it is
    │   ├── RateLimited            too many events
    │   └── MessageTooLarge        over the declared size
    ├── PlatformError          the remote service, or the way to it: it said no
    │   └── NotConnected           the login has no connection now
    ├── QueueError             the queue: full, or Redis cannot be reached
    │   ├── QueueFull
    │   ├── QueueUnavailable
    │   ├── Restarting         the gateway is about to end
    │   └── QueueLost
    ├── OutcomeUnknown         the command may or may not have had its effect
    ├── MiddlewareFailed       the operator: a middleware of theirs has a bug
    └── CryptoError            a record is not what it claims to be, or a key is wrong

The text of a :class:`ClientError` or :class:`PlatformError` is shown to the person at the client: it says what is
wrong, where, and what to do, and holds no secret.
"""

from __future__ import annotations

from collections.abc import Iterator


class SockethubError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigError(SockethubError):
    """The declaration cannot be used; the text names file, line, key and remedy."""


class ClientError(SockethubError):
    """The client's command is refused; the text goes into the ``error`` member of its acknowledgement."""


class MalformedMessage(ClientError):
    """What arrived is not an activity."""


class ValidationFailed(ClientError):
    """An activity violates its schema.

    ``path`` is a JSON pointer (RFC 6901) into what the client sent, ``""`` for the whole.
    """

    def __init__(self, platform: str, path: str, expectation: str) -> None:
        super().__init__(f"[{platform}] {path or 'activity stream'}: {expectation}")
        self.path = path


class UnknownPlatform(ClientError):
    """The platform is not declared in this deployment."""


class UnsupportedVerb(ClientError):
    """The platform does not speak this verb."""


class CredentialsMissing(ClientError):
    """The session has no credentials for this platform and actor."""


class Unauthenticated(ClientError):
    """The client does not show who it is, or what it shows does not hold."""


class RateLimited(ClientError):
    """The client sends more events than the declaration allows."""


class MessageTooLarge(ClientError):
    """The message is larger than the declaration allows."""


class PlatformError(SockethubError):
    """The remote service refused, or could not be reached.

    ``condition`` is a short stable name for programs (``nickname-in-use``, ``connection-refused``), the text is for
    people.
    """

    def __init__(self, text: str, *, condition: str = "refused") -> None:
        super().__init__(text)
        self.condition = condition


class NotConnected(PlatformError):
    """The login has no connection to its service at this moment."""

    def __init__(self, text: str) -> None:
        super().__init__(text, condition="not-connected")


class QueueError(SockethubError):
    """A job could not be put on its queue; nothing happened, but for :class:`QueueLost`."""


class QueueFull(QueueError):
    """The queue is at its declared length."""


class QueueUnavailable(QueueError):
    """Redis cannot be reached, or refuses to write."""


class Restarting(QueueError):
    """The gateway is about to end; nothing happened, and it may be sent again to the one that comes after it."""

    def __init__(self) -> None:
        super().__init__("the gateway is restarting; send it again when you are connected again")


class QueueLost(QueueError):
    """Redis was lost while it was given the job: whether it is on its queue is not known."""


class OutcomeUnknown(SockethubError):
    """The command may or may not have had its effect; it is not repeated."""


class MiddlewareFailed(SockethubError):
    """A middleware raised what it should not have; its command is refused, and the log says more."""


class CryptoError(SockethubError):
    """A sealed record was altered, moved or made with another key; or a key is missing or malformed."""


def leaves(error: BaseException) -> Iterator[BaseException]:
    """What a group of errors is made of, however deep; an error that is none, itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error
