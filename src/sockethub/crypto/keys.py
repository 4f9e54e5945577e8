"""The master key and what is derived from it (HKDF-SHA-256, RFC 5869).

::

    master key ── HKDF "login" platform, login ──► login key: goes to that login's worker alone
        │                                             └─ wraps session keys, seals events and state
        └────── HKDF "identity" ──► HMAC over credentials = login id
    session secret (32 characters, gateway memory only)
        └────── HKDF "session" session, login ──► session key: seals that session's jobs, replies and credentials

A worker holds its own login key and nothing else: it cannot open another login's records, nor those of its own
sessions for other platforms.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sockethub.crypto.seal import KEY_BYTES, Binding, new_key, seal, unseal
from sockethub.crypto.secret import Secret
from sockethub.errors import ConfigError

SESSION_SECRET_CHARACTERS: Final = 32
LOGIN_ID_CHARACTERS: Final = 32
_LABEL: Final = b"sockethub/1/"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One 256-bit master key. ``id`` names it in records, so that rotation can tell old from new."""

    id: str
    key: Secret[bytes]

    @classmethod
    def of(cls, raw: bytes) -> MasterKey:
        """The key from its 32 bytes; its id is a fingerprint that gives nothing away."""
        if len(raw) != KEY_BYTES:
            raise ConfigError(f"a master key has {KEY_BYTES} bytes, this one {len(raw)}")
        return cls(hashlib.sha256(_LABEL + b"key-id" + raw).hexdigest()[:8], Secret(raw))

    @classmethod
    def parse(cls, text: str, *, source: str) -> MasterKey:
        """The key from its base64 text, as in the key file."""
        try:
            raw = base64.b64decode(text.strip(), validate=True)
        except ValueError:
            raise ConfigError(f"{source}: a master key is {KEY_BYTES} bytes in base64") from None
        try:
            return cls.of(raw)
        except ConfigError as error:
            raise ConfigError(f"{source}: {error}") from None

    @classmethod
    def load_or_create(cls, path: Path) -> MasterKey:
        """The key in ``path`` (mode 0600), generated there when the file does not exist."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return cls._load(path)
        with os.fdopen(descriptor, "wb") as file:
            raw = new_key()
            file.write(base64.b64encode(raw) + b"\n")
        return cls.of(raw)

    @classmethod
    def _load(cls, path: Path) -> MasterKey:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigError(f"{path}: the master key can be read by others; run: chmod 600 {path}")
        return cls.parse(path.read_text("ascii"), source=str(path))


class KeyRing:
    """Derives every key from one master key. Pure: the same master gives the same keys on every machine."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master

    def __repr__(self) -> str:
        return f"KeyRing({self._master.id})"

    @property
    def id(self) -> str:
        """The master key's id."""
        return self._master.id

    def login_key(self, platform: str, login: str) -> bytes:
        """The key of one login (or of a stateless platform, whose login id is the platform's own name)."""
        return _derive(self._master.key.reveal(), "login", platform, login)

    def login_id(self, platform: str, credentials: Mapping[str, Any], discriminator: str = "") -> str:
        """Which login these credentials mean: an HMAC, so that nobody can claim a login without its secret.

        ``discriminator`` keeps logins apart whose credentials hold no secret (an anonymous IRC user): the client's
        address and a slot number.
        """
        identity = _derive(self._master.key.reveal(), "identity")
        text = json.dumps([platform, credentials, discriminator], sort_keys=True, separators=(",", ":"))
        return hmac.new(identity, text.encode(), hashlib.sha256).hexdigest()[:LOGIN_ID_CHARACTERS]


def login_queue(platform: str, login: str) -> str:
    """The Dramatiq queue of a login; a stateless platform's queue is its name."""
    return platform if login == platform else f"{platform}.{login}"


def new_session_secret() -> Secret[str]:
    """32 characters, 192 random bits."""
    return Secret(base64.urlsafe_b64encode(os.urandom(24)).decode())


def session_key(secret: Secret[str], session: str, login: str) -> bytes:
    """The key that seals one session's jobs, replies and credentials for one login."""
    return _derive(secret.reveal().encode(), "session", session, login)


def wrap_session_key(login_key: bytes, key: bytes, *, session: str, login: str) -> bytes:
    """``key`` sealed with the login's key: how it travels to the worker."""
    return seal(login_key, key, Binding("key", session=session, login=login))


def unwrap_session_key(login_key: bytes, wrapped: bytes, *, session: str, login: str) -> bytes:
    """Undo :func:`wrap_session_key`; raises :class:`~sockethub.errors.CryptoError`."""
    return unseal(login_key, wrapped, Binding("key", session=session, login=login))


def blind_name(login_key: bytes, kind: str, name: str) -> str:
    """What a record about ``name`` is called in Redis: an HMAC, so that nobody can read or try out what it is about."""
    key = _derive(login_key, "name", kind)
    return hmac.new(key, name.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:LOGIN_ID_CHARACTERS]


def _derive(key: bytes, purpose: str, *context: str) -> bytes:
    info = _LABEL + Binding(purpose, *context).associated_data()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)
