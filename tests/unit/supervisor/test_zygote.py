"""The fork server's end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess

import pytest

from sockethub.supervisor import zygote


def test_it_tells_who_is_stopped_and_who_goes_on() -> None:
    """Whoever only waits does not notice it, nor does who looks at its page."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(10)
    with ours, theirs, subprocess.Popen(["sleep", "60"]) as child:
        told = []
        for number in (signal.SIGSTOP, signal.SIGCONT, signal.SIGKILL):
            child.send_signal(number)
            os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WCONTINUED | os.WEXITED | os.WNOWAIT)
            zygote._reap(theirs)
            told.append(json.loads(ours.recv(100)))
        assert told == [{"stopped": child.pid}, {"continued": child.pid}, {"exited": child.pid, "status": -9}]


def _never(*_: object) -> int:
    raise AssertionError("nothing was to be forked")


@pytest.mark.parametrize("unread", [b"", b"a worker has ended"], ids=["all read", "not all read"])
def test_it_ends_with_the_supervisor(unread: bytes) -> None:
    """A peer that is killed before it has read everything resets the connection."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if unread:
        ours.send(unread)
    theirs.close()
    before = signal.getsignal(signal.SIGCHLD)
    try:
        zygote._serve(ours, lambda: None, _never)
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, before)
        ours.close()
