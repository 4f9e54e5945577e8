"""What every worker does at its start, done once in the fork server: so that a child finds it imported and laid out.

A worker runs here for a moment, against a stand-in for Redis that hands it one sealed job: loop, client, sealing, queue
and reply are all gone through. Nothing stays behind: no socket, no thread, no secret (the keys are made up).
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
from pathlib import Path
from typing import Final

import dramatiq
import structlog

from sockethub.crypto import Secret, new_key
from sockethub.crypto.keys import wrap_session_key
from sockethub.jobs import ACTOR_NAME, Envelope, Job
from sockethub.worker import login
from sockethub.worker.control import Control, pair
from sockethub.worker.interface import Activity, StatelessPlatform
from sockethub.worker.main import work
from sockethub.worker.spec import WorkerSpec

WARM: Final = "warm"
SECONDS: Final = 5.0
"""Far longer than it takes; a fork server that cannot finish does not start."""

JOBS: Final = 16
"""CPython specialises code that has run some ten times, by writing into it: done before the fork, the pages stay
shared. Against one job: 0.2 MiB less for each worker, and 10 ms more at the fork server's start."""

_ALSO_IMPORTED: Final = login


class WarmPlatform(StatelessPlatform):
    """Performs anything by doing nothing."""

    async def perform(self, activity: Activity) -> Activity | None:
        return activity


def warm_up() -> None:
    """Run a worker through a job, some times over."""
    structlog.get_logger(__name__).debug("warming up")
    with tempfile.TemporaryDirectory(prefix="sockethub-") as directory:
        for number in range(JOBS):
            asyncio.run(_one_job(Path(directory) / f"redis{number}.sock"))


async def _one_job(path: Path) -> None:
    spec = WorkerSpec(
        platform=WARM,
        mode="stateless",
        driver=f"{WarmPlatform.__module__}:{WarmPlatform.__qualname__}",
        login=WARM,
        queue=WARM,
        consumer=WARM,
        redis_url=Secret(f"unix://{path}"),
        login_key=Secret(new_key()),
    )
    theirs, ours = pair()
    control = Control(theirs)
    redis = StandIn(_job(spec), ours)
    async with await asyncio.start_unix_server(redis.serve, path), asyncio.timeout(SECONDS):
        await work(spec, control)
    control.close()
    ours.close()
    await redis.ended()


def _job(spec: WorkerSpec) -> bytes:
    key = new_key()
    envelope = Envelope.seal(
        Job("activity", {"context": WARM, "type": WARM, "actor": {"id": WARM, "type": "person"}}),
        job_id=WARM,
        session=WARM,
        gateway=WARM,
        login=WARM,
        queue=WARM,
        key=key,
        wrapped=wrap_session_key(spec.login_key.reveal(), key, session=WARM, login=WARM),
    )
    return dramatiq.Message(WARM, ACTOR_NAME, (), envelope.to_kwargs(), {}, message_id=WARM).encode()


class StandIn:
    """As much of Redis as one job needs: it is handed out once; when it is finished, the worker is told to stop."""

    def __init__(self, job: bytes, control: socket.socket) -> None:
        self._job: bytes | None = job
        self._control = control
        self._connections: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
        while command := await _command(reader):
            writer.write(self._answer(command))
        writer.close()

    async def ended(self) -> None:
        """When every connection is closed."""
        await asyncio.gather(*self._connections)

    def _answer(self, command: list[bytes]) -> bytes:
        match command[0].upper():
            case b"XREADGROUP" if self._job is not None:
                job, self._job = self._job, None
                return b"*1\r\n*2\r\n$1\r\nq\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nm\r\n" + _bulk(job)
            case b"XREADGROUP":
                return b""  # nothing more: wait
            case b"XPENDING":
                return b"*0\r\n"
            case b"EXEC":
                self._control.send(b'{"do": "stop"}')
                return b"*3\r\n+1-0\r\n:1\r\n:1\r\n"
            case b"MULTI":
                return b"+OK\r\n"
            case b"XADD" | b"XACK" | b"XDEL":
                return b"+QUEUED\r\n"
            case b"HELLO":
                return b"-ERR unknown command\r\n"
            case b"EVAL":
                return b"$-1\r\n"  # no delayed message either
        return b"+OK\r\n"


async def _command(reader: asyncio.StreamReader) -> list[bytes]:
    """One command in RESP; empty at the end."""
    head = await reader.readline()
    if not head:
        return []
    words = []
    for _ in range(int(head[1:])):
        length = int((await reader.readline())[1:])
        words.append((await reader.readexactly(length + 2))[:-2])
    return words


def _bulk(data: bytes) -> bytes:
    return b"$%d\r\n%s\r\n" % (len(data), data)
