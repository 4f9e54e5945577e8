from __future__ import annotations

from dataclasses import replace

import pytest

from sockethub.cli.holders import Holder, hindrances
from sockethub.crypto import MasterKey, MasterKeys

OLD, NEW = (MasterKey.of(bytes([number]) * 32) for number in range(2))
READY = replace(Holder.here("workers", MasterKeys(NEW, (OLD,))), looked="2")


def test_what_it_says_is_read_again() -> None:
    assert Holder.decode(READY.encode().encode()) == READY
    assert READY.keys == (NEW.id, OLD.id)


def test_who_has_the_key_is_no_hindrance() -> None:
    assert hindrances([READY, replace(READY, in_use=OLD.id, previous=(NEW.id,))], NEW.id, "2") == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"in_use": OLD.id, "previous": ()}, f"its declaration does not have {NEW.id}, but {OLD.id}"),
        ({"trouble": True}, "it could not read its keys; its log says why"),
        ({"looked": "1"}, "it has not said which keys it has"),
    ],
)
def test_who_could_not_start_again_is_named(changes: dict[str, object], why: str) -> None:
    holder = replace(READY, host="beta", pid=7, **changes)  # type: ignore[arg-type]
    assert hindrances([READY, holder], NEW.id, "2") == [f"workers on beta (process 7): {why}"]


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"previous": 1}', b'{"previous": [], "unknown": 1}', b"\xff"])
def test_what_makes_no_sense_is_a_hindrance(raw: bytes) -> None:
    assert hindrances([Holder.decode(raw)], NEW.id, "2")
