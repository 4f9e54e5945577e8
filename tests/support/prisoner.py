"""A platform that has turned against its host: its verbs try what a worker must not be able to do, one at a time.

``object.content`` is JSON: ``{"attack": name, …arguments}``. The answer is ``done``, or what stood in the way, as the
name of an errno.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import gc
import importlib
import json
import mmap
import os
import resource
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import redis

from sockethub.kernel import libc, prctl
from sockethub.worker.interface import Activity, PersistentPlatform
from sockethub.worker.spec import WorkerSpec

MSG_FASTOPEN: Final = 0x20000000
PTRACE_SEIZE: Final = 0x4206
PR_SET_PDEATHSIG: Final = 1
CLONE_FS: Final = 0x200
CONNECT_SECONDS: Final = 5.0

CERTIFICATE_BYTES: Final = 32_768
"""As large as the credentials' schema lets one be."""


class Prisoner(PersistentPlatform):
    """Connected as soon as it is asked."""

    async def connect(self, credentials: Mapping[str, Any], restore: Mapping[str, Any] | None) -> Activity | None:
        return None

    async def perform(self, activity: Activity) -> Activity | None:
        order = json.loads(activity["object"]["content"])
        outcome = attempt(ATTACKS[order.pop("attack")], order)
        return {**activity, "object": {"type": "message", "content": outcome}}

    async def disconnect(self, reason: str) -> None:
        return

    @property
    def connected(self) -> bool:
        return True


def attempt(attack: Callable[..., None], arguments: Mapping[str, Any]) -> str:
    """``done``, or what stood in the way."""
    try:
        attack(**arguments)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, type(error).__name__)
    return "done"


ATTACKS: Final[dict[str, Callable[..., None]]] = {}


def attack(function: Callable[..., None]) -> Callable[..., None]:
    ATTACKS[function.__name__] = function
    return function


def checked(result: int) -> None:
    """Raise what a function of libc left in errno."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


# Files.


@attack
def read_file(path: str) -> None:
    Path(path).read_bytes()


@attack
def list_directory(path: str) -> None:
    os.listdir(path)


@attack
def make_file(directory: str) -> None:
    with tempfile.NamedTemporaryFile(dir=directory):
        pass


@attack
def overwrite_file(path: str) -> None:
    with Path(path).open("r+b") as file:
        file.write(b"overwritten")


@attack
def delete_file(path: str) -> None:
    Path(path).unlink()


@attack
def change_mode(path: str) -> None:
    Path(path).chmod(0o666)


@attack
def make_unix_socket(directory: str) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"{directory}/made.sock")


# Processes.


@attack
def fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


@attack
def start_program() -> None:
    subprocess.run(["/bin/true"], check=True)


@attack
def become_program() -> None:
    """In a child where there can be one, lest the platform is gone."""
    try:
        pid = os.fork()
    except PermissionError:
        pid = 0
    if pid == 0:
        os.execv("/bin/true", ["true"])
    checked(-os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


@attack
def trace(pid: int) -> None:
    checked(libc.ptrace(PTRACE_SEIZE, pid, None, None))


@attack
def read_memory(pid: int, address: int, secret: str) -> None:
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        assert memory.read(len(secret)) == secret.encode()


@attack
def read_memory_directly(pid: int, address: int, secret: str) -> None:
    """process_vm_readv(2)."""
    found = ctypes.create_string_buffer(len(secret))
    here, there = Vector(ctypes.addressof(found), len(secret)), Vector(address, len(secret))
    checked(libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))
    assert found.raw == secret.encode()


class Vector(ctypes.Structure):
    """``struct iovec``."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


@attack
def read_environment_of_parent() -> None:
    Path(f"/proc/{os.getppid()}/environ").read_bytes()


@attack
def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@attack
def outlive_parent() -> None:
    prctl(PR_SET_PDEATHSIG, 0)


@attack
def leave_namespaces() -> None:
    checked(libc.unshare(CLONE_FS))


# Limits.


@attack
def take_memory(megabytes: int) -> None:
    with mmap.mmap(-1, megabytes << 20):
        pass


@attack
def take_memory_as_file(megabytes: int) -> None:
    file = os.memfd_create("hoard")
    try:
        for _ in range(megabytes):
            written = os.write(file, bytes(1 << 20))
            if written < 1 << 20:
                raise OSError(errno.EFBIG, "cut off")
    finally:
        os.close(file)


@attack
def raise_limits() -> None:
    resource.prlimit(0, resource.RLIMIT_NOFILE, (4_096, 4_096))


@attack
def open_files(number: int) -> None:
    opened: list[int] = []
    try:
        opened += (os.open("/dev/null", os.O_RDONLY) for _ in range(number))
    finally:
        for file in opened:
            os.close(file)


# Network.


@attack
def bind_tcp() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))


@attack
def bind_udp() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))


@attack
def listen() -> None:
    """Without bind(2): the kernel chooses a port."""
    with socket.socket() as listening:
        listening.listen()


@attack
def connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS).close()


@attack
def connect_without_connect(port: int) -> None:
    """TCP Fast Open: sendto(2) makes the connection."""
    with socket.socket() as opened:
        opened.sendto(b"hello", MSG_FASTOPEN, ("127.0.0.1", port))


@attack
def connect_to_abstract_socket(name: str) -> None:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.connect(f"\0{name}")


# Redis.


@attack
def ask_redis(words: list[str], credentials: bool = True) -> None:
    """As the worker's own user, whose password is found in its memory; or as nobody."""
    [url] = {found.redis_url.reveal() for found in gc.get_objects() if isinstance(found, WorkerSpec)}
    if not credentials:
        parts = urlsplit(url)
        url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    client = redis.Redis.from_url(url, protocol=2, socket_timeout=CONNECT_SECONDS)
    try:
        client.execute_command(*words)  # type: ignore[no-untyped-call]
    except (redis.exceptions.NoPermissionError, redis.AuthenticationError) as error:
        raise PermissionError(errno.EACCES, str(error)) from None
    except redis.ResponseError as error:
        if not str(error).startswith("WRONGPASS"):
            raise OSError(errno.EINVAL, str(error)) from None
        raise PermissionError(errno.EACCES, str(error)) from None
    finally:
        client.close()


# What is no attack: a worker needs it.


@attack
def start_thread() -> None:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


@attack
def look_up_name() -> None:
    socket.getaddrinfo("localhost", 6667)


@attack
def import_module(name: str) -> None:
    importlib.import_module(name)


@attack
def load_authorities() -> None:
    ssl.create_default_context()


@attack
def keep_certificate() -> None:
    """As the IRC platform does, which gives OpenSSL a file that is on no disk."""
    file = os.memfd_create("certificate")
    try:
        os.write(file, bytes(CERTIFICATE_BYTES))
        assert len(Path(f"/proc/self/fd/{file}").read_bytes()) == CERTIFICATE_BYTES
    finally:
        os.close(file)


@attack
def use_pipe() -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETFL, os.O_NONBLOCK)
    os.write(writing, b"x")
    os.read(reading, 1)
    os.close(reading)
    os.close(writing)
