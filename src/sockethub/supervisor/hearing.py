"""What a worker logs, heard by its supervisor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import anyio

from sockethub.logrecords import Allowance, NoRecord, unpacked
from sockethub.operations.recent import Recent
from sockethub.worker.control import TELL_SECONDS
from sockethub.worker.telling import RECORDS_AT_ONCE

HEARD_AT_ONCE: Final = 2 * RECORDS_AT_ONCE
"""Of one worker: the end of one of its spans and the beginning of the next may fall into one of ours. Whoever says more
is no worker of ours any more; nobody listens to it, lest it should drive out what others have said."""


class Hearing:
    """Keeps the records of one worker, under the name that its supervisor knows it by."""

    def __init__(self, recent: Recent, dropped: Callable[[int], None], *, platform: str, login: str, pid: int) -> None:
        """``dropped`` is told how many records are not kept."""
        self._recent = recent
        self._dropped = dropped
        self._name = {"platform": platform, "login": login, "pid": pid}
        self._allowance = Allowance(HEARD_AT_ONCE, TELL_SECONDS)

    def __call__(self, packet: bytes) -> None:
        """Hear one packet."""
        if not self._allowance.take(anyio.current_time()):
            self._dropped(1)
            return
        try:
            record, left_out = unpacked(packet)
        except NoRecord:
            self._dropped(1)
            return
        if left_out:
            self._dropped(left_out)
        self._recent.add({**record, **self._name}, of_worker=True)
