"""The supervisor's side of fork servers and workers: start, hear of their end at once, stop with a deadline."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import anyio
import structlog

from sockethub import jsontext
from sockethub.config.models import Log
from sockethub.logrecords import PREFIX as RECORD
from sockethub.redis_url import Address
from sockethub.supervisor.cage import minimal_environment
from sockethub.supervisor.sandbox import Sandbox
from sockethub.supervisor.zygote import PACKET_BYTES
from sockethub.worker.control import Control, pair
from sockethub.worker.shared import Shared
from sockethub.worker.spec import WorkerSpec

READY_SECONDS: Final = 30.0
"""A fork server imports everything; slow disks take seconds."""

FORK_SECONDS: Final = 5.0
START_SECONDS: Final = 1.0
"""After that, the loop of a worker that was forked is expected to turn."""

UNKNOWN_STATUS: Final = -1

Heard = Callable[[bytes], None]
"""Takes what a worker logs, a packet at a time."""


class ForkServerGone(Exception):
    """The fork server ended; its workers ended with it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a login stands, as its worker has told last; ``sessions`` is how many are attached."""

    state: Literal["starting", "connected", "disconnected"] = "starting"
    sessions: int = 0


class Worker:
    """One running worker."""

    def __init__(self, pid: int, control: Control, shared: Shared) -> None:
        self.pid = pid
        self._control = control
        self._shared = shared
        shared.page.due = time.monotonic() + START_SECONDS
        self._exited = anyio.Event()
        self._status = UNKNOWN_STATUS
        self.hung = False
        """Whether it was killed because its loop did not go on."""
        self.stopped_at: float | None = None
        """When a signal stopped it (:func:`time.monotonic`), unless it goes on since."""
        self.standing = Standing()

    async def wait(self) -> int:
        """Its exit status; negative is the signal that ended it."""
        await self._exited.wait()
        return self._status

    async def watch(self, heard: Heard | None = None) -> None:
        """Read how its login stands, and for ``heard`` what it logs, until it is gone.

        Nobody but this task, which reads it, may close the socket: an event loop that waits for a descriptor closed
        under it fails, or hears of another one that got the same number.
        """
        try:
            while packet := await self._control.packet():
                if not packet.startswith(RECORD):
                    self._hear(packet)
                elif heard is not None:
                    heard(packet)
        finally:
            self._control.close()

    @property
    def due(self) -> float:
        """When it says something new at the latest."""
        return self._shared.page.due

    def hang(self) -> None:
        """It hangs: end it."""
        if not self.hung:
            structlog.get_logger(__name__).warning("worker hangs", pid=self.pid)
            self.hung = True
        self.kill()

    def _hear(self, packet: bytes) -> None:
        try:
            told = jsontext.mapping(packet)
        except ValueError as error:
            structlog.get_logger(__name__).error("a worker makes no sense", pid=self.pid, error=str(error))
            self.kill()  # it runs other code than ours
            return
        sessions = told.get("sessions")
        self.standing = Standing(
            "connected" if told.get("connected") is True else "disconnected",
            sessions if isinstance(sessions, int) else 0,
        )

    async def tell(self, spec: WorkerSpec) -> None:
        """Say what it is to run: the first thing it waits for."""
        await self._control.send_raw(spec.encode())

    def held(self, until: float, alone_from: float) -> None:
        """Let it know, without waking it, that its login's lease was renewed and when it has to do so itself."""
        if not self._exited.is_set():
            self._shared.page.held = until
            self._shared.alarm.set(alone_from)

    def rewrite(self) -> None:
        """Tell it that Redis may have lost its records."""
        self._control.offer({"do": "rewrite"})

    def log_level(self, level: str) -> None:
        """Tell it what to log."""
        self._control.offer({"do": "log", "level": level})

    def moved(self, master: Address) -> None:
        """Tell it that another server of Redis is the master now."""
        self._control.offer({"do": "moved", "to": master})

    async def forget(self, gateway: str) -> None:
        """Tell it that a gateway is gone."""
        await self._control.send({"do": "forget", "gateway": gateway})

    async def stop(self, seconds: float) -> None:
        """Have it leave politely within ``seconds``, or end it."""
        with anyio.move_on_after(seconds):
            await self._control.send({"do": "stop"})
            await self._exited.wait()
            return
        self.kill()
        with anyio.move_on_after(FORK_SECONDS):
            await self._exited.wait()

    def close(self) -> None:
        """Once nothing reads its socket any more; :meth:`watch` may have been cancelled before it began."""
        self._control.close()

    def kill(self) -> None:
        if not self._exited.is_set():
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def exited(self, status: int) -> None:
        """The fork server reaped it."""
        self._status = status
        self._shared.close()
        self._exited.set()


