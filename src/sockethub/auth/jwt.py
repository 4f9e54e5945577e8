"""JSON Web Tokens (RFC 7519) by current practice (RFC 8725): declared algorithms, typed keys, every claim checked."""

from __future__ import annotations

from typing import Any, Final

import jwt

from sockethub.auth.jwks import KeyFile
from sockethub.auth.user import User, is_name
from sockethub.config.admission import Jwt

MAX_CHARACTERS: Final = 8_192
"""Longest token that is looked at; those of today's identity providers have one or two thousand."""

LATEST: Final = 253_402_300_800
"""The end of the year 9999; a later one is no time (RFC 7519 §2, NumericDate)."""

MAX_TRIES: Final = 8
"""Keys that are tried for a token that names none: a signature costs up to a millisecond."""

_OPTIONS: Final[Any] = {"require": ["exp", "sub", "aud", "iss"], "enforce_minimum_key_length": True}


class JwtVerifier:
    """Verifies tokens with the keys of the declared file."""

    def __init__(self, declared: Jwt) -> None:
        """Raises :class:`~sockethub.errors.ConfigError`."""
        self._declared = declared
        self._file = KeyFile(declared.jwks_file, declared.algorithms)

    def user(self, token: str) -> User | None:
        """Whom a token is about; None when it is not one, or does not hold."""
        if len(token) > MAX_CHARACTERS or token.count(".") != 2 or not token.isascii():
            return None
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in self._declared.algorithms or "crit" in header:
            return None
        fitting = [key for key in self._file.current() if key.algorithm == algorithm and kid in (None, key.kid)]
        for candidate in fitting[:MAX_TRIES]:
            claims = self._claims(token, candidate.key, candidate.algorithm)
            if claims is not None and is_name(claims["sub"]) and _is_date(claims["exp"]):
                return User(claims["sub"], float(claims["exp"]) + self._declared.leeway_seconds)
        return None

    def _claims(self, token: str, key: jwt.PyJWK, algorithm: str) -> dict[str, Any] | None:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._declared.audience,
                issuer=self._declared.issuer,
                leeway=self._declared.leeway_seconds,
                options=_OPTIONS,
            )
        except (jwt.PyJWTError, ValueError, OverflowError, TypeError):
            # Claims of wrong types raise what Python's conversions do.
            return None


def _is_date(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < LATEST
