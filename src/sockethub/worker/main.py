"""The entry of a forked worker: reads its spec from the control socket, works, ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import anyio
import structlog
from anyio.abc import TaskGroup

from sockethub import logs
from sockethub.jobs import RedisLink, linked, use_fast_json
from sockethub.worker.control import PACKET_BYTES, SUPERSEDED, Control
from sockethub.worker.lease import Lease
from sockethub.worker.login import LoginService
from sockethub.worker.pool import PoolService
from sockethub.worker.runtime import Runtime
from sockethub.worker.shared import Shared
from sockethub.worker.signs import Signs
from sockethub.worker.spec import WorkerSpec
from sockethub.worker.standing import Standing
from sockethub.worker.telling import Telling

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


def main(connection: socket.socket, shared: Shared) -> int:
    """Work until told to stop or the supervisor is gone; the process's exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor decides
    packet = connection.recv(PACKET_BYTES)
    if not packet:
        return 0
    spec = WorkerSpec.decode(packet)
    logs.set_level(spec.log_level)  # it may have changed since its fork server began
    control = Control(connection)
    logs.also(Telling(control))
    signs = Signs(shared.page)
    with asyncio.Runner(loop_factory=_loop_factory(spec, signs)) as runner:
        return runner.run(work(spec, control, shared, signs))


def _loop_factory(spec: WorkerSpec, signs: Signs) -> Callable[[], asyncio.AbstractEventLoop]:
    """A pool's few processes do the work of all: uvloop is the faster. A login is one of hundreds, and needs 0.7 MiB
    less on asyncio's own."""
    if spec.mode == "persistent":
        return signs.loop
    import uvloop

    return uvloop.new_event_loop


async def work(spec: WorkerSpec, control: Control, shared: Shared, signs: Signs) -> int:
    """Run the worker of `spec` until it ends or is told to; the exit status."""
    use_fast_json()
    url, ending = spec.redis_url.reveal(), Ending()
    async with (
        linked(url, blocking=True, by_digest=spec.confined) as blocking,
        linked(url, by_digest=spec.confined) as link,
        anyio.create_task_group() as tasks,
    ):
        lease = None if spec.mode == "stateless" else Lease(spec, link, shared)
        login = None if lease is None else LoginService(spec, link, lease, tasks)
        runtime = Runtime(spec, login or PoolService(spec, link), lease, blocking=blocking, link=link)
        if login is not None and lease is not None:
            tasks.start_soon(_end, login, tasks)
            tasks.start_soon(lease.watch)
            tasks.start_soon(_superseded, lease, login, ending, tasks)
        leave = partial(_leave, runtime, login, tasks, spec.stop_seconds * DRAINING)
        tasks.start_soon(_obey, control, login, (link, blocking), leave)
        tasks.start_soon(_terminated, ending, leave)
        tasks.start_soon(signs.show, None if login is None else Standing(login.standing, control.tell))
        tasks.start_soon(runtime.run)
    return ending.status


async def _obey(control: Control, login: LoginService | None, links: Sequence[RedisLink], leave: Leave) -> None:
    async for message in control.receive():
        match message.get("do"):
            case "stop":
                await leave()
                return
            case "forget" if login is not None:
                login.forget(message["gateway"])
            case "log":
                logs.set_level(message["level"])
            case "moved":
                for link in links:
                    link.leave((message["to"][0], message["to"][1]))
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


async def _end(login: LoginService, tasks: TaskGroup) -> None:
    await login.finished.wait()
    tasks.cancel_scope.cancel()
