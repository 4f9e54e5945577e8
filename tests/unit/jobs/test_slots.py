"""Which slot a command is of, and who has it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from sockethub import leases
from sockethub.jobs import commands
from sockethub.jobs.names import Naming
from sockethub.jobs.slots import Redirect, SlotMap, redirect_of, slot_of

HERE = ("here", 6379)
KEY = "{k}:1"
SLOT = key_slot(b"k")


@pytest.mark.parametrize(
    "command",
    [
        ("GET", KEY),
        ("get", KEY.encode()),
        ("XADD", KEY, "*", "STREAMS", "x"),
        ("XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "BLOCK", 5, "STREAMS", KEY, ">"),
        ("XREAD", "COUNT", 5, b"STREAMS", KEY, "0"),
        ("XINFO", "CONSUMERS", KEY, "g"),
        ("XGROUP CREATE", KEY, "g", "0"),
        ("XGROUP", "CREATE", KEY, "g", "0"),
        ("EVAL", "return 1", 2, KEY, "{k}:2", "x"),
        ("EVALSHA", "0f", "1", KEY),
        ("BLPOP", KEY, 1),
        ("SET", KEY, 1, "PX", 5),
    ],
)
def test_by_the_first_key(command: tuple[Any, ...]) -> None:
    assert slot_of(command) == SLOT


KEYLESS = [("PING",), ("MULTI",), ("ACL SETUSER", "x"), ("SCRIPT", "LOAD", "x"), ("EVAL", "return 1", 0), ("TIME",)]


@pytest.mark.parametrize("command", KEYLESS)
def test_of_no_key(command: tuple[Any, ...]) -> None:
    assert slot_of(command) is None


def test_all_of_one_login_is_of_one_slot() -> None:
    naming, queue = Naming(), "irc.abc"
    stream = naming.stream(queue)
    of_queue = [
        commands.enqueue(naming, queue, b"m", max_length=1),
        commands.move_due(naming, queue),
        commands.journal(stream, "c", b"1-0"),
        *commands.bury(stream, naming.dead(queue), b"1-0", b"m"),
        commands.claim(stream, "c", b"1-0", delivered=1),
        ("EVAL", *leases.renewal("abc", "holder:1", 2.0)),
    ]
    assert {slot_of(command) for command in of_queue} == {key_slot(b"abc")}


@pytest.mark.parametrize(
    ("text", "redirect"),
    [
        ("MOVED 12 10.0.0.1:6380", Redirect("moved", 12, ("10.0.0.1", 6380))),
        ("ASK 12 ::1:6380", Redirect("ask", 12, ("::1", 6380))),
        ("MOVED 12 :6380", Redirect("moved", 12, ("here", 6380))),
        ("TRYAGAIN Multiple keys request during rehashing of slot", Redirect("later")),
    ],
)
def test_where_a_command_is_to_go(text: str, redirect: Redirect) -> None:
    assert redirect_of(text, HERE) == redirect


@given(st.sets(st.integers(1, REDIS_CLUSTER_HASH_SLOTS - 1), max_size=20), st.randoms(), st.booleans())
def test_each_slot_has_the_owner_of_its_range(bounds: set[int], random: Any, gap: bool) -> None:
    firsts = sorted({0, *bounds})
    lasts = [first - 1 for first in firsts[1:]] + [REDIS_CLUSTER_HASH_SLOTS - 1]
    rows: list[Any] = [
        [first, last, [b"m", number + 1, b"id"], [b"r", number + 1, b"id"]]
        for number, (first, last) in enumerate(zip(firsts, lasts, strict=True))
    ]
    missing = rows.pop() if gap else None
    random.shuffle(rows)
    found = SlotMap.read(rows, HERE)
    for first, last, (_, port, _), _ in rows:
        for slot in {first, (first + last) // 2, last}:
            assert found.owner(slot) == ("m", port)
    if missing is not None:
        assert found.owner(missing[0]) is None
    assert {host for host, _ in found.masters} <= {"m"}
    assert len(found.servers) == 2 * len(rows)


def test_a_server_that_does_not_know_its_name_is_the_one_that_was_asked() -> None:
    found = SlotMap.read([[0, 9, [b"", 1, b"id"]], [10, 19, [None, 2, b"id"]], [20, 29, [b"?", 3, b"id"]]], HERE)
    assert found.owners == (("here", 1), ("here", 2), ("here", 3))
    assert found.owner(30) is None
    assert SlotMap().owner(0) is None
