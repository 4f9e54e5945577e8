"""The entry of a forked worker: reads its spec from the control socket, works, ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import anyio
import structlog
from anyio.abc import TaskGroup

from sockethub.jobs import linked
from sockethub.worker.control import HEARTBEAT_SECONDS, PACKET_BYTES, SUPERSEDED, Control
from sockethub.worker.lease import Lease
from sockethub.worker.login import LoginService
from sockethub.worker.pool import PoolService
from sockethub.worker.runtime import Runtime
from sockethub.worker.spec import WorkerSpec

STOPPED: Final = "the service is going down"
TAKEN_OVER: Final = "another machine has taken over"

TERMINATED: Final = 128 + signal.SIGTERM
"""Exit status after SIGTERM: not 0, for the login has not ended; where the supervisor stays, it is replaced."""

DRAINING: Final = 0.5
"""Share of the time to stop in that commands under way may finish; the rest is for leaving the service."""

Leave = Callable[[], Awaitable[None]]


@dataclass
class Ending:
    """How the process is going to end."""

    status: int = 0


def main(connection: socket.socket) -> int:
    """Work until told to stop or the supervisor is gone; the process's exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor decides
    packet = connection.recv(PACKET_BYTES)
    if not packet:
        return 0
    spec = WorkerSpec.decode(packet)
    return asyncio.run(work(spec, Control(connection)))


async def work(spec: WorkerSpec, control: Control) -> int:
    """Run the worker of `spec` until it ends or is told to; the exit status."""
    url, ending = spec.redis_url.reveal(), Ending()
    async with (
        linked(url, blocking=True) as blocking,
        linked(url) as link,
        anyio.create_task_group() as tasks,
    ):
        lease = None if spec.mode == "stateless" else Lease(spec, link)
        login = None if lease is None else LoginService(spec, link, lease, tasks)
        runtime = Runtime(spec, login or PoolService(spec, link), lease, blocking=blocking, link=link)
        if login is not None and lease is not None:
            tasks.start_soon(_end, login, tasks)
            tasks.start_soon(lease.watch)
            tasks.start_soon(_superseded, lease, login, ending, tasks)
        leave = partial(_leave, runtime, login, tasks, spec.stop_seconds * DRAINING)
        tasks.start_soon(_obey, control, login, lease, leave)
        tasks.start_soon(_terminated, ending, leave)
        tasks.start_soon(_beat, control)
        tasks.start_soon(runtime.run)
    return ending.status


async def _obey(control: Control, login: LoginService | None, lease: Lease | None, leave: Leave) -> None:
    async for message in control.receive():
        match message.get("do"):
            case "stop":
                await leave()
                return
            case "held" if lease is not None:
                lease.held(message["until"])
            case "forget" if login is not None:
                login.forget(message["gateway"])
            case "rewrite" if login is not None:
                login.rewrite()
    # The supervisor is gone: nobody watches this process any more. Leave at once; the kernel closes the rest.
    structlog.get_logger(__name__).warning("supervisor is gone")
    sys.stderr.flush()
    os._exit(1)


async def _terminated(ending: Ending, leave: Leave) -> None:
    """A service manager may signal every process at once, before the supervisor says a word."""
    with anyio.open_signal_receiver(signal.SIGTERM) as signals:
        async for _ in signals:
            ending.status = TERMINATED
            await leave()
            return


async def _superseded(lease: Lease, login: LoginService, ending: Ending, tasks: TaskGroup) -> None:
    """Another worker has the login: leave its service, and its queue to that one."""
    await lease.lost.wait()
    ending.status = SUPERSEDED
    await login.stop(TAKEN_OVER)
    tasks.cancel_scope.cancel()


async def _leave(runtime: Runtime, login: LoginService | None, tasks: TaskGroup, seconds: float) -> None:
    await runtime.drain(seconds)
    if login is not None:
        await login.stop(STOPPED)
    tasks.cancel_scope.cancel()


async def _beat(control: Control) -> None:
    while True:
        control.beat()
        await asyncio.sleep(HEARTBEAT_SECONDS)  # anyio's costs twice as much, which counts where little else is done


async def _end(login: LoginService, tasks: TaskGroup) -> None:
    await login.finished.wait()
    tasks.cancel_scope.cancel()
