"""Run a supervisor as a child process, from `sockethub serve` and `sockethub workers`."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio

from sockethub import jsontext
from sockethub.config.models import Declaration
from sockethub.config.reload import Reload
from sockethub.crypto import RootKey, Secret
from sockethub.errors import SockethubError
from sockethub.logrecords import packet as record_packet
from sockethub.supervisor.processes import spawn
from sockethub.worker.control import Control

READY_SECONDS: Final = 60.0
STOP_MARGIN_SECONDS: Final = 3.0
READY: Final = b"ready"
"""What a supervisor says when it is, and when it does as it was told last; anything else is why it does not."""

ORDER: Final = b'{"reload":'
"""Begins what it passes on of an operator's order to reload."""

RELOADED: Final = b'{"reloaded":'
"""Begins the answer to that."""

ANSWER_BYTES: Final = 4_096


class SupervisorProcess:
    """A running supervisor."""

    def __init__(self, process: subprocess.Popen[bytes], connection: socket.socket) -> None:
        self._process = process
        self._control = Control(connection, ANSWER_BYTES)
        self._turn = anyio.Lock()
        self._answer: asyncio.Future[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    async def redeclare(self, declaration: Declaration) -> None:
        """From now on this is declared, of what can change; returns when it is so. Raises SockethubError."""
        async with self._turn:
            self._answer = asyncio.get_running_loop().create_future()
            with anyio.fail_after(READY_SECONDS):
                await self._control.send_raw(_dump(declaration).encode())
                answer = await self._answer
        if answer != READY:
            raise SockethubError(answer.decode() or "the supervisor ended; its messages above say why")

    async def hear(self, reload: Reload) -> None:
        """Hear what it answers, and its orders to reload, which come from operators, until it ends."""
        async with anyio.create_task_group() as tasks:
            while packet := await self._control.packet():
                if packet.startswith(ORDER):
                    tasks.start_soon(self._reload, reload, jsontext.mapping(packet)["reload"])
                else:
                    self._answered(packet)
        self._answered(b"")

    async def _reload(self, reload: Reload, order: str) -> None:
        await self._control.send_raw(jsontext.dumps({"reloaded": order, "answer": await reload(order)}))

    def _answered(self, answer: bytes) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def record(self, record: Mapping[str, Any]) -> None:
        """Have it keep what this process logs; without waiting, and not where it reads too little."""
        self._control.tell(record_packet(record, 0))

    async def wait(self) -> int:
        """Its exit status, when it ends."""
        if self._process.poll() is None:
            ended = anyio.Event()
            descriptor = os.pidfd_open(self._process.pid)
            loop = asyncio.get_running_loop()
            loop.add_reader(descriptor, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(descriptor)
                os.close(descriptor)
        return self._process.wait()


def _dump(declaration: Declaration) -> str:
    """Without what goes another way, or is not its business."""
    return declaration.model_dump_json(exclude={"redis": {"url"}, "keys": True, "gateway": True})


@asynccontextmanager
async def run_supervisor(
    declaration: Declaration, *, redis_url: Secret[str], root_key: RootKey
) -> AsyncIterator[SupervisorProcess]:
    """A supervisor with every platform warm, for as long as the block lasts; then it stops within the declared time."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    with theirs:
        process = spawn("sockethub.supervisor", descriptor=theirs.fileno())
    order = {
        "declaration": _dump(declaration),
        "redis_url": redis_url.reveal(),
        "root_key": {"id": root_key.id, "key": base64.b64encode(root_key.key.reveal()).decode()},
    }
    running = SupervisorProcess(process, ours)
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_sendall(ours, json.dumps(order).encode())
        with anyio.fail_after(READY_SECONDS):
            if not await loop.sock_recv(ours, ANSWER_BYTES):
                raise SockethubError("the supervisor did not start; its messages above say why")
        yield running
    finally:
        ours.close()
        seconds = declaration.workers.stop_seconds + STOP_MARGIN_SECONDS
        with anyio.CancelScope(shield=True), anyio.move_on_after(seconds):
            await running.wait()
        if process.poll() is None:
            process.kill()
            process.wait()
