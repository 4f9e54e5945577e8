"""A filter of system calls: what a worker does not need, it cannot ask the kernel for.

A call that is not listed fails with ``EPERM`` and the process goes on, so that a library falls back to something else.
Rules look at numbers and flags only, for a filter cannot follow pointers: *which* file or port is Landlock's business.
seccomp(2); Linux's Documentation/userspace-api/seccomp_filter.rst; why a list of what is allowed and not of what is
refused: docs/decisions/0016-cages.md.
"""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import termios
from collections.abc import Callable, Mapping
from typing import Final

from sockethub.kernel import prctl
from sockethub.supervisor import bpf
from sockethub.supervisor.bpf import ALL_BITS, Is, Rule
from sockethub.supervisor.syscalls import AARCH64, NEWEST, NUMBERS, X86_64

ARCHITECTURES: Final = {"x86_64": (0xC000003E, X86_64), "aarch64": (0xC00000B7, AARCH64)}
"""Machine → ``AUDIT_ARCH_…`` (<linux/audit.h>) and its column in :data:`NUMBERS`."""

_PR_GET_SECCOMP: Final = 21
_PR_SET_SECCOMP: Final = 22
_MODE_FILTER: Final = 2

# What Python has no name for, from <linux/sched.h>, <linux/socket.h>, <linux/netlink.h>.
_CLONE_THREAD: Final = 0x00010000
_MSG_FASTOPEN: Final = 0x20000000
_NETLINK_ROUTE: Final = 0

_WRITING: Final = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC
_SOCKET_TYPE: Final = ALL_BITS & ~(socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)

_PRCTL: Final = (
    3,  # PR_GET_DUMPABLE
    15,  # PR_SET_NAME
    16,  # PR_GET_NAME
    _PR_GET_SECCOMP,
    39,  # PR_GET_NO_NEW_PRIVS
    0x53564D41,  # PR_SET_VMA: names of memory areas, by libc
)
"""Not among them: taking back the parent-death signal, or showing one's memory to others."""

_IOCTL: Final = (
    termios.FIONBIO,
    termios.FIONREAD,
    termios.FIOCLEX,
    termios.FIONCLEX,
    termios.TCGETS,
    0x802C542A,  # TCGETS2, by newer libcs
    termios.TIOCGWINSZ,
    0x8933,  # SIOCGIFINDEX: the number of a network interface, for zones of IPv6 addresses
)
"""Not among them: ``TIOCSTI``, which types into the terminal that standard error may be."""


ABSENT: Final = ("clone3", "openat2")
"""Calls that "are not there", for what they are asked is behind a pointer: libraries then use the older ones."""


_OWN: Final = ("kill", "tgkill")
"""Calls that are allowed when their first argument is the process itself."""

_GLIBC: Final = "CS_GNU_LIBC_VERSION" in os.confstr_names
"""Others (musl) bind the sockets on which they ask for names; Landlock goes on to refuse TCP."""


def missing() -> list[str]:
    """What :func:`restrict` cannot do here, in words."""
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        return [f"all system calls (no list of them for {machine})"]
    try:
        prctl(_PR_GET_SECCOMP)
    except OSError:
        return ["all system calls (seccomp, CONFIG_SECCOMP_FILTER)"]
    return []


def prepare() -> Callable[[], None]:
    """To be called after a fork: that process, which must have ``PR_SET_NO_NEW_PRIVS``, makes only the listed calls.

    Does nothing where :func:`missing` says so; raises OSError.
    """
    return (lambda: None) if missing() else Filter(platform.machine()).install


class Filter:
    """The filter of one architecture; what is the same for all processes is assembled beforehand."""

    def __init__(self, machine: str) -> None:
        architecture, column = ARCHITECTURES[machine]
        self._numbers = {name: number for name, pair in NUMBERS.items() if (number := pair[column]) is not None}
        special = {*ABSENT, *_OWN, *(rules := _rules())}
        self._begin = bpf.opening(architecture, newest=NEWEST, absent=map(self._numbers.__getitem__, ABSENT))
        self._begin += bpf.conditions(self._numbered(rules))
        self._end = bpf.closing(number for name, number in self._numbers.items() if name not in special)

    def program(self, pid: int) -> bytes:
        """For the process ``pid``."""
        own = (Is(0, (pid,)),)
        return self._begin + bpf.conditions(self._numbered(dict.fromkeys(_OWN, (own,)))) + self._end

    def install(self) -> None:
        """For this process, from now on. Raises OSError."""
        code = self.program(os.getpid())
        instructions = ctypes.create_string_buffer(code, len(code))
        head = _Program(len(code) // bpf.INSTRUCTION.size, ctypes.addressof(instructions))
        prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(head))

    def _numbered(self, rules: Mapping[str, tuple[Rule, ...]]) -> dict[int, tuple[Rule, ...]]:
        return {self._numbers[name]: rule for name, rule in rules.items() if name in self._numbers}


def _rules() -> dict[str, tuple[Rule, ...]]:
    """Calls that are allowed when one of their rules holds; where there is none, never."""
    reading = (0,)
    outwards = Is(0, (socket.AF_INET, socket.AF_INET6))
    stream = Is(1, (socket.SOCK_STREAM,), _SOCKET_TYPE)
    stream_or_datagram = Is(1, (socket.SOCK_STREAM, socket.SOCK_DGRAM), _SOCKET_TYPE)
    return {
        # Landlock sees to it as well, where there is one; but it does not keep a log from being cut off.
        "open": ((Is(1, reading, _WRITING),),),
        "openat": ((Is(2, reading, _WRITING),),),
        "clone": ((Is(0, (_CLONE_THREAD,), _CLONE_THREAD),),),
        "prlimit64": ((Is(0, (0,)),),),  # 0 is oneself
        "prctl": ((Is(0, _PRCTL),),),
        "ioctl": ((Is(1, _IOCTL),),),
        # Over IP nothing but TCP and UDP: Landlock knows the ports of TCP alone, not of MPTCP or SCTP. Netlink tells
        # libc which addresses this machine has.
        "socket": (
            (Is(0, (socket.AF_UNIX,)), stream),
            (outwards, stream_or_datagram, Is(2, (0, socket.IPPROTO_TCP, socket.IPPROTO_UDP))),
            (Is(0, (socket.AF_NETLINK,)), Is(2, (_NETLINK_ROUTE,))),
        ),
        "socketpair": ((Is(0, (socket.AF_UNIX,)),),),
        # MSG_FASTOPEN connects without connect(2), where Landlock would look.
        "sendto": (_without(3, _MSG_FASTOPEN),),
        "sendmsg": (_without(2, _MSG_FASTOPEN),),
        "sendmmsg": (_without(3, _MSG_FASTOPEN),),
        **({"bind": ()} if _GLIBC else {}),
    }


def _without(argument: int, flag: int) -> Rule:
    return (Is(argument, (0,), flag),)


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))
