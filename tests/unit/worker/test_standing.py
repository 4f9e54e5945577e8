"""How a login stands is told when that changes: at once, but no storm of it, and the last of it in the end."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sockethub.worker.control import TELL_SECONDS
from sockethub.worker.standing import Standing


class Told:
    """A login whose supervisor can be too busy to read."""

    def __init__(self) -> None:
        self.now = 100.0
        self.stands: dict[str, Any] = {"connected": False, "sessions": 0}
        self.packets: list[bytes] = []
        self.listens = True
        self.before_waiting = Standing(lambda: self.stands, self._tell)

    def _tell(self, packet: bytes) -> bool:
        if self.listens:
            self.packets.append(packet)
        return self.listens

    def look(self) -> float:
        return self.before_waiting(self.now)


def test_it_is_told_once() -> None:
    told = Told()
    assert told.look() == math.inf
    told.now += 60
    assert told.look() == math.inf
    assert told.packets == [b'{"connected":false,"sessions":0}']


def test_what_changes_again_at_once_waits_a_little() -> None:
    told = Told()
    told.look()
    told.stands = {"connected": True, "sessions": 1}
    told.now += 0.5
    assert told.look() == TELL_SECONDS - 0.5
    told.now += TELL_SECONDS - 0.5
    assert told.look() == math.inf
    assert told.packets[1:] == [b'{"connected":true,"sessions":1}']


def test_a_supervisor_that_does_not_read_is_told_later() -> None:
    told = Told()
    told.listens = False
    assert told.look() == TELL_SECONDS
    told.listens = True
    told.now += TELL_SECONDS
    assert told.look() == math.inf
    assert len(told.packets) == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 5)), max_size=30))
def test_the_last_is_always_told_and_never_too_often(changes: list[tuple[int, float]]) -> None:
    told = Told()
    began = told.now
    for sessions, seconds in changes:
        told.stands = {"connected": True, "sessions": sessions}
        told.look()
        told.now += seconds
    assert len(told.packets) <= 1 + (told.now - began) / TELL_SECONDS
    while (again := told.look()) != math.inf:
        assert 0 < again <= TELL_SECONDS
        told.now += again
    assert not changes or told.packets[-1] == b'{"connected":true,"sessions":%d}' % changes[-1][0]
