"""Calls into Linux that Python has no function for, with their errors as OSError."""

from __future__ import annotations

import ctypes
import os
from typing import Any, Final

libc: Final = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int = 0, pointer: Any = 0) -> int:
    """prctl(2); what it returns. Raises OSError."""
    return checked(
        f"prctl({option})", libc.prctl(option, ctypes.c_ulong(value), pointer, ctypes.c_ulong(0), ctypes.c_ulong(0))
    )


def syscall(number: int, name: str, *arguments: Any) -> int:
    """A system call that libc has no function for; what it returns. Raises OSError."""
    return checked(name, libc.syscall(ctypes.c_long(number), *arguments))


def capset(header: ctypes.Array[ctypes.c_uint32], data: ctypes.Array[ctypes.c_uint32]) -> None:
    """capset(2). Raises OSError."""
    checked("capset", libc.capset(header, data))


def checked(what: str, result: int) -> int:
    """What a function of :data:`libc` has returned. Raises OSError, which says ``what``."""
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
    return result
