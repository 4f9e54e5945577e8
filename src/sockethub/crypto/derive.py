"""Keys from keys: HKDF-SHA-256 (RFC 5869)."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sockethub.crypto.seal import KEY_BYTES, Binding

LABEL: Final = b"sockethub/1/"
"""Tells what is made here from what others might make of the same key."""


def derive(key: bytes, purpose: str, *context: str) -> bytes:
    """The key for ``purpose`` in ``context``; no two of them are alike, and none leads back to ``key``."""
    info = LABEL + Binding(purpose, *context).associated_data()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)
