"""OAUTHBEARER (RFC 7628), which slixmpp does not have: registered with it when this module is imported."""

from __future__ import annotations

from typing import Any, Final

from slixmpp.util.sasl.client import Mech, SASLCancelled, sasl_mech

__all__ = ["NAME", "OAuthBearer"]

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


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
