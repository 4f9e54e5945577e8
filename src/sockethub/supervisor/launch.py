"""Run a supervisor as a child process, from `sockethub serve` and `sockethub workers`."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio

from sockethub.config.models import Declaration
from sockethub.crypto import MasterKey, Secret
from sockethub.errors import SockethubError
from sockethub.supervisor.processes import spawn

READY_SECONDS: Final = 60.0
STOP_MARGIN_SECONDS: Final = 3.0


class SupervisorProcess:
    """A running supervisor."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

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


@asynccontextmanager
async def run_supervisor(
    declaration: Declaration, *, redis_url: Secret[str], master_key: MasterKey
) -> AsyncIterator[SupervisorProcess]:
    """A supervisor with every platform warm, for as long as the block lasts; then it stops within the declared time."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    with theirs:
        process = spawn("sockethub.supervisor", descriptor=theirs.fileno())
    order = {
        "declaration": declaration.model_dump_json(exclude={"redis", "keys"}),
        "redis_url": redis_url.reveal(),
        "master_key": base64.b64encode(master_key.key.reveal()).decode(),
    }
    running = SupervisorProcess(process)
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_sendall(ours, json.dumps(order).encode())
        with anyio.fail_after(READY_SECONDS):
            if not await loop.sock_recv(ours, 16):
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
