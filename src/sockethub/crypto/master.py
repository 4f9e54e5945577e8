"""Master keys: the operator's secret, which opens the root key (:mod:`sockethub.crypto.root`) and nothing else."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sockethub.crypto.derive import LABEL
from sockethub.crypto.seal import KEY_BYTES, new_key
from sockethub.crypto.secret import Secret
from sockethub.errors import ConfigError


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One 256-bit master key. ``id`` names it where it must not be shown: in Redis, in messages, in logs."""

    id: str
    key: Secret[bytes]

    @classmethod
    def of(cls, raw: bytes) -> MasterKey:
        """The key from its 32 bytes; its id is a fingerprint that gives nothing away."""
        if len(raw) != KEY_BYTES:
            raise ConfigError(f"a master key has {KEY_BYTES} bytes, this one {len(raw)}")
        return cls(hashlib.sha256(LABEL + b"key-id" + raw).hexdigest()[:8], Secret(raw))

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
            return cls.load(path)
        raw = new_key()
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.b64encode(raw) + b"\n")
        except OSError:  # the disk is full, say: half a key must not be found the next time
            path.unlink()
            raise
        return cls.of(raw)

    @classmethod
    def load(cls, path: Path) -> MasterKey:
        """The key in ``path``. Raises :class:`ConfigError`, and OSError when there is none."""
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigError(f"{path}: the master key can be read by others; run: chmod 600 {path}")
        try:
            text = path.read_text("ascii")
        except UnicodeDecodeError:
            text = ""
        return cls.parse(text, source=str(path))


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The one in use, and those before it that may still open."""

    in_use: MasterKey
    previous: tuple[MasterKey, ...] = ()

    def __iter__(self) -> Iterator[MasterKey]:
        yield self.in_use
        yield from self.previous
