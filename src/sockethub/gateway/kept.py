"""Sessions that outlive their connection: those whose clients have asked to be able to come back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

from sockethub.crypto import Secret
from sockethub.gateway.channel import Channel, Close, Connection, Keeping
from sockethub.gateway.commands import Commands
from sockethub.sessions.session import Session

__all__ = ["OVERFLOW", "UNKNOWN", "Kept", "KeptSessions"]

UNKNOWN: Final = "unknown"
"""No such session, or not any more, or not with this token."""
OVERFLOW: Final = "overflow"
"""More was missed than is kept; the session is over."""
WRONG_OFFSET: Final = "offset is not the number of a frame that you were sent"

_NOBODY: Final = Secret("a token that nobody has, to compare with where there is none")


@dataclass(slots=True)
class Kept:
    """A session that may be resumed; ``expiry`` while it has no connection."""

    session: Session
    channel: Channel
    expiry: asyncio.TimerHandle | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Events of one session are handled one after the other."""
    waiting: int = 0
    """Requests that wait for their turn."""
    by_token: bool = False
    """Its user has shown a token, and was given the session's own to show from then on (HTTP)."""


class KeptSessions:
    """Those of this gateway, by their ids."""

    def __init__(self, commands: Commands, keeping: Keeping) -> None:
        self._commands = commands
        self.keeping = keeping
        self._kept: dict[str, Kept] = {}

    @property
    def enabled(self) -> bool:
        return self.keeping.seconds > 0

    def keep(self, session: Session, channel: Channel) -> dict[str, Any]:
        """From now on the session can be resumed; what its client has to know for that."""
        token = channel.keep(self.keeping)
        self._kept.setdefault(session.id, Kept(session, channel))
        return {
            "session": session.id,
            "token": token.reveal(),
            "offset": channel.last,
            "seconds": self.keeping.seconds,
        }

    def find(self, session: Any, token: Any) -> Kept | None:
        """The session, if the token is its own. Takes as long where there is none."""
        kept = self._kept.get(session) if isinstance(session, str) else None
        known = _NOBODY if kept is None or kept.channel.token is None else kept.channel.token
        right = known == Secret(token if isinstance(token, str) and token.isascii() else "")
        return kept if right else None

    def obstacle(self, kept: Kept, offset: Any) -> str | None:
        """Why a client that has seen all up to ``offset`` cannot resume; None when it can."""
        channel = kept.channel
        if not isinstance(offset, int) or isinstance(offset, bool) or not 0 <= offset <= channel.last:
            return WRONG_OFFSET
        if channel.missed(offset) is None:
            self.end(kept.session.id)
            return OVERFLOW
        return None

    def resume(self, kept: Kept, offset: int, connection: Connection) -> bool:
        """Reach the session's client by ``connection``, which is given what came after ``offset``.

        False where that cannot be any more: the session is over, or too much was missed.
        """
        if kept.session.id not in self._kept or self.obstacle(kept, offset) is not None:
            return False
        if kept.expiry is not None:
            kept.expiry.cancel()
            kept.expiry = None
            self._commands.back(kept.session)
        kept.channel.attach(connection, offset)
        return True

    def leave(self, session: Session, channel: Channel, connection: Connection) -> None:
        """A connection is gone; its session stays for a while where the client has asked for that."""
        if not channel.detach(connection):
            return
        kept = self._kept.get(session.id)
        if kept is None:
            self._commands.disconnect(session)
        else:
            self.wait_for(kept)

    def wait_for(self, kept: Kept) -> None:
        """Keep a session without a connection, counted from now."""
        if kept.expiry is None:
            oldest = self._commands.away(kept.session)
            if oldest is not None and oldest is not kept.session:
                self.end(oldest.id)
        else:
            kept.expiry.cancel()
        kept.expiry = asyncio.get_running_loop().call_later(self.keeping.seconds, self.end, kept.session.id)

    def end(self, session: str) -> None:
        """A session is over. Idempotent."""
        kept = self._kept.pop(session, None)
        if kept is not None:
            if kept.expiry is not None:
                kept.expiry.cancel()
            kept.channel.close(Close.OVER, "the session is over")
            self._commands.disconnect(kept.session)

    def forget(self, session: str) -> None:
        """A session shall end with its connection after all."""
        self._kept.pop(session, None)

    def finish_all(self, code: int, reason: str) -> None:
        """Close the connections of all, once their clients have what they were sent."""
        for kept in self._kept.values():
            kept.channel.finish(code, reason)

    def close_all(self, code: int, reason: str) -> None:
        """Close the connections of all now."""
        for kept in self._kept.values():
            kept.channel.close(code, reason)

    def end_all(self) -> None:
        """The gateway is about to stop."""
        for session in list(self._kept):
            self.end(session)
