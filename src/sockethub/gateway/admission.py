"""Who comes in: asked once for each connection, whatever it speaks, and again before what it has shown expires."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final

import structlog

from sockethub.auth.authenticator import REFUSED, Authenticator, Evidence
from sockethub.auth.user import User
from sockethub.config.gateway import Gateway
from sockethub.crypto import Secret
from sockethub.errors import Unauthenticated
from sockethub.gateway.channel import Close
from sockethub.gateway.forwarding import PEER, Headers, Peer, header
from sockethub.gateway.limits import Limits
from sockethub.sessions.addresses import subscriber
from sockethub.sessions.session import Session

EXPIRED: Final = "your token has expired; show a new one"
OTHER_USER: Final = "this connection is another user's: connect anew"
TOO_MANY_FAILURES: Final = "too many failed attempts from your address; try again later"
LONGEST_WAIT: Final = 86_400.0
"""Seconds until the expiry of a token is looked at again: event loops do not count years."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at the door: whence, and what was shown with the request."""

    address: str
    evidence: Evidence


class Admission:
    """The declared ``gateway.authentication``."""

    def __init__(self, declared: Gateway, limits: Limits) -> None:
        """Raises :class:`~sockethub.errors.ConfigError`."""
        asked = declared.authentication
        self._authenticator = Authenticator(asked) if asked is not None else None
        self._failures = limits.meter("failures", asked.failures) if asked is not None else None
        self._header = asked.user_header.lower().encode() if asked is not None and asked.user_header else None
        self.seconds = asked.seconds if asked is not None else 0.0
        """How long a client may take that has shown nothing with its request."""
        self._log = structlog.get_logger(__name__)

    @property
    def required(self) -> bool:
        """Whether clients must say who they are."""
        return self._authenticator is not None

    @property
    def waits(self) -> bool:
        """Whether a client that has shown nothing with its request may still show a token."""
        return self._authenticator is not None and self._authenticator.takes_tokens

    def visitor(self, scope: Any) -> Visitor:
        """Who makes an ASGI request."""
        address = (scope.get("client") or ("",))[0]
        found: Peer = scope.get(PEER) or Peer(address)
        asserted = None
        if self._header is not None and found.trusted:
            values = header(scope["headers"], self._header)
            asserted = values[0] if len(values) == 1 else None
        return Visitor(address, Evidence(bearer(scope["headers"]), asserted))

    def user(self, visitor: Visitor, token: Secret[str] | None = None) -> User | None:
        """Who a visitor is, by ``token`` or else by what came with the request; None where nobody is asked.

        Raises :class:`~sockethub.errors.Unauthenticated`.
        """
        if self._authenticator is None or self._failures is None:
            return None
        subject, evidence = subscriber(visitor.address), visitor.evidence if token is None else Evidence(token)
        if not evidence:
            raise Unauthenticated(REFUSED)  # nothing was guessed
        try:
            return self._authenticator.user(evidence)
        except Unauthenticated:
            # Not before: whoever shares an address with one that guesses is let in by what holds.
            if not self._failures.spend(subject):
                raise Unauthenticated(TOO_MANY_FAILURES) from None
            self._log.info("a client was refused: authentication failed")
            raise

    def owns(self, visitor: Visitor, session: Session, *, by_token: bool) -> bool:
        """Whether a request that has shown a session's own token may be that of its user.

        A proxy says who it is with each request. Where none does, the session's token does so if it was given for one
        of the user's (``by_token``).
        """
        if session.user is None:
            return True
        asserted = visitor.evidence.asserted
        return asserted == session.user.id if asserted else by_token

    def renew(self, session: Session, token: Secret[str] | None) -> User | None:
        """Take a newer token of a session's own user; raises :class:`~sockethub.errors.Unauthenticated`."""
        if self._authenticator is None:
            return None
        if token is None:
            raise Unauthenticated(REFUSED)
        user = self.user(Visitor(session.address, Evidence()), token)
        if user is None or session.user is None or user.id != session.user.id:
            raise Unauthenticated(OTHER_USER)
        self.identified(session, user)
        return user

    def identified(self, session: Session, user: User | None) -> None:
        """From now on a session is known to be its user's for as long as ``user`` says."""
        self.forget(session)
        session.user = user
        session.expired = False
        if user is not None and user.expires is not None:
            self._await_expiry(session, user.expires)

    def forget(self, session: Session) -> None:
        """Look no more at when what the session's client has shown expires."""
        if session.expiry is not None:
            session.expiry.cancel()
            session.expiry = None

    def _await_expiry(self, session: Session, expires: float) -> None:
        left = expires - time.time()
        if left <= 0:
            session.expired = True
            session.transport.close(Close.EXPIRED, EXPIRED)
            return
        loop = asyncio.get_running_loop()
        session.expiry = loop.call_later(min(left, LONGEST_WAIT), self._await_expiry, session, expires)


def bearer(headers: Headers) -> Secret[str] | None:
    """The token of ``Authorization: Bearer`` (RFC 6750 §2.1); of two, none that could be right."""
    values = [value for value in header(headers, b"authorization") if value[:7].lower() == "bearer "]
    if not values:
        return None
    return Secret(values[0][7:].strip() if len(values) == 1 else "")


def shown(data: Any) -> Secret[str] | None:
    """The token in the data of ``authenticate``, or in ``auth`` of Socket.IO: ``{"token": "…"}``."""
    token = data.get("token") if isinstance(data, dict) else None
    return Secret(token) if isinstance(token, str) else None


def told(user: User | None) -> dict[str, Any]:
    """What a client is told about who it is: seconds until it has to show a newer token, null for never."""
    if user is None:
        return {"user": None, "expires": None}
    expires = None if user.expires is None else max(0, round(user.expires - time.time()))
    return {"user": user.id, "expires": expires}
