"""Landlock: files and TCP ports that a process may use, decided once and for good, without privileges.

Linux's Documentation/userspace-api/landlock.rst and <linux/landlock.h>; system calls of the same number on every
architecture. What the kernel's version of it (its ABI) does not know is left out: :data:`NEEDS` says what. A process
that is enclosed may besides not trace, signal or connect to an abstract socket of one that is not enclosed with it;
each worker is enclosed on its own.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from stat import S_ISDIR
from typing import Final

from sockethub.kernel import syscall

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446

_VERSION: Final = 1
"""``LANDLOCK_CREATE_RULESET_VERSION``: tell the ABI instead."""

_PATH_BENEATH: Final = 1
_NET_PORT: Final = 2

_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_FS_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 5: 16}
"""ABI → how many rights to files it knows, a bit each; REFER came with 2, TRUNCATE 3, IOCTL_DEV 5."""

_BIND_TCP: Final = 1 << 0
_CONNECT_TCP: Final = 1 << 1
_NET_ABI: Final = 4

_ABSTRACT_SOCKETS_AND_SIGNALS: Final = 0b11
_SCOPE_ABI: Final = 6

NEEDS: Final = {
    1: "no bounds to the files it reads and executes (Landlock, Linux 5.13)",
    _NET_ABI: "no bounds to the TCP ports it connects to (Landlock ABI 4, Linux 6.7)",
    _SCOPE_ABI: "abstract Unix sockets of others within its reach (Landlock ABI 6, Linux 6.12)",
}
"""ABI → what a worker has where the kernel's is older."""


class _Attributes(ctypes.Structure):
    """``struct landlock_ruleset_attr``."""

    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    """``struct landlock_path_beneath_attr``."""

    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("descriptor", ctypes.c_int32))


class _NetPort(ctypes.Structure):
    """``struct landlock_net_port_attr``."""

    _fields_ = (("rights", ctypes.c_uint64), ("port", ctypes.c_uint64))


def abi() -> int:
    """The kernel's version of Landlock; 0 where it has none, it is switched off, or something else forbids its use."""
    try:
        return syscall(_CREATE_RULESET, "landlock", None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    except OSError:
        return 0


def missing() -> list[str]:
    """What :func:`enclose` cannot do here, in words."""
    known = abi()
    return [words for needed, words in NEEDS.items() if known < needed]


def enclose(paths: Iterable[Path], ports: Collection[int] | None) -> None:
    """From now on this process, which must have one thread and ``PR_SET_NO_NEW_PRIVS``, may do no more than this:

    read the files and below the directories of ``paths`` (those that exist; symbolic links are followed) and what it
    has open, and connect by TCP to ``ports`` (None: to all). It may write, make, delete and execute no file and bind no
    TCP port. Does nothing where the kernel has no Landlock; raises OSError.
    """
    known = abi()
    if known == 0:
        return
    ruleset = _create(known, ports)
    try:
        for path in paths:
            _let_read(ruleset, path)
        if known >= _NET_ABI:
            for port in ports or ():
                _add(ruleset, _NET_PORT, _NetPort(_CONNECT_TCP, port))
        syscall(_RESTRICT_SELF, "landlock_restrict_self", ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _create(known: int, ports: Collection[int] | None) -> int:
    rights = max(count for since, count in _FS_RIGHTS.items() if since <= known)
    attributes = _Attributes(fs=(1 << rights) - 1)
    size = _Attributes.net.offset
    if known >= _NET_ABI:
        attributes.net = _BIND_TCP if ports is None else _BIND_TCP | _CONNECT_TCP
        size = _Attributes.scoped.offset
    if known >= _SCOPE_ABI:
        attributes.scoped = _ABSTRACT_SOCKETS_AND_SIGNALS
        size = ctypes.sizeof(attributes)
    return syscall(
        _CREATE_RULESET,
        "landlock_create_ruleset",
        ctypes.byref(attributes),
        ctypes.c_size_t(size),
        ctypes.c_uint32(0),
    )


def _let_read(ruleset: int, path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return  # what cannot be reached now needs no leave
    try:
        directory = S_ISDIR(os.fstat(descriptor).st_mode)
        rights = _READ_FILE | _READ_DIR if directory else _READ_FILE
        _add(ruleset, _PATH_BENEATH, _PathBeneath(rights, descriptor))
    finally:
        os.close(descriptor)


def _add(ruleset: int, kind: int, rule: _PathBeneath | _NetPort) -> None:
    syscall(
        _ADD_RULE,
        "landlock_add_rule",
        ctypes.c_int(ruleset),
        ctypes.c_int(kind),
        ctypes.byref(rule),
        ctypes.c_uint32(0),
    )
