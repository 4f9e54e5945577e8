"""The fork server's end."""

from __future__ import annotations

import signal
import socket

import pytest

from sockethub.supervisor import zygote


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
