"""A timer of the kernel's that a worker shares with its supervisor (timerfd_create(2)).

Each time the supervisor has renewed the login's lease it puts the alarm off. It goes off, and wakes the worker, when
the supervisor has not done so for too long: the worker need not wake up again and again to find that all is well. Each
has one of its own. Times are those of leases (:func:`sockethub.leases.now`).
"""

from __future__ import annotations

import asyncio
import ctypes
import math
import os
import time
from contextlib import suppress
from io import FileIO
from typing import Final, Self

from sockethub.kernel import checked, libc

_ABSOLUTE: Final = 1
_EXPIRATIONS_BYTES: Final = 8
_NANOSECONDS: Final = 1_000_000_000


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class Alarm:
    """One side's hold of it."""

    def __init__(self, descriptor: int) -> None:
        """``descriptor`` is closed with it."""
        self._file = FileIO(descriptor, "rb")

    @classmethod
    def new(cls) -> Self:
        """Raises OSError."""
        flags = os.O_NONBLOCK | os.O_CLOEXEC
        return cls(checked("timerfd_create", libc.timerfd_create(time.CLOCK_BOOTTIME, flags)))

    def fileno(self) -> int:
        return self._file.fileno()

    def set(self, when: float) -> None:
        """Have it go off at ``when``, and not when it was set to before."""
        nanoseconds = max(1, math.ceil(when * _NANOSECONDS))  # none would switch it off
        value = _Timespec(*divmod(nanoseconds, _NANOSECONDS))
        new = _Itimerspec(_Timespec(0, 0), value)
        checked("timerfd_settime", libc.timerfd_settime(self.fileno(), _ABSOLUTE, ctypes.byref(new), None))

    async def wait(self) -> None:
        """Until it goes off."""
        loop, gone_off = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self.fileno(), gone_off.set)
        try:
            await gone_off.wait()
        finally:
            loop.remove_reader(self.fileno())
        with suppress(BlockingIOError):  # it was put off this moment
            os.read(self.fileno(), _EXPIRATIONS_BYTES)

    def close(self) -> None:
        self._file.close()
