"""A worker tells its supervisor what it logs."""

from __future__ import annotations

import select
import socket

import pytest

from sockethub.logrecords import unpacked
from sockethub.worker import telling
from sockethub.worker.control import Control, pair
from sockethub.worker.telling import RECORDS_AT_ONCE, Telling

pytestmark = pytest.mark.anyio

RECORD = {"event": "command performed", "level": "debug", "timestamp": "2026-11-25T22:38:09.551043Z"}


def waits(end: socket.socket) -> bool:
    """Whether a packet is there to be read."""
    return bool(select.select([end], [], [], 0)[0])


async def test_it_tells_so_many_and_then_how_many_it_did_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(telling.time, "monotonic", lambda: now)
    one, other = pair()
    ours, theirs = Control(one), Control(other)
    tell = Telling(theirs)
    for _ in range(RECORDS_AT_ONCE + 7):
        tell(RECORD)
    for _ in range(RECORDS_AT_ONCE):
        assert unpacked(await ours.packet()) == (RECORD, 0)
    assert not waits(one)
    now += telling.TELL_SECONDS
    tell(RECORD)
    assert unpacked(await ours.packet()) == (RECORD, 7)
    tell(RECORD)
    assert unpacked(await ours.packet()) == (RECORD, 0)
    for end in (ours, theirs):
        end.close()


async def test_it_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor that does not read, or is gone, is no reason to stop working."""
    monkeypatch.setattr(telling, "RECORDS_AT_ONCE", 20_000)
    one, other = pair()
    ours, theirs = Control(one), Control(other)
    tell = Telling(theirs)
    for _ in range(10_000):
        tell(RECORD)
    while waits(one):
        assert unpacked(await ours.packet())[1] == 0
    tell(RECORD)
    assert unpacked(await ours.packet())[1] > 0
    ours.close()
    tell(RECORD)
    theirs.close()
    tell(RECORD)
