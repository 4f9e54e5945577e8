"""The fork server's end."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

TELLS = """
import json, os, signal, socket, subprocess
from sockethub.supervisor import zygote

ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
ours.settimeout(10)
child = subprocess.Popen(["sleep", "60"])
for number in (signal.SIGSTOP, signal.SIGCONT, signal.SIGKILL):
    child.send_signal(number)
    os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WCONTINUED | os.WEXITED | os.WNOWAIT)
    zygote._reap(theirs)
    print(ours.recv(100).decode().replace(str(child.pid), "0"))
"""
"""In a process of its own, as all of these: it reaps all children there are, and those of other tests are not to be."""


def test_it_tells_who_is_stopped_and_who_goes_on() -> None:
    """Whoever only waits does not notice it, nor does who looks at its page."""
    run = subprocess.run([sys.executable, "-c", TELLS], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    told = [json.loads(line) for line in run.stdout.splitlines()]
    assert told == [{"stopped": 0}, {"continued": 0}, {"exited": 0, "status": -9}]


ENDS = """
import socket, sys
from sockethub.supervisor import zygote

ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
if sys.argv[1:]:
    ours.send(sys.argv[1].encode())
theirs.close()
zygote._serve(ours, lambda: None, lambda *_: sys.exit("nothing was to be forked"))
"""


@pytest.mark.parametrize("unread", [(), ("a worker has ended",)], ids=["all read", "not all read"])
def test_it_ends_with_the_supervisor(unread: tuple[str, ...]) -> None:
    """A peer that is killed before it has read everything resets the connection."""
    run = subprocess.run([sys.executable, "-c", ENDS, *unread], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")


TELLS_NOBODY = """
import os, signal, socket
from sockethub.supervisor import zygote

ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
child = os.fork()
if child == 0:
    os._exit(0)
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
theirs.close()
wake = signal.set_wakeup_fd
signal.set_wakeup_fd = lambda descriptor, **options: (wake(descriptor, **options), os.write(descriptor, b"!"))
zygote._serve(ours, lambda: None, lambda *_: 1)
"""


def test_it_ends_in_silence_where_a_worker_ends_with_the_supervisor() -> None:
    """It had heard of the one, and nobody was there to be told."""
    run = subprocess.run([sys.executable, "-c", TELLS_NOBODY], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")
