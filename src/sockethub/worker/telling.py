"""A worker's log records on their way to its supervisor, which answers `sockethub logs`; they go to standard error all
the same."""

from __future__ import annotations

import time
from typing import Any, Final

from sockethub.logrecords import Allowance, packet
from sockethub.worker.control import TELL_SECONDS, Control

RECORDS_AT_ONCE: Final = 50
"""How many a worker tells in ``TELL_SECONDS``. At level info it has little to say; at debug, commands in a burst are
not worth more of its supervisor's time."""


class Telling:
    """Tells each record, up to a number, and without waiting: what cannot be told is counted, and the number told."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._allowance = Allowance(RECORDS_AT_ONCE, TELL_SECONDS)
        self._left_out = 0

    def __call__(self, record: dict[str, Any]) -> None:
        if self._allowance.take(time.monotonic()) and self._control.tell(packet(record, self._left_out)):
            self._left_out = 0
        else:
            self._left_out += 1
