from __future__ import annotations

import os
import threading
import time

from sockethub.platforms.irc import IrcPlatform


def test_a_rehearsal_leaves_nothing_behind() -> None:
    IrcPlatform.warm_up()
    threads, files = threading.enumerate(), os.listdir("/proc/self/fd")
    IrcPlatform.warm_up()
    assert threading.enumerate() == threads
    assert os.listdir("/proc/self/fd") == files
    assert IrcPlatform.tls is not None
    assert IrcPlatform.tls.check_hostname


def test_a_rehearsal_does_not_hold_up_the_start() -> None:
    began = time.monotonic()
    IrcPlatform.warm_up()
    assert time.monotonic() - began < 2
