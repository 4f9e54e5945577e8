"""What of the log records is kept, and what is answered."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.operations.orders import OrderRefused
from sockethub.operations.recent import ANSWER_BYTES, MOST_LINES, OVERHEAD_BYTES, Recent, Wanted

ME = "0" * 16


class Clock:
    """Stands still until it is set."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def record(number: int = 0, **fields: Any) -> dict[str, Any]:
    return {"event": f"event {number}", "level": "info", "timestamp": "2026-11-25T22:38:09.551043Z", **fields}


def events(answer: dict[str, Any]) -> list[str]:
    return [json.loads(text)["event"] for _, text in answer["records"]]


def test_the_last_are_answered_in_their_order() -> None:
    recent = Recent(1_000_000)
    for number in range(10):
        recent.add(record(number), of_worker=number == 9)
    answer = recent.answer({"lines": 2}, ME)
    assert events(answer) == ["event 8", "event 9"]
    assert [of_worker for of_worker, _ in answer["records"]] == [False, True]
    assert (answer["next"], answer["missed"]) == (10, 0)


def test_what_is_kept_is_bounded_and_the_oldest_goes_first() -> None:
    clock = Clock()
    recent = Recent(10 * (OVERHEAD_BYTES + len(json.dumps(record(), separators=(",", ":")))), clock)
    for number in range(25):
        clock.now = 1_000.0 + number
        recent.add(record(number % 10))
    answer = recent.answer({"after": {ME: 3}}, ME)
    assert events(answer) == [f"event {number % 10}" for number in range(15, 25)]
    assert (answer["next"], answer["missed"], answer["kept_seconds"]) == (25, 12, 9.0)


def test_none_are_kept_where_there_is_no_room() -> None:
    recent = Recent(0)
    recent.add(record())
    assert recent.answer({}, ME) == {"records": [], "next": 1, "missed": 0, "kept_seconds": 0.0}


def test_only_what_is_wanted() -> None:
    clock = Clock()
    recent = Recent(1_000_000, clock)
    recent.add(record(1, login="aabb", platform="irc"))
    clock.now += 60
    recent.add(record(2, login="aacc", platform="xmpp", level="warning"))
    recent.add(record(3, login=5, platform=None, level="error"))
    for wanted, numbers in (
        (Wanted(), (1, 2, 3)),
        (Wanted(login="aa"), (1, 2)),
        (Wanted(login="aac"), (2,)),
        (Wanted(platform="irc"), (1,)),
        (Wanted(platform="ir"), ()),
        (Wanted(level="warning"), (2, 3)),
        (Wanted(age_seconds=59), (2, 3)),
        (Wanted(age_seconds=60), (1, 2, 3)),
        (Wanted(age_seconds=0), (2, 3)),
        (Wanted(level="info", login="aa", lines=1), (2,)),
    ):
        assert events(recent.answer(wanted.to_order(), ME)) == [f"event {n}" for n in numbers], wanted


@given(
    st.lists(st.sampled_from(["info", "error"]), max_size=60),
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)), max_size=12),
)
def test_who_follows_gets_each_once_and_in_order(levels: list[str], looks: list[tuple[int, int]]) -> None:
    """However much is logged between two looks, and however few a look may bring."""
    recent, got, cursor, logged = Recent(10_000_000), list[str](), 0, 0
    for more, lines in [*looks, (len(levels), 1), *[(0, 5)] * 20]:
        for level in levels[logged : logged + more]:
            recent.add(record(logged, level=level))
            logged += 1
        answer = recent.answer({"after": {ME: cursor}, "lines": lines, "level": "error"}, ME)
        assert len(answer["records"]) <= lines
        got += events(answer)
        cursor = answer["next"]
    assert got == [f"event {number}" for number, level in enumerate(levels) if level == "error"]


def test_an_answer_is_bounded() -> None:
    recent = Recent(100_000_000)
    for number in range(MOST_LINES):
        recent.add(record(number, text=["x" * 500] * 5))
    for order in ({"lines": MOST_LINES}, {"lines": MOST_LINES, "after": {ME: 0}}):
        answer = recent.answer(order, ME)
        assert ANSWER_BYTES * 0.95 < sum(len(text) for _, text in answer["records"]) <= ANSWER_BYTES
    assert answer["next"] == len(answer["records"]), "the rest is for the next look"


@pytest.mark.parametrize(
    "order",
    [
        {"lines": 0},
        {"lines": MOST_LINES + 1},
        {"level": "loud"},
        {"age_seconds": -1},
        {"age_seconds": "x"},
        {"lines": None},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(order: dict[str, Any]) -> None:
    with pytest.raises(OrderRefused):
        Recent(1_000).answer(order, ME)


def test_what_another_process_keeps_is_passed_on() -> None:
    recent, other = Recent(1_000_000), Recent(1_000_000)
    recent.add(record(1))
    recent.pass_on(other.add)
    recent.add(record(2))
    assert events(other.answer({}, ME)) == ["event 1", "event 2"]
    assert events(recent.answer({}, ME)) == []


def test_threads_may_tell_something_while_it_answers() -> None:
    recent, stop = Recent(50_000), threading.Event()

    def tell() -> None:
        while not stop.is_set():
            recent.add(record())

    threads = [threading.Thread(target=tell) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(200):
            recent.answer({"after": {ME: 0}}, ME)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
