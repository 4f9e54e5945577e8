"""Tokens that the declaration lists: for programs, and for a handful of people."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from sockethub.auth.user import User
from sockethub.config.admission import StaticToken


class StaticTokens:
    """Compares with every token, by digests of one length: how long that takes tells nothing about any of them."""

    def __init__(self, declared: Iterable[StaticToken]) -> None:
        self._known = [(_digest(entry.token.reveal()), User(entry.user)) for entry in declared]

    def user(self, token: str) -> User | None:
        """Whose token this is; None when it is nobody's."""
        given = _digest(token)
        found = None
        for digest, user in self._known:
            if hmac.compare_digest(digest, given):
                found = user
        return found


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
