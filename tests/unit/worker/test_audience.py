"""Who is present, and what is kept for whoever comes next."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sockethub.worker import audience
from sockethub.worker.audience import Audience, Missed

NOW = "2026-11-24T00:00:00.000+00:00"
SESSIONS, GATEWAYS = st.sampled_from("abc"), st.sampled_from(["g1", "g2"])


class AudienceMachine(RuleBasedStateMachine):
    """The model: where each session is attached, and whether its client is there."""

    def __init__(self) -> None:
        super().__init__()
        self.audience = Audience()
        self.model: dict[str, tuple[str, bool]] = {}

    @rule(session=SESSIONS, gateway=GATEWAYS)
    def arrive(self, session: str, gateway: str) -> None:
        assert self.audience.arrive(session, gateway) == (session not in self.model)
        self.model[session] = gateway, True

    @rule(session=SESSIONS)
    def step_out(self, session: str) -> None:
        self.audience.step_out(session)
        if session in self.model:
            self.model[session] = self.model[session][0], False

    @rule(session=SESSIONS)
    def leave(self, session: str) -> None:
        self.audience.leave(session)
        self.model.pop(session, None)

    @rule(gateway=GATEWAYS)
    def forget(self, gateway: str) -> None:
        self.audience.forget(gateway)
        self.model = {session: where for session, where in self.model.items() if where[0] != gateway}

    @invariant()
    def agree(self) -> None:
        assert set(self.audience) == set(self.model)
        assert len(self.audience) == len(self.model)
        assert self.audience.gateways == {gateway for gateway, _ in self.model.values()}
        assert self.audience.present == any(there for _, there in self.model.values())


TestAudience = AudienceMachine.TestCase


@given(st.lists(st.integers(0, 60), max_size=60), st.integers(0, 20))
def test_the_newest_are_kept_and_the_others_counted(sizes: list[int], most: int) -> None:
    missed = Missed(most)
    for number, size in enumerate(sizes):
        missed.add({"type": "send", "n": number}, size, NOW)
    lost, kept = missed.take()
    assert lost + len(kept) == len(sizes)
    assert [activity["n"] for activity in kept] == list(range(lost, len(sizes)))
    assert len(kept) == min(most, len(sizes))
    assert missed.take() == (0, [])


def test_much_is_bounded_by_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "MISSED_CHARACTERS", 100)
    missed = Missed(1_000)
    for number in range(5):
        missed.add({"type": "send", "n": number}, 40, NOW)
    lost, kept = missed.take()
    assert (lost, [activity["n"] for activity in kept]) == (3, [3, 4])


@pytest.mark.parametrize(
    ("activity", "kept"),
    [
        ({"type": "send"}, {"type": "send", "published": NOW}),
        ({"type": "send", "published": "2020-01-01T00:00:00Z"}, {"type": "send", "published": "2020-01-01T00:00:00Z"}),
        ({"type": "update", "object": {"type": "typing"}}, None),
        (
            {"type": "update", "object": {"type": "topic"}},
            {"type": "update", "object": {"type": "topic"}, "published": NOW},
        ),
    ],
)
def test_it_is_told_when_it_happened_unless_it_is_over(activity: dict[str, Any], kept: dict[str, Any] | None) -> None:
    missed = Missed(10)
    missed.add(activity, 10, NOW)
    assert missed.take() == (0, [] if kept is None else [kept])
