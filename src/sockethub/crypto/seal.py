"""Sealed records: AES-256-GCM (NIST SP 800-38D) with associated data that binds a record to its place.

A record is ``version (1 byte) | nonce (12 bytes) | ciphertext and tag``. The associated data name session, login,
queue, kind and id, so that a record moved to another place, swapped with another or altered does not open.

Nonces are random. One key seals the jobs of one session with one login, far below the 2**32 messages that SP 800-38D
§8.3 allows for random 96-bit nonces under one key.
"""

from __future__ import annotations

import os
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sockethub.errors import CryptoError

VERSION: Final = 1
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16

_HEADER: Final = bytes([VERSION])


class Binding(NamedTuple):
    """Where a record belongs.

    ``kind`` is the sort of record (``job``, ``reply``, ``credentials``, ``key``, ``event``, ``state``,
    ``notice``); ``id`` tells
    records of one kind apart (a job id, a sequence number). Fields that do not apply are empty.
    """

    kind: str
    session: str = ""
    login: str = ""
    queue: str = ""
    id: str = ""

    def associated_data(self) -> bytes:
        """The fields, each with its length in front, so that no two bindings share an encoding."""
        return _HEADER + b"".join([len(raw).to_bytes(4, "big") + raw for raw in map(str.encode, self)])


def new_key() -> bytes:
    """A fresh random 256-bit key."""
    return os.urandom(KEY_BYTES)


def seal(key: bytes, plaintext: bytes, binding: Binding) -> bytes:
    """Encrypt ``plaintext`` so that only ``key`` at ``binding`` opens it."""
    nonce = os.urandom(NONCE_BYTES)
    return _HEADER + nonce + AESGCM(key).encrypt(nonce, plaintext, binding.associated_data())


def unseal(key: bytes, record: bytes, binding: Binding) -> bytes:
    """Open what :func:`seal` made.

    Raises :class:`~sockethub.errors.CryptoError` when the record was altered, belongs elsewhere, or was made with
    another key; the text does not say which, for whoever altered it learns nothing.
    """
    if len(record) < 1 + NONCE_BYTES + TAG_BYTES or record[:1] != _HEADER:
        raise CryptoError(f"not a sealed record of version {VERSION} ({binding.kind})")
    nonce = record[1 : 1 + NONCE_BYTES]
    try:
        return AESGCM(key).decrypt(nonce, record[1 + NONCE_BYTES :], binding.associated_data())
    except InvalidTag:
        raise CryptoError(f"a sealed record does not open ({binding.kind})") from None
