"""The process that has started the supervisor, as the supervisor sees it: a packet socket.

It is told ``ready`` when all platforms are warm, and after each packet with a changed declaration;
``{"reload": ORDER}`` asks it, which alone can read the declaration again, to do so. It tells declarations, what it
logs, and ``{"reloaded": ORDER, "answer": …}``. The end of the socket is the end of the supervisor.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any, Final

import anyio

from sockethub import jsontext
from sockethub.config.models import Declaration
from sockethub.logrecords import PREFIX, NoRecord, unpacked
from sockethub.operations.recent import Recent
from sockethub.supervisor.launch import READY, READY_SECONDS, RELOADED
from sockethub.supervisor.processes import ForkServerGone
from sockethub.supervisor.supervisor import Supervisor
from sockethub.worker.control import Control

PACKET_BYTES: Final = 1_048_576
"""The largest holds a declaration."""

RELOAD_SECONDS: Final = READY_SECONDS + 5.0
"""The parent, for its part, waits for new platforms to be warm."""


class Parent:
    """Hears it, and asks it."""

    def __init__(self, connection: socket.socket, recent: Recent) -> None:
        """``recent`` keeps what it logs."""
        self._control = Control(connection, PACKET_BYTES)
        self._recent = recent
        self._asked: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def hear(self, supervisor: Supervisor, ready: anyio.Event, stop: anyio.Event) -> None:
        """Do as it says, from when the supervisor is ``ready``; it is to ``stop`` when the parent is gone."""
        await ready.wait()
        await self._control.send_raw(READY)
        while packet := await self._control.packet():
            if packet.startswith(PREFIX):
                self._keep(packet)
            elif packet.startswith(RELOADED):
                self._reloaded(packet)
            else:
                await self._control.send_raw(await self._redeclared(supervisor, packet))
        stop.set()

    async def reload(self, order: str) -> dict[str, Any]:
        """Have it read the declaration again (:data:`sockethub.config.reload.Reload`)."""
        asked: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[order] = asked
        try:
            with anyio.move_on_after(RELOAD_SECONDS):
                await self._control.send_raw(jsontext.dumps({"reload": order}))
                return await asked
        finally:
            self._asked.pop(order, None)
        return {"error": f"it did not come to an end within {RELOAD_SECONDS:g} s; its log says what is in the way"}

    def _keep(self, packet: bytes) -> None:
        with suppress(NoRecord):
            self._recent.add(unpacked(packet)[0])

    def _reloaded(self, packet: bytes) -> None:
        told = jsontext.mapping(packet)
        asked = self._asked.get(told["reloaded"])
        if asked is not None and not asked.done():
            asked.set_result(told["answer"])

    @staticmethod
    async def _redeclared(supervisor: Supervisor, packet: bytes) -> bytes:
        try:
            await supervisor.redeclare(Declaration.model_validate_json(packet))
        except ForkServerGone as error:
            return str(error).encode()
        return READY
