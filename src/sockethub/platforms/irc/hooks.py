"""What a session tells its platform: by calls while it lasts, and by how it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sockethub.worker.interface import Log
from sockethub_translators import irc

__all__ = ["ConnectionLost", "Hooks", "TlsWanted"]


class ConnectionLost(Exception):
    """The connection ended, or time ran out (``still_connected``), before the outcome was known."""

    def __init__(self, text: str, *, still_connected: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.still_connected = still_connected


class TlsWanted(Exception):
    """The server is to be spoken to over TLS, at this port (IRCv3 ``sts``)."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.port = port


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a session tells its platform."""

    emit: Callable[[irc.Activity], None]
    renamed: Callable[[], None]
    rooms_changed: Callable[[], None]
    log: Log