class ForkServer:
    """The fork server of one platform."""

    def __init__(self, platform: str, driver: str, memory_mb: int, log: Log, sandbox: Sandbox | None = None) -> None:
        self.platform = platform
        self._order = {
            "driver": driver,
            "memory_mb": memory_mb,
            "log": log.model_dump(),
            "sandbox": sandbox and asdict(sandbox),
        }
        self._requests = itertools.count(1)
        self._forks: dict[int, tuple[asyncio.Future[Worker], socket.socket, Shared]] = {}
        self._workers: dict[int, Worker] = {}
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = anyio.Event()

    async def start(self) -> None:
        """Start it; returns when it is warm."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            self._process = spawn("sockethub.supervisor.zygote", self.platform, descriptor=theirs.fileno())
        self._socket = ours
        try:
            await self._warm(ours)
        except BaseException:
            self.close()
            raise
        self._ready.set()

    async def _warm(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(connection, json.dumps(self._order).encode())
        with anyio.fail_after(READY_SECONDS):
            if not await self._receive(loop, connection):
                raise ForkServerGone(f"the fork server of {self.platform} did not start; see above")

    async def serve(self) -> None:
        """Hear its reports until it is gone."""
        loop = asyncio.get_running_loop()
        assert self._socket is not None
        while packet := await self._receive(loop, self._socket):
            report = json.loads(packet)
            if "exited" in report:
                self._reaped(report["exited"], report["status"])
            elif "stopped" in report:
                self._stopped(report["stopped"], time.monotonic())
            elif "continued" in report:
                self._stopped(report["continued"], None)
            else:
                self._forked(report)
        self._gone()

    @property
    def warm(self) -> bool:
        """Whether it can fork."""
        return self._socket is not None

    @property
    def workers(self) -> Collection[Worker]:
        """Those that run."""
        return self._workers.values()

    async def fork(self, spec: WorkerSpec) -> Worker:
        """A new worker. Raises :class:`ForkServerGone`, and OSError when the machine has no room (or no time).

        While a fork server is being replaced its successor is waited for: that it is away is no failure of a login's.
        """
        with anyio.fail_after(READY_SECONDS):
            await self._ready.wait()
        if self._socket is None:
            raise ForkServerGone(self.platform)
        request = next(self._requests)
        future: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        with Shared.offered() as (shared, descriptors):
            ours, theirs = pair()
            try:
                socket.send_fds(self._socket, [json.dumps({"id": request}).encode()], [theirs.fileno(), *descriptors])
            except OSError as error:
                ours.close()
                raise ForkServerGone(self.platform) from error
            finally:
                theirs.close()
        self._forks[request] = future, ours, shared
        with anyio.fail_after(FORK_SECONDS):
            worker = await future
        await worker.tell(spec)
        return worker

    def close(self) -> None:
        """End it, and with it every worker that is left."""
        if self._ready.is_set():
            self._ready = anyio.Event()
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _forked(self, report: dict[str, Any]) -> None:
        future, ours, shared = self._forks.pop(report["id"])
        if future.done():
            shared.close()
            ours.close()  # nobody waits for it any more; the worker, when there is one, ends as it reads that
        elif "failed" in report:
            shared.close()
            ours.close()
            future.set_exception(OSError(report["failed"]))
        else:
            worker = Worker(report["pid"], Control(ours), shared)
            self._workers[worker.pid] = worker
            future.set_result(worker)

    def _reaped(self, pid: int, status: int) -> None:
        worker = self._workers.pop(pid, None)
        if worker is not None:
            worker.exited(status)

    def _stopped(self, pid: int, when: float | None) -> None:
        worker = self._workers.get(pid)
        if worker is not None:
            worker.stopped_at = when

    def _gone(self) -> None:
        for future, ours, shared in self._forks.values():
            shared.close()
            ours.close()
            if not future.done():
                future.set_exception(ForkServerGone(self.platform))
        self._forks.clear()
        for worker in list(self._workers.values()):
            worker.exited(UNKNOWN_STATUS)
        self._workers.clear()
        self.close()

    @staticmethod
    async def _receive(loop: asyncio.AbstractEventLoop, connection: socket.socket) -> bytes:
        try:
            return await loop.sock_recv(connection, PACKET_BYTES)
        except ConnectionError:
            return b""


def spawn(module: str, *arguments: str, descriptor: int) -> subprocess.Popen[bytes]:
    """Run a module of ours with ``descriptor`` inherited (its number is the last argument) and a minimal environment.

    Call it from the main thread: the kernel's parent-death signal follows the thread that forks.
    """
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments, str(descriptor)],
        pass_fds=(descriptor,),
        env=minimal_environment(),
        stdin=subprocess.DEVNULL,
    )
