"""An assembler for the filters that seccomp takes: classic BPF over the number and the arguments of a system call.

A filter is put together from :func:`opening`, :func:`conditions` (any number of times) and :func:`closing`. The kernel
follows it from the first instruction to one that returns. <linux/filter.h>, <linux/bpf_common.h>, and
``struct seccomp_data`` of <linux/seccomp.h>. Pure.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Final

INSTRUCTION: Final = Struct("=HBBI")
"""``struct sock_filter``: code, how far to jump when true, when false, and a constant."""

ALLOW: Final = 0x7FFF0000
REFUSED: Final = 0x00050000 | errno.EPERM
ABSENT: Final = 0x00050000 | errno.ENOSYS
"""``SECCOMP_RET_ALLOW`` and ``SECCOMP_RET_ERRNO``: what becomes of a call."""

_LOAD: Final = 0x20
_AND: Final = 0x54
_JUMP_EQUAL: Final = 0x15
_JUMP_GREATER: Final = 0x25
_JUMP_NOT_LESS: Final = 0x35
_RETURN: Final = 0x06

_NUMBER: Final = 0
_ARCHITECTURE: Final = 4
_ARGUMENTS: Final = 16
_ARGUMENT_BYTES: Final = 8

ALL_BITS: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Is:
    """An argument, of whose low 32 bits those of ``mask`` are one of ``values``.

    The kernel looks no further than those bits itself in an ``int`` (process, descriptor, flags, command).
    """

    argument: int
    values: tuple[int, ...]
    mask: int = ALL_BITS


Rule = tuple[Is, ...]
"""All of these hold."""


def opening(architecture: int, *, newest: int, absent: Iterable[int]) -> bytes:
    """How a filter for one ``architecture`` (``AUDIT_ARCH_…``) begins: with what is not there.

    Calls of ``absent``, and those with a number above ``newest``, fail with ``ENOSYS``, as on a kernel that does not
    know them. Calls in the manner of another architecture that the machine runs as well are refused: their numbers mean
    something else.
    """
    code = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_JUMP_EQUAL, architecture, true=1),
        _instruction(_RETURN, REFUSED),
        _instruction(_LOAD, _NUMBER),
        _instruction(_JUMP_GREATER, newest, false=1),
        _instruction(_RETURN, ABSENT),
    ]
    for number in absent:
        code += [_instruction(_JUMP_EQUAL, number, false=1), _instruction(_RETURN, ABSENT)]
    return b"".join(code)


def conditions(calls: Mapping[int, tuple[Rule, ...]]) -> bytes:
    """The middle of a filter: calls that are allowed when one of their rules holds, and else refused."""
    code = []
    for number, rules in calls.items():
        body = [instruction for rule in rules for instruction in _rule(rule)]
        code += [_instruction(_JUMP_EQUAL, number, false=len(body) + 1), *body, _instruction(_RETURN, REFUSED)]
    return b"".join(code)


def closing(allowed: Iterable[int]) -> bytes:
    """How a filter ends: of what is left, ``allowed`` are, and no other."""
    code = []
    for first, last in _runs(allowed):
        code += [
            _instruction(_JUMP_GREATER, last, true=3),
            _instruction(_JUMP_NOT_LESS, first, false=1),
            _instruction(_RETURN, ALLOW),
            _instruction(_RETURN, REFUSED),
        ]
    return b"".join((*code, _instruction(_RETURN, REFUSED)))


def _rule(rule: Rule) -> list[bytes]:
    """Allows the call when ``rule`` holds, else goes on behind it."""
    code = [_instruction(_RETURN, ALLOW)]
    for test in reversed(rule):
        code = [*_test(test, otherwise=len(code)), *code]
    return code


def _test(test: Is, otherwise: int) -> Iterable[bytes]:
    """Goes on behind it when ``test`` holds, else ``otherwise`` instructions further."""
    yield _instruction(_LOAD, _ARGUMENTS + _ARGUMENT_BYTES * test.argument)
    if test.mask != ALL_BITS:
        yield _instruction(_AND, test.mask)
    for left, value in zip(range(len(test.values) - 1, -1, -1), test.values, strict=True):
        yield _instruction(_JUMP_EQUAL, value, true=left, false=0 if left else otherwise)


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """The first and the last of each run without a gap, in order."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return runs


def _instruction(code: int, constant: int, *, true: int = 0, false: int = 0) -> bytes:
    return INSTRUCTION.pack(code, true, false, constant)
