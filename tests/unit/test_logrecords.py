"""Log records on their way to whoever keeps them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.logrecords import LEVELS, MOST_BYTES, PREFIX, Allowance, NoRecord, encode, packet, unpacked
from sockethub.logs import HIDDEN, MAX_CHARACTERS, MAX_TRACEBACK

RECORD = {"event": "worker ended", "level": "info", "timestamp": "2026-11-25T22:38:09.551043Z"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def said(**fields: Any) -> bytes:
    return b'%b%b,"left_out":0}' % (PREFIX, json.dumps({**RECORD, **fields}).encode())


def test_what_was_told_is_heard() -> None:
    record = {
        **RECORD,
        "pid": 4711,
        "seconds": 81.3,
        "ok": True,
        "none": None,
        "names": ["a", "b"],
        "exception": "a\nb",
    }
    assert unpacked(packet(record, 7)) == (record, 7)


@given(st.dictionaries(st.sampled_from(["event", "level", "timestamp", "login", "other", "exception"]), JSON), JSON)
def test_whatever_a_worker_says_is_made_harmless_or_no_record(fields: dict[str, Any], left_out: Any) -> None:
    raw = PREFIX + json.dumps({**RECORD, **fields}).encode() + b',"left_out":' + json.dumps(left_out).encode() + b"}"
    try:
        record, number = unpacked(raw)
    except NoRecord:
        return
    assert isinstance(number, int)
    assert record["level"] in LEVELS
    for name, value in record.items():
        assert not isinstance(value, dict)
        for line in str(value).split("\n") if name == "exception" else [str(value)]:
            assert isinstance(value, list) or line.isprintable()


@pytest.mark.parametrize(
    "raw",
    [
        b'{"log":5,"left_out":0}',
        b'{"log":{},"left_out":0}',
        said(level="shout"),
        said(timestamp="yesterday"),
        said(timestamp=5),
        said(event=None),
        packet(RECORD, 0)[:-1],
        packet(RECORD, -1),
        packet(RECORD, 10**9),
        packet(RECORD, 0).replace(b"0}", b"true}"),
        b'{"log":' + b"[" * 100_000,
    ],
)
def test_what_is_no_record_is_named_so(raw: bytes) -> None:
    with pytest.raises(NoRecord):
        unpacked(raw)


def test_secrets_that_a_worker_lets_out_go_no_further() -> None:
    record, _ = unpacked(
        said(
            **{
                "password": "hunter2",
                "url": "irc://me:hunter2@host/",
                "exception": "ValueError: https://me:hunter2@host/",
                "nested": {"a": "hunter2"},
                "hunter2 is no name": 1,
                "event": "x" * 10_000,
            }
        )
    )
    assert "hunter2" not in str(record)
    assert record["password"] == HIDDEN
    assert len(record["event"]) == MAX_CHARACTERS + 1
    assert len(unpacked(said(exception="x" * 10_000))[0]["exception"]) == MAX_TRACEBACK


def test_a_record_that_is_too_long_keeps_what_it_is_about() -> None:
    long = {**RECORD, "login": "0f0f", "event": "é" * MAX_CHARACTERS, **{f"f{n}": "x" * 500 for n in range(20)}}
    data = encode(long)
    assert len(data) <= MOST_BYTES
    assert json.loads(data) == {**RECORD, "login": "0f0f", "event": "é" * MAX_CHARACTERS, "cut": True}
    assert "cut" not in json.loads(encode(RECORD))


def test_so_many_in_a_span_and_no_more() -> None:
    allowance = Allowance(3, 2.0)
    assert [allowance.take(now) for now in (0.0, 0.1, 1.0, 1.9, 1.99, 2.0, 2.1, 2.2, 2.3)] == [
        *(True, True, True, False, False),
        *(True, True, True, False),
    ]
