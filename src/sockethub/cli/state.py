"""The state directory: made private, held by one `sockethub serve` at a time, home of the generated master key."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sockethub.cli.keycommand import key_from
from sockethub.config import Declaration
from sockethub.crypto import MasterKey
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
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def existing_master_key(declaration: Declaration) -> MasterKey | None:
    """As :func:`master_key`, but none is generated."""
    keys = declaration.keys
    stored = keys.master is None and keys.command is None
    if stored and not (keys.file or declaration.state_dir / KEY_NAME).exists():
        return None
    return master_key(declaration)


def master_key(declaration: Declaration) -> MasterKey:
    """The declared master key; without one, that of the state directory, generated the first time."""
    keys = declaration.keys
    if keys.master is not None:
        return MasterKey.parse(keys.master.reveal(), source="keys.master")
    if keys.command is not None:
        return key_from(keys.command, seconds=keys.command_seconds)
    path = keys.file or private_directory(declaration.state_dir) / KEY_NAME
    try:
        return MasterKey.load_or_create(path)
    except OSError as error:
        raise ConfigError(f"keys.file: {path} cannot be used: {error.strerror}") from None
