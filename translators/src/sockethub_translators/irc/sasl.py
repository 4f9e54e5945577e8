"""SASL mechanisms as values: what to answer to a challenge is a function of the mechanism and the challenge.

PLAIN (RFC 4616), EXTERNAL (RFC 4422 App. A), SCRAM-SHA-256 (RFC 5802, RFC 7677), OAUTHBEARER (RFC 7628). No mechanism
shows a secret in its repr.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import stringprep
import unicodedata
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final, Protocol

from ..errors import TranslatorError

__all__ = ["External", "Mechanism", "OAuthBearer", "Plain", "SaslError", "ScramSha256", "saslprep"]

MIN_ITERATIONS: Final = 4096
"""Fewer weaken the password against the network (RFC 7677 §4)."""
MAX_ITERATIONS: Final = 600_000
"""More would let a server keep us computing; this is about a third of a second."""


class SaslError(TranslatorError):
    """The server's challenge is wrong, or the server could not prove that it knows the password."""


class Mechanism(Protocol):
    """``respond`` gives the mechanism after the challenge, and the response. Raises :class:`SaslError`."""

    name: ClassVar[str]

    @property
    def finished(self) -> bool:
        """Whether success may be believed now."""

    def respond(self, challenge: bytes) -> tuple[Mechanism, bytes]: ...


@dataclass(frozen=True, slots=True)
class Plain:
    """A password, readable to the server: for encrypted connections."""

    name: ClassVar[str] = "PLAIN"
    username: str
    password: str = field(repr=False)
    finished: ClassVar[bool] = True

    def respond(self, challenge: bytes) -> tuple[Mechanism, bytes]:
        if "\0" in self.username or "\0" in self.password:
            raise SaslError("PLAIN cannot carry NUL")
        return self, f"\0{self.username}\0{self.password}".encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class External:
    """What the connection itself proves: a TLS client certificate."""

    name: ClassVar[str] = "EXTERNAL"
    authzid: str = ""
    finished: ClassVar[bool] = True

    def respond(self, challenge: bytes) -> tuple[Mechanism, bytes]:
        return self, self.authzid.encode()


@dataclass(frozen=True, slots=True)
class OAuthBearer:
    """An OAuth 2.0 bearer token."""

    name: ClassVar[str] = "OAUTHBEARER"
    username: str
    token: str = field(repr=False)
    started: bool = False
    finished: ClassVar[bool] = True

    def respond(self, challenge: bytes) -> tuple[Mechanism, bytes]:
        if self.started:  # The challenge is the server's error report; RFC 7628 §3.2.3 has us acknowledge it.
            return self, b"\x01"
        user = self.username.replace("=", "=3D").replace(",", "=2C")
        return replace(self, started=True), f"n,a={user},\x01auth=Bearer {self.token}\x01\x01".encode()


@dataclass(frozen=True, slots=True)
class ScramSha256:
    """A password that is proved without being shown, by a server that proves to know it too.

    ``nonce`` is the client's: at least 18 random characters, printable ASCII without a comma, new for every login.
    """

    name: ClassVar[str] = "SCRAM-SHA-256"
    username: str
    password: str = field(repr=False)
    nonce: str
    expected: bytes | None = field(default=None, repr=False)
    verified: bool = False
    started: bool = False

    @property
    def finished(self) -> bool:
        return self.verified

    def respond(self, challenge: bytes) -> tuple[Mechanism, bytes]:
        if not self.started:
            return replace(self, started=True), b"n,," + self._first().encode()
        if self.expected is None:
            return self._prove(challenge)
        given = _fields(challenge).get("v", "")
        if self.verified or not hmac.compare_digest(_unbase64(given), self.expected):
            raise SaslError("the server could not prove that it knows the password")
        return replace(self, verified=True), b""

    def _first(self) -> str:
        user = saslprep(self.username).replace("=", "=3D").replace(",", "=2C")
        return f"n={user},r={self.nonce}"

    def _prove(self, challenge: bytes) -> tuple[Mechanism, bytes]:
        said = _fields(challenge)
        nonce, salt, count = said.get("r", ""), _unbase64(said.get("s", "")), said.get("i", "")
        if "m" in said or not nonce.startswith(self.nonce) or len(nonce) == len(self.nonce) or not salt:
            raise SaslError("not a SCRAM challenge to what we sent")
        if not (count.isascii() and count.isdigit() and len(count) < 9):
            raise SaslError("not a number of iterations")
        if not MIN_ITERATIONS <= int(count) <= MAX_ITERATIONS:
            raise SaslError(f"{int(count)} iterations; at least {MIN_ITERATIONS}, at most {MAX_ITERATIONS}")
        salted = hashlib.pbkdf2_hmac("sha256", saslprep(self.password).encode(), salt, int(count))
        final = f"c=biws,r={nonce}"
        signed = f"{self._first()},{challenge.decode()},{final}".encode()
        client_key = _hmac(salted, b"Client Key")
        signature = _hmac(hashlib.sha256(client_key).digest(), signed)
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        expected = _hmac(_hmac(salted, b"Server Key"), signed)
        return replace(self, expected=expected), f"{final},p={base64.b64encode(proof).decode()}".encode()


def saslprep(text: str) -> str:
    """Prepare a username or password (RFC 4013). Raises :class:`SaslError` on what it prohibits."""
    if text.isascii() and text.isprintable():
        return text
    mapped = "".join(" " if stringprep.in_table_c12(c) else c for c in text if not stringprep.in_table_b1(c))
    prepared = unicodedata.normalize("NFKC", mapped)
    if any(table(char) for char in prepared for table in _PROHIBITED):
        raise SaslError("a username or password has a character that SASL prohibits")
    if any(map(stringprep.in_table_d1, prepared)):
        ends = stringprep.in_table_d1(prepared[0]) and stringprep.in_table_d1(prepared[-1])
        if not ends or any(map(stringprep.in_table_d2, prepared)):
            raise SaslError("a username or password mixes directions in a way that SASL prohibits")
    return prepared


_PROHIBITED: Final = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def _fields(message: bytes) -> dict[str, str]:
    try:
        text = message.decode()
    except UnicodeDecodeError:
        raise SaslError("not a SCRAM message") from None
    return {item[:1]: item[2:] for item in text.split(",") if item[1:2] == "="}


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SaslError("not base64") from None


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, "sha256").digest()
