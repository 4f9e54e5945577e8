"""Mechanisms registered with slixmpp when this module is imported: OAUTHBEARER (RFC 7628), which it does not have, and
SCRAM (RFC 5802) over again, with a nonce that cannot be foretold, key derivation in C, and a bound to it.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, Final

from slixmpp.util.sasl.client import Mech, SASLCancelled, sasl_mech
from slixmpp.util.sasl.mechanisms import SCRAM

__all__ = ["NAME", "OAuthBearer", "Scram"]

NONCE_BYTES: Final = 18
"""Randomness of a nonce (RFC 5802 asks for enough that none repeats, and none is guessed)."""
MAX_ITERATIONS: Final = 1_000_000
"""Some hundred times what servers ask for, and a second of a processor: a hostile one asks for hours."""

NAME: Final = "OAUTHBEARER"
SCORE: Final = 40
"""Among the mechanisms of slixmpp: above those that send a password, below SCRAM. A token allows no other."""


@sasl_mech(SCORE)
class OAuthBearer(Mech):
    """A bearer token; only over TLS, for whoever reads it can use it."""

    name = NAME
    required_credentials = {"username", "access_token"}  # noqa: RUF012 - as the base class has it
    security = {"encrypted"}  # noqa: RUF012

    def setup(self, name: str) -> None:
        if not self.security_settings["encrypted"]:
            raise SASLCancelled("a token without encryption")  # type: ignore[no-untyped-call]

    def process(self, challenge: bytes = b"") -> bytes:
        """The first message; to what a server says afterwards, that it was understood (RFC 7628 §3.2.3)."""
        if challenge:
            return b"\x01"
        credentials: dict[str, Any] = self.credentials
        name, token = (_bytes(credentials[key]) for key in ("username", "access_token"))
        name = name.replace(b"=", b"=3D").replace(b",", b"=2C")
        return b"n,a=" + name + b",\x01auth=Bearer " + token + b"\x01\x01"


@sasl_mech(SCRAM.score)
class Scram(SCRAM):
    """SCRAM-SHA-…, with channel binding where TLS has it."""

    def Hi(self, text: str | bytes, salt: bytes, iterations: int) -> bytes:
        """RFC 5802 §2.2; 10,000 iterations take 40 ms in Python."""
        if iterations > MAX_ITERATIONS:
            raise SASLCancelled(f"{iterations} iterations")  # type: ignore[no-untyped-call]
        name = self.hash_name.replace("-", "").lower()  # SHA-256: sha256
        return hashlib.pbkdf2_hmac(name, _bytes(text), salt, iterations)

    def process_1(self, challenge: bytes) -> bytes:
        """The client's first message."""
        super().process_1(challenge)
        foretold, self.cnonce = self.cnonce, secrets.token_urlsafe(NONCE_BYTES).encode()
        self.client_first_message_bare = self.client_first_message_bare.removesuffix(foretold) + self.cnonce
        self.client_first_message = self.gs2_header + self.client_first_message_bare
        return self.client_first_message


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
