"""A quota for every subject, without waiting for Redis."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest

from sockethub.config.admission import Quota
from sockethub.errors import QueueUnavailable
from sockethub.gateway import quotas
from sockethub.gateway.quotas import Meter


class Counters:
    """What Redis would count."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.asked = 0
        self.away = False

    async def count(self, kind: str, subject: str, more: int, seconds: int) -> tuple[int, int]:
        self.asked += 1
        if self.away:
            raise QueueUnavailable("away")
        self.counts[subject] = self.counts.get(subject, 0) + more
        return self.counts[subject], seconds

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        with pytest.raises(StopIteration):
            work.send(None)


def spent(meter: Meter, times: int, subject: str = "a") -> int:
    return sum(meter.spend(subject) for _ in range(times))


def test_a_quota_holds_across_gateways_and_asks_seldom() -> None:
    redis = Counters()
    here, there = (Meter("commands", Quota(count=100, seconds=60), redis, redis) for _ in range(2))
    assert spent(here, 60) == 60
    assert spent(there, 60) == 40
    assert spent(here, 60) <= 5
    assert redis.asked <= 23
    assert spent(here, 1, "b") == 1


def test_while_redis_is_away_each_gateway_keeps_to_it() -> None:
    redis = Counters()
    redis.away = True
    meter = Meter("commands", Quota(count=10, seconds=60), redis, redis)
    assert (spent(meter, 20), meter.spend("a"), meter.spend("b")) == (10, False, True)


def test_windows_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(quotas.time, "monotonic", lambda: now[0])
    redis = Counters()
    meter = Meter("commands", Quota(count=10, seconds=60), redis, redis)
    assert spent(meter, 20) == 10
    now[0] = 61.0
    redis.counts.clear()
    assert spent(meter, 20) == 10


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "SUBJECTS", 100)
    redis = Counters()
    meter = Meter("connects", Quota(count=1, seconds=60), redis, redis)
    for number in range(1_000):
        assert meter.spend(str(number))
    assert len(meter._windows) == 100
    assert not meter.spend("999")
