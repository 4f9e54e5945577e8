"""The declared ways of telling who a client is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sockethub.auth.jwt import JwtVerifier
from sockethub.auth.tokens import StaticTokens
from sockethub.auth.user import User, is_name
from sockethub.config.admission import Authentication
from sockethub.crypto import Secret
from sockethub.errors import Unauthenticated

REFUSED: Final = "authentication failed"
"""For whatever reason: a wrong token, an expired one and one of another audience look alike from outside."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a client shows: a token, and the user that a trusted proxy says it is."""

    token: Secret[str] | None = None
    asserted: str | None = field(default=None, repr=False)

    def __bool__(self) -> bool:
        return self.token is not None or self.asserted is not None


class Authenticator:
    """Says who a client is, by what it shows."""

    def __init__(self, declared: Authentication) -> None:
        """Raises :class:`~sockethub.errors.ConfigError`."""
        self._tokens = StaticTokens(declared.tokens)
        self._jwt = JwtVerifier(declared.jwt) if declared.jwt is not None else None
        self.takes_tokens = bool(declared.tokens) or declared.jwt is not None
        """Whether it is of use to wait for a token: a proxy says at once whom it has let in."""

    def user(self, evidence: Evidence) -> User:
        """The user; raises :class:`~sockethub.errors.Unauthenticated`.

        A token that does not hold is never passed over for what a proxy says.
        """
        if evidence.token is not None:
            token = evidence.token.reveal()
            found = self._tokens.user(token) or (self._jwt.user(token) if self._jwt is not None else None)
        else:
            found = User(evidence.asserted) if evidence.asserted is not None and is_name(evidence.asserted) else None
        if found is None:
            raise Unauthenticated(REFUSED)
        return found
