"""The entry of a forked worker: reads its spec from the control socket, works, ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from typing import Final

import anyio
import structlog
from anyio.abc import TaskGroup

from sockethub.jobs import linked
from sockethub.worker.control import HEARTBEAT_SECONDS, PACKET_BYTES, Control
from sockethub.worker.login import LoginService
from sockethub.worker.pool import PoolService
from sockethub.worker.runtime import Runtime
from sockethub.worker.spec import WorkerSpec

STOPPED: Final = "the service is going down"


def main(connection: socket.socket) -> int:
    """Work until told to stop or the supervisor is gone; the process's exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor decides
    packet = connection.recv(PACKET_BYTES)
    if not packet:
        return 0
    spec = WorkerSpec.decode(packet)
    asyncio.run(work(spec, Control(connection)))
    return 0


async def work(spec: WorkerSpec, control: Control) -> None:
    """Run the worker of `spec` until it ends or is told to."""
    url = spec.redis_url.reveal()
    async with (
        linked(url, blocking=True) as blocking,
        linked(url) as link,
        anyio.create_task_group() as tasks,
    ):
        if spec.mode == "stateless":
            runtime = Runtime(spec, PoolService(spec), blocking=blocking, link=link)
            tasks.start_soon(_obey, control, None, tasks)
        else:
            login = LoginService(spec, link, tasks)
            runtime = Runtime(spec, login, blocking=blocking, link=link)
            tasks.start_soon(_obey, control, login, tasks)
            tasks.start_soon(_end, login, tasks)
        tasks.start_soon(_beat, control)
        tasks.start_soon(runtime.run)


async def _obey(control: Control, login: LoginService | None, tasks: TaskGroup) -> None:
    async for message in control.receive():
        match message.get("do"):
            case "stop":
                if login is not None:
                    await login.stop(STOPPED)
                tasks.cancel_scope.cancel()
                return
            case "forget" if login is not None:
                login.forget(message["gateway"])
    # The supervisor is gone: nobody watches this process any more. Leave at once; the kernel closes the rest.
    structlog.get_logger(__name__).warning("supervisor is gone")
    sys.stderr.flush()
    os._exit(1)


async def _beat(control: Control) -> None:
    while True:
        await control.send({"alive": True})
        await anyio.sleep(HEARTBEAT_SECONDS)


async def _end(login: LoginService, tasks: TaskGroup) -> None:
    await login.finished.wait()
    tasks.cancel_scope.cancel()
