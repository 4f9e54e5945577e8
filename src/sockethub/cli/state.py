"""The state directory: made private, held by one `sockethub serve` at a time, home of the generated master key."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sockethub.cli.keycommand import key_from
from sockethub.config import Declaration, load
from sockethub.config.models import KeySource
from sockethub.crypto import MasterKey, MasterKeys
from sockethub.errors import ConfigError

KEY_NAME = "master.key"
LOCK_NAME = "lock"


def private_directory(path: Path) -> Path:
    """``path``, made with mode 0700 when missing; raises when others can enter it or it cannot be used."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise ConfigError(
            f"state_dir: {path} cannot be made: {error.strerror}; set `state_dir` to a directory of your own"
        ) from None
    if mode & 0o077:
        raise ConfigError(f"state_dir: others can enter {path}; run: chmod 700 {path}")
    return path


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the state directory alone for the block; the kernel lets go of it when this process ends."""
    try:
        lock = (private_directory(path) / LOCK_NAME).open("a+")
    except OSError as error:
        raise ConfigError(f"state_dir: nothing can be written in {path}: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read(20).strip() or "unknown"
            raise ConfigError(
                f"state_dir: {path} is in use by another `sockethub serve` (process {holder}): stop that one, or give "
                "this one a `state_dir` of its own"
            ) from None
        try:
            os.ftruncate(lock.fileno(), 0)
            os.write(lock.fileno(), f"{os.getpid()}\n".encode())
        except OSError as error:  # the disk is full, say
            raise ConfigError(f"state_dir: nothing can be written in {path}: {error.strerror}") from None
        yield


def master_keys(declaration: Declaration) -> MasterKeys:
    """The declared master keys. Where none is, that of the state directory, generated the first time.

    Raises :class:`~sockethub.errors.ConfigError`.
    """
    path = _stored(declaration)
    if path is None:
        in_use = _key(declaration.keys, "keys")
    else:
        if declaration.keys.file is None:
            private_directory(declaration.state_dir)
        with _usable(path, "keys.file"):
            in_use = MasterKey.load_or_create(path)
    previous = []
    for index, source in enumerate(declaration.keys.previous):
        key = _key(source, name := f"keys.previous[{index}]")
        if key.id == in_use.id:
            raise ConfigError(f"{name}: this is the master key in use; name here the one that it replaces")
        previous.append(key)
    return MasterKeys(in_use, tuple(previous))


def existing_master_keys(declaration: Declaration) -> MasterKeys | None:
    """As :func:`master_keys`, but none is generated: None where it would be."""
    path = _stored(declaration)
    return None if path is not None and not path.exists() else master_keys(declaration)


def reread_master_keys(config: Path | None) -> MasterKeys:
    """What a start would have now: the declaration in ``config`` is read again, its other settings do not count."""
    keys = existing_master_keys(load(config, os.environ))
    if keys is None:
        raise ConfigError("keys: the file with the master key is gone; a start would generate another one")
    return keys


def _stored(declaration: Declaration) -> Path | None:
    """The file that the key in use is generated in, where it is one."""
    keys = declaration.keys
    if keys.master is not None or keys.command is not None:
        return None
    return keys.file or declaration.state_dir / KEY_NAME


def _key(source: KeySource, name: str) -> MasterKey:
    """A key that is said to be there; ``name`` is the section's, for messages."""
    if source.master is not None:
        return MasterKey.parse(source.master.reveal(), source=f"{name}.master")
    if source.command is not None:
        return key_from(source.command, seconds=source.command_seconds, name=f"{name}.command")
    assert source.file is not None, "a section of the declaration that has a key has one of the three"
    with _usable(source.file, f"{name}.file"):
        return MasterKey.load(source.file)


@contextmanager
def _usable(path: Path, name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{name}: {path} cannot be used: {error.strerror}") from None
