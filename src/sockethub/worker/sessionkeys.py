"""The session keys that a worker has unwrapped last: each job brings its own once more, and unwrapping takes a third of
opening it."""

from __future__ import annotations

from typing import Final

from sockethub.crypto import Secret
from sockethub.jobs import Envelope

__all__ = ["SessionKeys"]

MOST: Final = 1_024
"""Sessions of which a worker keeps the key, 0.4 MiB; those beyond are unwrapped again. A login has a few."""


class SessionKeys:
    """Of one worker."""

    def __init__(self, login_key: Secret[bytes]) -> None:
        self._login_key = login_key
        self._known: dict[tuple[str, str, bytes], Secret[bytes]] = {}

    def of(self, envelope: Envelope) -> bytes:
        """The key of the session that ``envelope`` is of; raises :class:`~sockethub.errors.CryptoError`."""
        place = envelope.session, envelope.login, envelope.wrapped
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = Secret(envelope.session_key(self._login_key.reveal()))
            if len(self._known) > MOST:
                del self._known[next(iter(self._known))]
        return known.reveal()
