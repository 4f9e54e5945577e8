"""What is counted by hand is counted right, and labels stay on their lists."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from sockethub import errors
from sockethub.operations.metrics import ANSWER_BUCKETS, REFUSALS, Distribution, GatewayMetrics, reason_of

BOUNDS = (0.1, 1.0, 10.0)
VALUES = st.lists(st.one_of(st.sampled_from(BOUNDS), st.floats(0, 100)))


def filled(values: list[float]) -> Distribution:
    found = Distribution(BOUNDS)
    for value in values:
        found.observe(value)
    return found


@given(VALUES)
def test_each_bucket_holds_what_is_no_greater_than_its_bound(values: list[float]) -> None:
    found = filled(values)
    for bound, below in found.cumulative():
        assert below == sum(value <= bound for value in values)
    assert found.cumulative()[-1] == (inf, len(values))
    assert found.count == len(values)
    assert abs(found.total - sum(values)) < 1e-6


@given(VALUES, st.floats(0.01, 1))
def test_a_quantile_is_the_bound_of_its_bucket(values: list[float], share: float) -> None:
    bound = filled(values).quantile(share)
    if not values:
        assert bound == 0
        return
    assert bound in BOUNDS
    if bound != BOUNDS[-1]:
        assert sum(value <= bound for value in values) >= share * len(values)


def test_every_refusal_has_a_reason_of_its_own() -> None:
    def leaves(kind: type[Exception]) -> Iterator[type[Exception]]:
        for below in kind.__subclasses__():
            if below.__module__ == errors.__name__:
                yield from leaves(below) if below.__subclasses__() else [below]

    refusing = {*leaves(errors.ClientError), *leaves(errors.QueueError)}
    assert refusing == REFUSALS.keys()
    assert len({*REFUSALS.values()}) == len(REFUSALS)
    assert reason_of(errors.ClientError()) == "other", "a middleware of somebody else's"


def test_what_is_told_is_what_was_counted() -> None:
    metrics = GatewayMetrics()
    metrics.answered("irc", "send", "result", 0.004, 0.003)
    metrics.answered("irc", "send", "unknown", 50.0, None)
    metrics.told("irc", 3)
    told = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.text()[0].decode())
        for sample in family.samples
    }
    irc = ("platform", "irc")
    assert told["sockethub_commands_total", ("outcome", "result"), irc, ("verb", "send")] == 1
    assert told["sockethub_command_seconds_count", irc] == 2
    assert told["sockethub_command_seconds_bucket", ("le", "0.005"), irc] == 1
    assert told["sockethub_command_seconds_sum", irc] == 50.004
    assert told["sockethub_command_performing_seconds_count", irc] == 1
    assert told["sockethub_events_delivered_total", irc] == 3
    assert metrics.latencies() == {"irc": (2, 0.005, ANSWER_BUCKETS[-1])}
