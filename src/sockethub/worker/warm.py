"""What every worker does at its start, done once in the fork server: so that a child finds it imported and laid out.

Workers run here for a moment, one of a pool and one of a login, against a stand-in for Redis that hands each one sealed
job: loop, client, sealing, queue and reply are all gone through, and with a login its lease, its credentials, what it
stores and what it tells a gateway. Nothing stays behind: no socket, no thread, no secret (the keys are made up).
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import dramatiq
import structlog

from sockethub import leases
from sockethub.crypto import Secret, new_key
from sockethub.crypto.keys import wrap_session_key
from sockethub.jobs import ACTOR_NAME, Envelope, Job, LoginRecord
from sockethub.jobs.commands import MOVE_DUE
from sockethub.jobs.link import digest
from sockethub.worker.control import Control, pair
from sockethub.worker.interface import Activity, LoginContext, PersistentPlatform, StatelessPlatform
from sockethub.worker.main import work
from sockethub.worker.shared import Shared
from sockethub.worker.signs import Signs
from sockethub.worker.spec import WorkerSpec

WARM: Final = "warm"
SECONDS: Final = 5.0
"""Far longer than it takes; a fork server that cannot finish does not start."""

JOBS: Final = 16
"""CPython specialises code that has run some ten times, by writing into it: done before the fork, the pages stay
shared. Against one job: 0.2 MiB less for each worker, and 10 ms more at the fork server's start."""

ACTIVITY: Final[Activity] = {"context": WARM, "type": "connect", "actor": {"id": WARM, "type": "person"}}

_MOVE_DUE: Final = digest(MOVE_DUE)

Mode = Literal["persistent", "stateless"]


class WarmPlatform(StatelessPlatform):
    """Performs anything by doing nothing."""

    async def perform(self, activity: Activity) -> Activity | None:
        return activity


class WarmLogin(PersistentPlatform):
    """Is connected to nothing, and tells it."""

    def __init__(self, context: LoginContext) -> None:
        super().__init__(context)
        self._connected = False

    async def connect(self, credentials: Mapping[str, Any], restore: Mapping[str, Any] | None) -> Activity | None:
        self._connected = True
        await self.context.save({})
        self.context.emit(dict(ACTIVITY))
        return None

    async def disconnect(self, reason: str) -> None:
        self._connected = False

    @property
    def connected(self) -> bool:
        return self._connected


_DRIVERS: Final[Mapping[Mode, type[WarmLogin | WarmPlatform]]] = {"persistent": WarmLogin, "stateless": WarmPlatform}


def warm_up() -> None:
    """Run a worker of each kind through a job, some times over."""
    structlog.get_logger(__name__).debug("warming up")
    WARM.encode("idna")  # as names of servers are, for TLS: it imports tables
    with tempfile.TemporaryDirectory(prefix="sockethub-") as directory:
        for number in range(JOBS):
            for mode in _DRIVERS:
                with Shared.new() as shared:
                    signs = Signs(shared.page)
                    with asyncio.Runner(loop_factory=signs.loop) as runner:
                        runner.run(_one_job(mode, Path(directory) / f"{mode}{number}.sock", shared, signs))


async def _one_job(mode: Mode, path: Path, shared: Shared, signs: Signs) -> None:
    driver = _DRIVERS[mode]
    spec = WorkerSpec(
        platform=WARM,
        mode=mode,
        driver=f"{driver.__module__}:{driver.__qualname__}",
        login=WARM,
        queue=WARM,
        consumer=WARM,
        redis_url=Secret(f"unix://{WARM}:{WARM}@{path}"),
        confined=True,
        login_key=Secret(new_key()),
        lease=leases.value(WARM, 1),
        lease_until=leases.now(),  # to be renewed at once
    )
    theirs, ours = pair()
    control = Control(theirs)
    key = new_key()
    redis = StandIn(_job(spec, key), _credentials(spec, key), ours)
    async with await asyncio.start_unix_server(redis.serve, path), asyncio.timeout(SECONDS):
        await work(spec, control, shared, signs)
    control.close()
    ours.close()
    await redis.ended()


def _job(spec: WorkerSpec, key: bytes) -> bytes:
    envelope = Envelope.seal(
        Job("activity", ACTIVITY),
        job_id=WARM,
        session=WARM,
        gateway=WARM,
        login=WARM,
        queue=WARM,
        key=key,
        wrapped=wrap_session_key(spec.login_key.reveal(), key, session=WARM, login=WARM),
    )
    return dramatiq.Message(WARM, ACTOR_NAME, (), envelope.to_kwargs(), {}, message_id=WARM).encode()


def _credentials(spec: WorkerSpec, key: bytes) -> bytes:
    record = LoginRecord.seal(ACTIVITY, key=key, login_key=spec.login_key.reveal(), session=WARM, login=WARM)
    fields = record.to_hash()
    return b"*%d\r\n" % (2 * len(fields)) + b"".join(
        _bulk(word) for name, value in fields.items() for word in (name.encode(), value)
    )


class StandIn:
    """As much of Redis as one job needs: it is handed out once; when it is finished, the worker is told to stop."""

    def __init__(self, job: bytes, credentials: bytes, control: socket.socket) -> None:
        """``credentials`` is the answer that has them."""
        self._job: bytes | None = job
        self._credentials = credentials
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
            case b"HGETALL" if command[1].startswith(b"session:"):
                return self._credentials
            case b"HGETALL":
                return b"*0\r\n"  # nobody else is attached, and nothing was answered before
            case b"GET":
                return b"$-1\r\n"  # nothing is to be restored, and the gateway has no socket
            case b"HELLO":
                return b"-ERR unknown command\r\n"
            case b"EVALSHA" if command[1].decode() == _MOVE_DUE:
                return b"$-1\r\n"  # no delayed message either
            case b"EVALSHA":
                return b":1\r\n"  # the lease is held, the job journalled
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
