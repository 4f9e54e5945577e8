"""Platforms for testing the processes that run platforms."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anyio

from sockethub.errors import PlatformError
from sockethub.worker.interface import Activity, LoginContext, PersistentPlatform


class Parrot(PersistentPlatform):
    """Says again what it is told; ``object.content`` may also be an order: die, sleep, slow, late, fail,
    bug, save, lose, spin, block, falter."""

    def __init__(self, context: LoginContext) -> None:
        super().__init__(context)
        self._connected = False

    async def connect(self, credentials: Mapping[str, Any], restore: Mapping[str, Any] | None) -> Activity | None:
        if credentials["object"].get("password") == "wrong":
            raise PlatformError("wrong password", condition="password")
        self._connected = True
        return {**self._me(), "type": "connect", "object": {"type": "connect", "restored": restore, "pid": os.getpid()}}

    async def perform(self, activity: Activity) -> Activity | None:
        order = activity["object"]["content"]
        match order:
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "sleep":
                await anyio.sleep_forever()
            case "slow":
                self.context.emit({**self._me(), "type": "send", "object": {"type": "message", "content": "thinking"}})
                await anyio.sleep(0.3)
            case "late":
                raise TimeoutError("of its own")
            case "fail":
                raise PlatformError("it refuses", condition="refused")
            case "bug":
                raise RuntimeError("secret-in-a-bug")
            case "save":
                await self.context.save({"joins": ["#saved"]})
            case "spin":
                _spin()
            case "block":
                time.sleep(600)  # noqa: ASYNC251 - a platform that does so hangs
            case "lose":
                self.context.lost("gone for good")
            case "falter":
                self._connected = False
        self.context.emit({**self._me(), "type": "send", "object": {"type": "message", "content": f"heard {order}"}})
        return {**activity, "object": {"type": "message", "content": order, "pid": os.getpid()}}

    async def disconnect(self, reason: str) -> None:
        self._connected = False
        self.context.emit({**self._me(), "type": "send", "object": {"type": "message", "content": f"squawk, {reason}"}})

    @property
    def connected(self) -> bool:
        return self._connected

    def _me(self) -> Activity:
        return {"context": self.context.platform, "actor": {"id": "parrot", "type": "person"}}


class CarefulParrot(Parrot):
    """One that journals, and dies before or after that: ``die before``, ``die before once``, ``die after``; ``dawdle``
    before it journals. Other orders are the ways of platforms to go wrong: ``segfault``, ``spin``, ``recurse``,
    ``hog``. What was begun, and what was done, it keeps in the file that its credentials name."""

    journals = True

    async def connect(self, credentials: Mapping[str, Any], restore: Mapping[str, Any] | None) -> Activity | None:
        self._begun = Path(credentials["object"]["begun"])
        return await super().connect(credentials, restore)

    async def perform(self, activity: Activity) -> Activity | None:
        order = activity["object"]["content"]
        if activity["type"] == "query":
            return await super().perform(activity)
        with self._begun.open("a") as file:
            file.write(f"{order}\n")
        first = self._begun.read_text().splitlines().count(order) == 1
        if order == "die before" or (order == "die before once" and first):
            os.kill(os.getpid(), signal.SIGKILL)
        if order in _WRONG:
            _WRONG[order]()
        if order == "dawdle":
            self.context.emit({**self._me(), "type": "send", "object": {"type": "message", "content": "dawdling"}})
            await anyio.sleep(0.3)
        await self.context.journal()
        with self._begun.open("a") as file:
            file.write(f"did {order}\n")
        if order == "die after":
            os.kill(os.getpid(), signal.SIGKILL)
        return await super().perform(activity)


def _segfault() -> None:
    ctypes.string_at(0)


def _spin() -> None:
    while True:
        pass


def _recurse() -> None:
    _recurse()


def _hog() -> None:
    """All the memory that it may have."""
    hoard: list[bytearray] = []
    while True:
        hoard.append(bytearray(16 * 1024 * 1024))


_WRONG: dict[str, Callable[[], None]] = {"segfault": _segfault, "spin": _spin, "recurse": _recurse, "hog": _hog}
