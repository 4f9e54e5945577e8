"""A JSON Web Key Set (RFC 7517 §5) in a file: the keys that tokens are verified with."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_IMODE
from typing import Any, Final

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from sockethub.errors import ConfigError
from sockethub.stamp import stamp

MAX_FILE_BYTES: Final = 1_048_576
LOOK_SECONDS: Final = 1.0
"""Between two looks at whether the file has changed."""

RSA_BITS: Final = 2_048
"""Least size of an RSA key (RFC 7518 §3.3)."""

FITS: Final = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "RS512": ("RSA", None),
    "PS256": ("RSA", None),
    "PS384": ("RSA", None),
    "PS512": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
    "HS256": ("oct", None),
    "HS384": ("oct", None),
    "HS512": ("oct", None),
}
"""Algorithm → type and curve of the keys it may be used with (RFC 7518 §3.1, RFC 8037 §3.1). A key fits no other: that
is what keeps a public key from being taken for a shared secret."""

SHARED_BYTES: Final = {"HS256": 32, "HS384": 48, "HS512": 64}
"""Least length of a shared secret: that of the hash (RFC 7518 §3.2)."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """One key for one algorithm."""

    kid: str | None
    algorithm: str
    key: jwt.PyJWK

    def __repr__(self) -> str:
        return f"VerifyingKey({self.algorithm})"


def parse(text: bytes, algorithms: Sequence[str]) -> tuple[VerifyingKey, ...]:
    """The keys of a set that tokens of these algorithms may be signed with; others are passed over (RFC 7517 §5).

    Raises :class:`~sockethub.errors.ConfigError`, whose text shows nothing of any key.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigError("is not JSON") from None
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ConfigError('is no JSON Web Key Set: {"keys": [...]} (RFC 7517 §5)')
    found = [
        _verifying(number, entry, algorithm)
        for number, entry in enumerate(listed, 1)
        if isinstance(entry, dict)
        for algorithm in algorithms
        if _fits(entry, algorithm)
    ]
    if not found:
        raise ConfigError(f"has no key for {' or '.join(algorithms)}")
    return tuple(found)


def _fits(entry: dict[str, Any], algorithm: str) -> bool:
    kind, curve = FITS[algorithm]
    operations = entry.get("key_ops")
    return (
        entry.get("kty") == kind
        and (curve is None or entry.get("crv") == curve)
        and entry.get("alg", algorithm) == algorithm
        and entry.get("use", "sig") == "sig"
        and (not isinstance(operations, list) or "verify" in operations)
    )


def _verifying(number: int, entry: dict[str, Any], algorithm: str) -> VerifyingKey:
    if entry["kty"] != "oct" and "d" in entry:
        raise ConfigError(f"key {number} is a private key: give the public ones alone")
    try:
        key = jwt.PyJWK(entry, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):  # their texts hold the key
        raise ConfigError(f"key {number} is malformed") from None
    if isinstance(key.key, RSAPublicKey) and key.key.key_size < RSA_BITS:
        raise ConfigError(f"key {number} has {key.key.key_size} bits; an RSA key has {RSA_BITS} or more")
    if isinstance(key.key, bytes) and len(key.key) < SHARED_BYTES[algorithm]:
        raise ConfigError(f"key {number} is too short for {algorithm}: it takes {SHARED_BYTES[algorithm]} bytes")
    kid = entry.get("kid")
    return VerifyingKey(kid if isinstance(kid, str) else None, algorithm, key)


def read(path: Path, algorithms: Sequence[str]) -> tuple[VerifyingKey, ...]:
    """The keys in a file. Raises :class:`~sockethub.errors.ConfigError`, which names it."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE_BYTES + 1)
            mode = S_IMODE(os.fstat(file.fileno()).st_mode)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    if len(text) > MAX_FILE_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_FILE_BYTES} bytes")
    try:
        keys = parse(text, algorithms)
    except ConfigError as error:
        raise ConfigError(f"{path} {error}") from None
    if mode & 0o077 and any(key.algorithm in SHARED_BYTES for key in keys):
        raise ConfigError(f"others can read {path}, which holds a shared secret; run: chmod 600 {path}")
    return keys


class KeyFile:
    """The keys in a file, read again when it has changed; while it cannot be used the ones before stay."""

    def __init__(self, path: Path, algorithms: Sequence[str]) -> None:
        """Raises :class:`~sockethub.errors.ConfigError`."""
        self._path = path
        self._algorithms = tuple(algorithms)
        self._stamp = stamp(path)
        self._keys = read(path, self._algorithms)
        self._looked = time.monotonic()
        self._log = structlog.get_logger(__name__)

    def current(self) -> tuple[VerifyingKey, ...]:
        """Those there are now."""
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self._read_again()
        return self._keys

    def _read_again(self) -> None:
        now = stamp(self._path)
        if now == self._stamp:
            return
        self._stamp = now
        try:
            self._keys = read(self._path, self._algorithms)
        except ConfigError as error:
            self._log.error("the keys of tokens cannot be read again; those before stay", error=str(error))
        else:
            self._log.info("the keys of tokens were read again", path=self._path, keys=len(self._keys))
