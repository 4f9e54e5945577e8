"""Tasks and descriptors of this process: what is there now that was not there before."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio

SETTLE_SECONDS: Final = 3.0
"""How long what was told to end may take for it: closing handshakes, callbacks of the loop."""

POLL_SECONDS: Final = 0.005
_DESCRIPTORS: Final = Path("/proc/self/fd")


@dataclass(frozen=True)
class Census:
    """Tasks of the running loop, and open descriptors with what they are."""

    tasks: frozenset[asyncio.Task[Any]]
    descriptors: frozenset[tuple[int, str]]

    @classmethod
    def taken(cls) -> Census:
        tasks = frozenset(task for task in asyncio.all_tasks() if not task.done())
        return cls(tasks, frozenset(_descriptors()))

    async def left_behind(self) -> list[str]:
        """What is there in excess of this census, in words, once everything had time to end."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while found := self._excess():
            if time.monotonic() > deadline:
                return found
            await anyio.sleep(POLL_SECONDS)
        return []

    def sockets(self) -> list[socket.socket]:
        """Copies of connected sockets that were not there at this census; close them."""
        found = []
        for number, target in Census.taken().descriptors - self.descriptors:
            copy = _internet_socket(number, target)
            if copy is None:
                continue
            if _is_connected(copy):
                found.append(copy)
            else:
                copy.close()
        return found

    def _excess(self) -> list[str]:
        now = Census.taken()
        found = [f"the task {_name(task)}" for task in now.tasks - self.tasks if task is not asyncio.current_task()]
        if len(now.descriptors) > len(self.descriptors):
            found += [f"descriptor {number} ({target})" for number, target in now.descriptors - self.descriptors]
        return sorted(found)


def _descriptors() -> set[tuple[int, str]]:
    """All, but for what a server in this process has accepted, as tests have them.

    Those are the other ends of connections that are counted, and come and go a moment later than these: also where the
    client has reset its end, and they lead nowhere any more.
    """
    found = {}
    for number in map(int, os.listdir(_DESCRIPTORS)):
        with suppress(FileNotFoundError):  # the one that read the directory
            found[number] = os.readlink(_DESCRIPTORS / str(number))
    served: set[int] = set()
    ports: dict[int, int] = {}
    for number, target in found.items():
        copy = _internet_socket(number, target)
        if copy is None:
            continue
        with copy:
            port = copy.getsockname()[1]
            if copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                served.add(port)
            else:
                ports[number] = port
    return {(number, target) for number, target in found.items() if ports.get(number) not in served}


def _internet_socket(number: int, target: str) -> socket.socket | None:
    """A copy of the descriptor that leads to ``target``, if it is one."""
    if not target.startswith("socket:"):
        return None
    try:
        copy = socket.socket(fileno=os.dup(number))
    except OSError:  # it was closed meanwhile
        return None
    if copy.family in (socket.AF_INET, socket.AF_INET6):
        return copy
    copy.close()
    return None


def _is_connected(sock: socket.socket) -> bool:
    try:
        sock.getpeername()
    except OSError:
        return False
    return True


def _name(task: asyncio.Task[Any]) -> str:
    coroutine = task.get_coro()
    return str(getattr(coroutine, "__qualname__", coroutine))
