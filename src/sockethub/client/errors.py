"""What a client raises.

::

    SockethubError
    ├── CommandError           the gateway or the service refused it: nothing happened
    ├── NotSentError           it never left this client: nothing happened
    ├── OutcomeUnknownError    it may or may not have taken effect, and nobody can know
    └── OverrunError           what was told came faster than it was read; some of it is gone
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_POINTER: Final = re.compile(r"(?:\[[^\]]*\] )?(/[^\s:]*):")


class SockethubError(Exception):
    """Base of every error of this client; ``activity`` is what was submitted, or the gateway's answer to it."""

    def __init__(self, text: str, activity: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.activity = activity


class CommandError(SockethubError):
    """The gateway or the service refused it: nothing happened."""

    @property
    def pointer(self) -> str | None:
        """The JSON pointer (RFC 6901) that the text names, if it does."""
        found = _POINTER.match(str(self))
        return found[1] if found else None


class NotSentError(SockethubError):
    """It never left this client: offline for too long, too much waits, the client is closed."""


class OutcomeUnknownError(SockethubError):
    """It may or may not have taken effect; it is not repeated."""


class OverrunError(SockethubError):
    """More was told than is kept for somebody who does not read."""
