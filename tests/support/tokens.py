"""An identity provider for tests: keys, their JWKS, and tokens right and wrong."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE = "https://chat.example"
ISSUER = "https://id.example"


def claims(**others: Any) -> dict[str, Any]:
    """Those of a token that holds, less what is given as None."""
    now = int(time.time())
    all_of_them = {"sub": "alice", "aud": AUDIENCE, "iss": ISSUER, "exp": now + 300, "iat": now} | others
    return {name: value for name, value in all_of_them.items() if value is not None}


def unpadded(data: bytes | dict[str, Any]) -> str:
    """Base64url without padding (RFC 7515 §2), of JSON where it is no bytes."""
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Provider:
    """Signs tokens with one key."""

    algorithm: str = "ES256"
    kid: str | None = "key-1"
    key: Any = None
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.key is None:
            self.key = self._new()

    def _new(self) -> Any:
        match self.algorithm[:2]:
            case "ES":
                curves: dict[str, Any] = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
                return ec.generate_private_key(curves[self.algorithm]())
            case "Ed":
                return ed25519.Ed25519PrivateKey.generate()
            case "HS":
                return b"a shared secret of sixty-four bytes, which is enough for each HS"
            case _:
                return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def token(self, **others: Any) -> str:
        """A signed token with these claims."""
        headers = {"kid": self.kid} if self.kid is not None else {}
        return jwt.encode(claims(**others), self.key, self.algorithm, headers)

    def jwk(self) -> dict[str, Any]:
        """The public key (RFC 7517)."""
        if isinstance(self.key, bytes):
            found: dict[str, Any] = {"kty": "oct", "k": unpadded(self.key)}
        else:
            makers: dict[str, Any] = {"ES": ECAlgorithm, "Ed": OKPAlgorithm}
            maker = makers.get(self.algorithm[:2], RSAAlgorithm)
            found = maker.to_jwk(self.key.public_key(), as_dict=True)
            found.pop("key_ops", None)
        return found | ({"kid": self.kid} if self.kid is not None else {}) | self.extra

    def publish(self, path: Path, *others: Provider) -> Path:
        """Write the JWKS of this key and ``others``."""
        path.write_text(json.dumps({"keys": [provider.jwk() for provider in (self, *others)]}))
        path.chmod(0o600)
        return path
