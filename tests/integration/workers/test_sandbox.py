"""From inside a worker: what it must not do is refused, and would succeed without the sandbox, or nothing is proved.

Each house is a supervisor with one worker that tries everything once (:mod:`tests.support.prisoner`); houses differ in
whether there is a sandbox, and in whether the supervisor is privileged.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest

from sockethub.config.models import Declaration
from sockethub.supervisor import landlock, launch, seccomp
from sockethub.supervisor.cage import OPEN_FILES, minimal_environment
from tests.integration.workers.stage import Client, staged
from tests.support.processes import ORDINARY, free_port
from tests.support.redis import PASSWORD, run_redis

PRISONER = "prisoner"
SECRET = "what-is-in-the-memory-of-others"

Who = Literal["root", "ordinary"]
WHO: tuple[Who, ...] = ("root", "ordinary") if os.geteuid() == 0 else ("ordinary",)

VICTIM = f"""
import ctypes, time
kept = ctypes.create_string_buffer({SECRET.encode()!r})
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1))  # PR_SET_PTRACER: where Yama is, let anyone trace it
print(ctypes.addressof(kept), flush=True)
time.sleep(300)
"""

CAP_SYS_RESOURCE = 24
ROOT_MAY_RAISE_LIMITS = bool(
    int(re.findall(r"CapEff:\s*(\w+)", Path("/proc/self/status").read_text())[0], 16) >> CAP_SYS_RESOURCE & 1
)

SANDBOXED_MB = 256
FREE_MB = 2_048


@dataclass
class Prey:
    """What a prisoner is after."""

    directory: Path
    victim: subprocess.Popen[str]
    address: int
    allowed: socket.socket
    forbidden: socket.socket
    abstract: str

    @property
    def secret_file(self) -> str:
        return str(self.directory / "secret")


Arguments = Callable[[Prey], dict[str, Any]]


def nothing(prey: Prey) -> dict[str, Any]:
    return {}


def secret_file(prey: Prey) -> dict[str, Any]:
    return {"path": prey.secret_file}


def directory(prey: Prey) -> dict[str, Any]:
    return {"directory": str(prey.directory)}


def memory(prey: Prey) -> dict[str, Any]:
    return {"pid": prey.victim.pid, "address": prey.address, "secret": SECRET}


def victim(prey: Prey) -> dict[str, Any]:
    return {"pid": prey.victim.pid}


def port_of(listener: str) -> Arguments:
    return lambda prey: {"port": getattr(prey, listener).getsockname()[1]}


@dataclass(frozen=True)
class Attempt:
    """An attack, what it is tried on, and how it fails in the sandbox (not at all: a worker needs it)."""

    attack: str
    on: Arguments = nothing
    refusal: tuple[str, ...] = ()
    privileged: bool = False
    """An ordinary user may not do it in any case."""


ATTEMPTS = {
    "read a file": Attempt("read_file", secret_file, ("EACCES",)),
    "read the passwords": Attempt("read_file", lambda _: {"path": "/etc/shadow"}, ("EACCES",), privileged=True),
    "list a directory": Attempt("list_directory", lambda prey: {"path": str(prey.directory)}, ("EACCES",)),
    "make a file": Attempt("make_file", directory, ("EPERM",)),
    "make a Unix socket": Attempt("make_unix_socket", directory, ("EPERM",)),
    "overwrite a file": Attempt("overwrite_file", secret_file, ("EPERM",)),
    "change the mode of a file": Attempt("change_mode", secret_file, ("EPERM",)),
    "delete a file": Attempt("delete_file", lambda prey: {"path": str(prey.directory / "spare")}, ("EPERM",)),
    "fork": Attempt("fork", refusal=("EPERM",)),
    "start a program": Attempt("start_program", refusal=("EPERM",)),
    "become a program": Attempt("become_program", refusal=("EPERM",)),
    "trace a process": Attempt("trace", victim, ("EPERM",)),
    "read the memory of a process": Attempt("read_memory", memory, ("EACCES",)),
    "read it by another call": Attempt("read_memory_directly", memory, ("EPERM",)),
    "read the parent's environment": Attempt("read_environment_of_parent", refusal=("EACCES",), privileged=True),
    "outlive the parent": Attempt("outlive_parent", refusal=("EPERM",)),
    "leave shared namespaces": Attempt("leave_namespaces", refusal=("EPERM",)),
    "kill a process": Attempt("kill", victim, ("EPERM",)),
    "take much memory": Attempt("take_memory", lambda _: {"megabytes": SANDBOXED_MB * 2}, ("ENOMEM",)),
    "take much memory as a file": Attempt("take_memory_as_file", lambda _: {"megabytes": 2}, ("EFBIG",)),
    **(
        {
            "raise the limits": Attempt("raise_limits", refusal=("EPERM",), privileged=True),
            "open many files": Attempt("open_files", lambda _: {"number": OPEN_FILES}, ("EMFILE",), privileged=True),
        }
        if ROOT_MAY_RAISE_LIMITS
        else {}  # some containers take that from root itself: there is no control then
    ),
    "bind a TCP port": Attempt("bind_tcp", refusal=("EPERM",)),
    "bind a UDP port": Attempt("bind_udp", refusal=("EPERM",)),
    "listen": Attempt("listen", refusal=("EPERM",)),
    "connect to a port that is not declared": Attempt("connect", port_of("forbidden"), ("EACCES",)),
    "connect there without connect": Attempt("connect_without_connect", port_of("forbidden"), ("EPERM",)),
    "connect to an abstract socket": Attempt(
        "connect_to_abstract_socket", lambda prey: {"name": prey.abstract}, ("EPERM",)
    ),
    "connect to a declared port": Attempt("connect", port_of("allowed")),
    "start a thread": Attempt("start_thread"),
    "look up a name": Attempt("look_up_name"),
    "import a module": Attempt("import_module", lambda _: {"name": "mailbox"}),
    "load the authorities": Attempt("load_authorities"),
    "read an option's file": Attempt("read_file", lambda prey: {"path": str(prey.directory / "authorities.pem")}),
    "keep a certificate": Attempt("keep_certificate"),
    "use a pipe": Attempt("use_pipe"),
}
"""In this order: once the limits are raised, more files can be opened."""


def declaration(prey: Prey, *, sandbox: bool) -> Declaration:
    return Declaration.model_validate(
        {
            "workers": {"sandbox": "required" if sandbox else "off"},
            "log": {"level": "error"},
            "platforms": {
                PRISONER: {
                    "mode": "persistent",
                    "driver": "tests.support.prisoner:Prisoner",
                    "verbs": ["connect", "query"],
                    "schemas": {"messages": "unused"},
                    "worker": {"memory_mb": SANDBOXED_MB if sandbox else FREE_MB},
                    "policy": {"private_addresses": True, "ports": [prey.allowed.getsockname()[1]]},
                    "options": {"tls_ca_file": str(prey.directory / "authorities.pem")},
                }
            },
        }
    )


@contextmanager
def prey(directory: Path, who: Who) -> Iterator[Prey]:
    """Everything there is to be had, in ``directory`` and elsewhere."""
    for name in ("secret", "spare", "authorities.pem"):
        (directory / name).write_text(name)
    wrapper = ORDINARY if who == "ordinary" else ()
    with ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen([*wrapper, sys.executable, "-c", VICTIM], stdout=subprocess.PIPE, text=True)
        )
        stack.callback(process.kill)
        assert process.stdout is not None
        address = int(process.stdout.readline())
        allowed, forbidden = (stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2))
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        name = f"sockethub-{os.getpid()}-{os.urandom(4).hex()}"
        abstract.bind(f"\0{name}")
        abstract.listen()
        yield Prey(directory, process, address, allowed, forbidden, name)


def spawned_by(who: Who) -> Callable[..., subprocess.Popen[bytes]]:
    """Stands in for :func:`sockethub.supervisor.processes.spawn`; the log is no file, as behind a service manager."""
    wrapper = ORDINARY if who == "ordinary" else ()

    def spawn(module: str, *, descriptor: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*wrapper, sys.executable, "-m", module, str(descriptor)],
            pass_fds=(descriptor,),
            env=minimal_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    return spawn


async def play(url: str, declared: Declaration, prey: Prey, who: Who) -> dict[str, str]:
    """Have one worker try everything; what came of it."""
    async with staged(url, declared) as (stage, _):
        client = Client(stage, "inmate", PRISONER)
        assert (await client.connect()).outcome == "result"
        outcomes = {}
        for name, attempt in ATTEMPTS.items():
            if who == "ordinary" and attempt.privileged:
                continue
            reply = await client.do("query", json.dumps({"attack": attempt.attack, **attempt.on(prey)}))
            assert reply.activity is not None, (name, reply)
            outcomes[name] = str(reply.activity["object"]["content"])
        return outcomes


@dataclass(frozen=True)
class Houses:
    """What came of the attempts with a sandbox and without."""

    sandboxed: dict[str, str]
    free: dict[str, str]
    victims_survived: tuple[bool, bool]


def cases(*, refused: bool) -> list[tuple[Who, str]]:
    """Who tries what."""
    return [
        (who, name)
        for who in WHO
        for name, attempt in ATTEMPTS.items()
        if bool(attempt.refusal) is refused and (who == "root" or not attempt.privileged)
    ]


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Who], Houses]:
    """What each of :data:`WHO` achieved; tried out once."""
    return cache(partial(tried, tmp_path_factory))


def tried(directories: pytest.TempPathFactory, who: Who) -> Houses:
    outcomes, survived = [], []
    port = free_port()
    with run_redis("--port", str(port)), pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "spawn", spawned_by(who))
        for sandbox in (True, False):
            with prey(directories.mktemp(who), who) as found:
                declared = declaration(found, sandbox=sandbox)
                outcomes.append(anyio.run(play, f"redis://:{PASSWORD}@127.0.0.1:{port}", declared, found, who))
                survived.append(found.victim.poll() is None)
    return Houses(outcomes[0], outcomes[1], (survived[0], survived[1]))


@pytest.mark.parametrize(("who", "name"), cases(refused=True))
def test_refused_for_the_sandbox_alone(houses: Callable[[Who], Houses], who: Who, name: str) -> None:
    assert houses(who).free[name] == "done", "the control: without a sandbox it must succeed"
    assert houses(who).sandboxed[name] in ATTEMPTS[name].refusal


@pytest.mark.parametrize(("who", "name"), cases(refused=False))
def test_possible_where_a_worker_needs_it(houses: Callable[[Who], Houses], who: Who, name: str) -> None:
    assert houses(who).free[name] == houses(who).sandboxed[name] == "done"


@pytest.mark.parametrize("who", WHO)
def test_the_victim_lives_for_the_sandbox_alone(houses: Callable[[Who], Houses], who: Who) -> None:
    assert houses(who).victims_survived == (True, False)


def test_nothing_is_missing_here() -> None:
    """Else the tests above prove less than they say: the kernel that runs them has to have it all."""
    assert [*landlock.missing(), *seccomp.missing()] == []
