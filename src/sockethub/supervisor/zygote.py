"""A platform's fork server: everything imported and warm, no thread, no secret, no connection; then fork per login.

``python -m sockethub.supervisor.zygote PLATFORM DESCRIPTOR``, the latter a packet socket to the supervisor. The first
packet says what to warm up; each further one, with file descriptors attached (a control socket and what is
:mod:`~sockethub.worker.shared`), asks for a fork. Told are forks, and which workers have ended, were stopped by a
signal, or go on. Blocking on purpose: a process with a running loop or a second thread must not fork.

A worker forked from here shares the parent's pages: garbage collection is frozen first, for one full collection in a
child would copy them all.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, NoReturn

from sockethub import logs
from sockethub.supervisor import cage
from sockethub.supervisor.heap import fill_holes
from sockethub.supervisor.immortal import immortalize
from sockethub.supervisor.sandbox import Sandbox
from sockethub.worker.shared import Shared

FIRST_FD: Final = 3
"""Where a worker finds its control socket, and what is shared next to it; every descriptor above is closed."""

PACKET_BYTES: Final = 65_536

Work = Callable[[socket.socket, Shared], int]
"""Runs a worker to its end; its exit status."""


def main() -> int:
    """Serve until the supervisor is gone."""
    supervisor = os.getppid()
    cage.die_with_parent(supervisor)
    cage.keep_secrets()  # it has none, but hands on the sockets by which its children are told theirs
    # A signal to all processes (a terminal, a service manager) is for the supervisor to obey: if this one ended, its
    # workers would be killed before they can leave politely.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    connection = socket.socket(fileno=int(sys.argv[2]))
    connection.set_inheritable(False)
    order = json.loads(connection.recv(PACKET_BYTES))
    logs.configure(order["log"]["level"], order["log"]["format"])
    gc.disable()
    work = _warm(order)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the worker that ran for warming up has reset it
    gc.collect()
    fill_holes()
    immortalize()
    gc.freeze()
    if threading.active_count() != 1:
        raise RuntimeError(f"warming up left threads behind: {threading.enumerate()}")
    connection.send(json.dumps({"ready": True}).encode())
    _serve(connection, _confinement(order), work)
    return 0


def _warm(order: dict[str, Any]) -> Work:
    """Import what workers need, and let the platform touch what its logins will."""
    from sockethub.worker.main import main as work
    from sockethub.worker.runtime import load_driver
    from sockethub.worker.warm import warm_up

    warm_up()
    try:
        driver = load_driver(order["driver"])
    except (ModuleNotFoundError, AttributeError) as error:
        where = f"platforms.{sys.argv[1]}.driver"
        raise SystemExit(f"sockethub: {where}: {order['driver']}: {error}; see `sockethub check --import`") from None
    driver.warm_up()
    return work


def _confinement(order: dict[str, Any]) -> Callable[[], None]:
    """What every child goes through first."""
    limit = partial(cage.confine, order["memory_mb"])
    if order["sandbox"] is None:
        return limit
    enter = Sandbox(**order["sandbox"]).prepare()

    def confine() -> None:
        limit()
        enter()

    return confine


def _serve(connection: socket.socket, confine: Callable[[], None], work: Work) -> None:
    signals_out, signals_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(signals_in, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([connection.fileno(), signals_out], [], [])
        try:
            if signals_out in ready:
                os.read(signals_out, 4096)
                _reap(connection)
            if connection.fileno() in ready:
                packet, descriptors, _, _ = socket.recv_fds(connection, PACKET_BYTES, 3)
                if not packet:
                    return
                _fork(connection, json.loads(packet)["id"], descriptors, confine, work)
        except (BrokenPipeError, ConnectionResetError):  # the supervisor has ended, perhaps before it had read all
            return


def _fork(
    connection: socket.socket,
    request: int,
    descriptors: Sequence[int],
    confine: Callable[[], None],
    work: Work,
) -> None:
    parent = os.getpid()
    try:
        pid = os.fork()
    except OSError as error:
        _close(descriptors)
        connection.send(json.dumps({"id": request, "failed": str(error)}).encode())
        return
    if pid == 0:
        _child(parent, descriptors, confine, work)
    _close(descriptors)
    connection.send(json.dumps({"id": request, "pid": pid}).encode())


def _close(descriptors: Sequence[int]) -> None:
    for each in descriptors:
        os.close(each)


def _child(parent: int, descriptors: Sequence[int], confine: Callable[[], None], work: Work) -> NoReturn:
    status = 1
    try:
        cage.die_with_parent(parent)
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        control, *shared = _only(descriptors)
        confine()
        gc.enable()
        status = work(socket.socket(fileno=control), Shared.received(*shared))
    except BaseException:  # noqa: BLE001 - nothing of the child may run on in the parent's code; it is printed
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(status)


def _only(descriptors: Sequence[int]) -> range:
    """Keep standard streams and these descriptors, moved to where it returns; close every other."""
    places = range(FIRST_FD, FIRST_FD + len(descriptors))
    # Out of the way first: one may be where another is going to be.
    for away, place in zip(
        [fcntl.fcntl(each, fcntl.F_DUPFD, places.stop) for each in descriptors], places, strict=True
    ):
        os.dup2(away, place)
    os.closerange(places.stop, os.sysconf("SC_OPEN_MAX"))
    return places


def _reap(connection: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
        except ChildProcessError:
            return
        if pid == 0:
            return
        connection.send(json.dumps(_report(pid, status)).encode())


def _report(pid: int, status: int) -> dict[str, int]:
    if os.WIFSTOPPED(status):
        return {"stopped": pid}
    if os.WIFCONTINUED(status):
        return {"continued": pid}
    return {"exited": pid, "status": os.waitstatus_to_exitcode(status)}


if __name__ == "__main__":
    sys.exit(main())
