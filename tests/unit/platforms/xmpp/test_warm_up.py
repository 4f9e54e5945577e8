"""The rehearsal before the fork."""

from __future__ import annotations

import os
import threading
import time

from sockethub.platforms.xmpp import XmppPlatform


def test_a_rehearsal_leaves_nothing_behind() -> None:
    XmppPlatform.warm_up()
    threads, files = threading.enumerate(), os.listdir("/proc/self/fd")
    XmppPlatform.warm_up()
    assert threading.enumerate() == threads
    assert len(os.listdir("/proc/self/fd")) == len(files)
    assert XmppPlatform.tls is not None


def test_a_rehearsal_does_not_hold_up_the_start() -> None:
    start = time.perf_counter()
    XmppPlatform.warm_up()
    assert time.perf_counter() - start < 10
