"""What a worker logs, as its supervisor keeps it: under the worker's own name, and not too much of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sockethub.logrecords import packet
from sockethub.operations.recent import Recent
from sockethub.supervisor.hearing import HEARD_AT_ONCE, Hearing

pytestmark = pytest.mark.anyio

RECORD = {"event": "command performed", "level": "info", "timestamp": "2026-11-25T22:38:09.551043Z"}


class Heard:
    """A worker's hearing and what came of it."""

    def __init__(self) -> None:
        self.dropped = 0
        self.recent = Recent(1_000_000)
        self.hearing = Hearing(self.recent, self._drop, platform="irc", login="0f0f", pid=7)

    def _drop(self, number: int) -> None:
        self.dropped += number

    @property
    def records(self) -> list[dict[str, Any]]:
        answer = self.recent.answer({"lines": 1_000}, "me")
        assert all(of_worker for of_worker, _ in answer["records"])
        return [json.loads(text) for _, text in answer["records"]]


async def test_nobody_logs_in_the_name_of_another() -> None:
    heard = Heard()
    heard.hearing(packet({**RECORD, "platform": "xmpp", "login": "aaaa", "pid": 1, "job": "j"}, 3))
    assert heard.records == [{**RECORD, "platform": "irc", "login": "0f0f", "pid": 7, "job": "j"}]
    assert heard.dropped == 3


async def test_who_says_too_much_is_not_listened_to() -> None:
    heard = Heard()
    for _ in range(HEARD_AT_ONCE + 5):
        heard.hearing(packet(RECORD, 0))
    assert len(heard.records) == HEARD_AT_ONCE
    assert heard.dropped == 5


async def test_nonsense_is_counted_and_left() -> None:
    heard = Heard()
    for raw in (b'{"log":', b'{"log":{}}', b'{"log":{"event":"x"},"left_out":0}'):
        heard.hearing(raw)
    assert not heard.records
    assert heard.dropped == 3
