from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sockethub.platforms.irc.throttle import Bucket


def test_a_burst_goes_at_once_and_then_the_rate_rules() -> None:
    bucket = Bucket(burst=3, rate=2.0)
    waits = []
    for _ in range(5):
        waits.append(bucket.wait(100.0))
        bucket = bucket.take(100.0)
    assert waits == [0.0, 0.0, 0.0, 0.5, 1.0]
    assert bucket.wait(200.0, 3) == 0.0
    assert bucket.wait(200.0, 4) == 0.5


def test_no_rate_is_no_limit() -> None:
    bucket = Bucket(burst=1, rate=0)
    for _ in range(10):
        bucket = bucket.take(0.0)
    assert bucket.wait(0.0, 1_000_000) == 0.0


@given(
    burst=st.integers(1, 20),
    rate=st.floats(0.1, 100),
    pauses=st.lists(st.floats(0, 5), min_size=1, max_size=60),
)
def test_never_more_than_the_burst_and_the_rate_in_any_span(burst: int, rate: float, pauses: list[float]) -> None:
    bucket, now = Bucket(burst, rate), 1_000.0
    sent: list[float] = []
    for pause in pauses:
        now += pause
        now += bucket.wait(now)
        bucket = bucket.take(now)
        sent.append(now)
    for index, start in enumerate(sent):
        for count, end in enumerate(sent[index:], 1):
            assert count <= burst + rate * (end - start) + 1e-6
