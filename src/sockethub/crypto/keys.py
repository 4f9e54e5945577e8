"""What is derived from the root key (HKDF-SHA-256, RFC 5869).

::

    master key (the operator's) ── wraps ──► root key (random, made once; :mod:`sockethub.crypto.root`)
        root key ── HKDF "login" platform, login ──► login key: goes to that login's worker alone
        │                                             └─ wraps session keys, seals events and state
        ├────── HKDF "supervisor" ──► seals what supervisors tell gateways
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
from collections.abc import Mapping
from typing import Any, Final

from sockethub.crypto.derive import derive
from sockethub.crypto.root import RootKey
from sockethub.crypto.seal import Binding, seal, unseal
from sockethub.crypto.secret import Secret

SESSION_SECRET_CHARACTERS: Final = 32
LOGIN_ID_CHARACTERS: Final = 32


class KeyRing:
    """Derives every key from the root key. Pure: the same root key gives the same keys on every machine."""

    def __init__(self, root: RootKey) -> None:
        self._root = root

    def __repr__(self) -> str:
        return f"KeyRing({self._root.id})"

    def login_key(self, platform: str, login: str) -> bytes:
        """The key of one login (or of a stateless platform, whose login id is the platform's own name)."""
        return derive(self._root.key.reveal(), "login", platform, login)

    @property
    def supervisor_key(self) -> bytes:
        """The key that gateways and supervisors share, and no worker has."""
        return derive(self._root.key.reveal(), "supervisor")

    @property
    def operations_key(self) -> bytes:
        """The key that seals what operators ask of gateways and machines, and what these answer."""
        return derive(self._root.key.reveal(), "operations")

    def login_id(self, platform: str, credentials: Mapping[str, Any], discriminator: str = "") -> str:
        """Which login these credentials mean: an HMAC, so that nobody can claim a login without its secret.

        ``discriminator`` keeps logins apart whose credentials hold no secret (an anonymous IRC user): the client's
        address and a slot number.
        """
        identity = derive(self._root.key.reveal(), "identity")
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
    return derive(secret.reveal().encode(), "session", session, login)


def wrap_session_key(login_key: bytes, key: bytes, *, session: str, login: str) -> bytes:
    """``key`` sealed with the login's key: how it travels to the worker."""
    return seal(login_key, key, Binding("key", session=session, login=login))


def unwrap_session_key(login_key: bytes, wrapped: bytes, *, session: str, login: str) -> bytes:
    """Undo :func:`wrap_session_key`; raises :class:`~sockethub.errors.CryptoError`."""
    return unseal(login_key, wrapped, Binding("key", session=session, login=login))


def blind_name(login_key: bytes, kind: str, name: str) -> str:
    """What a record about ``name`` is called in Redis: an HMAC, so that nobody can read or try out what it is about."""
    key = derive(login_key, "name", kind)
    return hmac.new(key, name.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:LOGIN_ID_CHARACTERS]
