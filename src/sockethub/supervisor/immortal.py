"""Makes what a fork server has imported immortal, so that its children do not copy it.

A forked process shares its parent's pages until one of them writes. CPython counts references in the objects: whoever
runs a function writes into it, and into all that it names: nearly all of the memory that a login had of its
own was the parent's, copied for a count. From CPython 3.12 on an object may be immortal (PEP 683): its count stands for
ever, and nobody writes it. The interpreter makes its own constants so. Here all that there is before the first fork
becomes so, by giving each object the count of ``None``.

What is immortal is never freed: right for modules, classes and functions of a process whose children do nothing but run
them, and for nothing else.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import sysconfig
from types import CodeType, FrameType
from typing import Any, Final

IMMORTAL: Final = 1 << 31
"""Counts from here on are immortal ones: the sign of the 32 bits that the interpreter looks at."""

_PROBES: Final = 3
_FIELD: Final = ctypes.sizeof(ctypes.c_uint32) if sys.byteorder == "big" else 0
"""Where these 32 bits begin."""


def immortalize() -> int:
    """Make everything immortal that the garbage collector knows, and what that refers to; how many objects.

    None where the interpreter has no such thing, or keeps its counts in another way. Call it before anything runs that
    is to be freed again, and with no other thread.
    """
    if not possible():
        return 0
    count = _count(None).value
    made = 0
    roots = gc.get_objects()
    todo: list[Any] = []
    while roots or todo:
        one = todo.pop() if todo else roots.pop()
        field = _count(one)
        if field.value >= IMMORTAL or isinstance(one, FrameType) or one is roots or one is todo:
            continue
        field.value = count
        made += 1
        todo.extend(_parts(one))
    return made


def _parts(one: Any) -> list[Any]:
    """What an object refers to, also where the collector is not told."""
    parts = gc.get_referents(one)
    if isinstance(one, CodeType):
        parts += (one.co_consts, one.co_names, one.co_name, one.co_qualname, one.co_filename)
        parts += (one.co_linetable, one.co_exceptiontable)
    elif type(one) is dict:
        parts += one.keys()
    return parts


def _count(one: Any) -> ctypes.c_uint32:
    return ctypes.c_uint32.from_address(id(one) + _FIELD)


def possible() -> bool:
    """Whether counts are where they are looked for, and an immortal one stands. Tried out with an object of no use."""
    named = sys.implementation.name == "cpython" and sys.version_info >= (3, 12)
    if not named or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return False
    probe = object()
    before = _count(probe).value
    more = [probe] * _PROBES
    counted = _count(probe).value == before + _PROBES
    del more
    if not counted or _count(probe).value != before or _count(None).value < IMMORTAL:
        return False
    _count(probe).value = immortal = _count(None).value
    more = [probe] * _PROBES
    del more
    return _count(probe).value == immortal
