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
from collections.abc import Callable
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
from sockethub.worker.control import HEARTBEAT_SECONDS, Control, pair
from sockethub.worker.spec import WorkerSpec

READY_SECONDS: Final = 30.0
"""A fork server imports everything; slow disks take seconds."""

FORK_SECONDS: Final = 5.0
MISSED_HEARTBEATS: Final = 3
"""A worker that misses so many is hung: its loop does not run."""

UNKNOWN_STATUS: Final = -1

Heard = Callable[[bytes], None]
"""Takes what a worker logs, a packet at a time."""


class ForkServerGone(Exception):
    """The fork server ended; its workers ended with it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a login stands, by its worker's last heartbeat; ``sessions`` is how many are attached."""

    state: Literal["starting", "connected", "disconnected"] = "starting"
    sessions: int = 0


class Worker:
    """One running worker."""

    def __init__(self, pid: int, control: Control) -> None:
        self.pid = pid
        self._control = control
        self._exited = anyio.Event()
        self._status = UNKNOWN_STATUS
        self._heartbeat = b""
        self.hung = False
        """Whether it was killed because it fell silent."""
        self.standing = Standing()

    async def wait(self) -> int:
        """Its exit status; negative is the signal that ended it."""
        await self._exited.wait()
        return self._status

    async def watch(self, heard: Heard | None = None) -> None:
        """Read its heartbeats, and for ``heard`` what it logs, until it is gone; kill it when it hangs.

        Nobody but this task, which reads it, may close the socket: an event loop that waits for a descriptor closed
        under it fails, or hears of another one that got the same number.
        """
        try:
            while not await self._silent(heard):
                pass
        finally:
            self._control.close()

    async def _silent(self, heard: Heard | None) -> bool:
        """Hear one heartbeat; whether there was none. What it logs is none: a loop that never ends may do so, too."""
        with anyio.move_on_after(HEARTBEAT_SECONDS * MISSED_HEARTBEATS):
            return not self._hear(await self._beat(heard))
        while self._control.waiting():  # it may be this process that did not run for so long
            if not self._is_record(packet := await self._control.packet(), heard):
                return not self._hear(packet)
        structlog.get_logger(__name__).warning("worker hangs", pid=self.pid)
        self.hung = True
        self.kill()
        return True

    async def _beat(self, heard: Heard | None) -> bytes:
        while self._is_record(packet := await self._control.packet(), heard):
            pass
        return packet

    @staticmethod
    def _is_record(packet: bytes, heard: Heard | None) -> bool:
        if not packet.startswith(RECORD):
            return False
        if heard is not None:
            heard(packet)
        return True

    def _hear(self, packet: bytes) -> bytes:
        if packet and packet != self._heartbeat:
            self._heartbeat = packet
            try:
                told = jsontext.mapping(packet)
            except ValueError as error:
                structlog.get_logger(__name__).error("a worker makes no sense", pid=self.pid, error=str(error))
                self.kill()  # it runs other code than ours
                return packet
            sessions = told.get("sessions")
            self.standing = Standing(
                "connected" if told.get("connected") is True else "disconnected",
                sessions if isinstance(sessions, int) else 0,
            )
        return packet

    async def tell(self, spec: WorkerSpec) -> None:
        """Say what it is to run: the first thing it waits for."""
        await self._control.send_raw(spec.encode())

    def held(self, until: float) -> None:
        """Tell it that its login's lease was renewed; without waiting, for it asks where it is not told."""
        self._control.offer({"do": "held", "until": until})

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
        self._forks: dict[int, tuple[asyncio.Future[Worker], socket.socket]] = {}
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
            else:
                self._forked(report)
        self._gone()

    @property
    def warm(self) -> bool:
        """Whether it can fork."""
        return self._socket is not None

    async def fork(self, spec: WorkerSpec) -> Worker:
        """A new worker. Raises :class:`ForkServerGone`, and OSError when the machine has no room (or no time).

        While a fork server is being replaced its successor is waited for: that it is away is no failure of a login's.
        """
        with anyio.fail_after(READY_SECONDS):
            await self._ready.wait()
        if self._socket is None:
            raise ForkServerGone(self.platform)
        ours, theirs = pair()
        request = next(self._requests)
        future: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        with theirs:
            try:
                socket.send_fds(self._socket, [json.dumps({"id": request}).encode()], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise ForkServerGone(self.platform) from error
        self._forks[request] = future, ours
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
        future, ours = self._forks.pop(report["id"])
        if future.done():
            ours.close()  # nobody waits for it any more; the worker, when there is one, ends as it reads that
        elif "failed" in report:
            ours.close()
            future.set_exception(OSError(report["failed"]))
        else:
            worker = Worker(report["pid"], Control(ours))
            self._workers[worker.pid] = worker
            future.set_result(worker)

    def _reaped(self, pid: int, status: int) -> None:
        worker = self._workers.pop(pid, None)
        if worker is not None:
            worker.exited(status)

    def _gone(self) -> None:
        for future, ours in self._forks.values():
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
