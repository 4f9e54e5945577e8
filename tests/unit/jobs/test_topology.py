"""Which of the servers' answers is believed."""

from __future__ import annotations

from typing import Any

import hiredis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ResponseError

from sockethub.jobs.topology import _reason, newest
from sockethub.jobs.wire import NotDone


def _told(epoch: int, master: str, state: str = "ok") -> tuple[Any, list[Any]]:
    info = f"cluster_state:{state}\r\ncluster_current_epoch:{epoch}\r\n".encode()
    return ("asked", 1), [info, [[0, 16383, [master.encode(), 6379, b"id"]]]]


REFUSED = ("asked", 1), [hiredis.ReplyError("NOPERM no"), hiredis.ReplyError("NOPERM no")]
SILENT: tuple[Any, None] = ("asked", 1), None
NONSENSE = ("asked", 1), [b"cluster_state:ok\r\ncluster_current_epoch:9\r\n", [["x"]]]


@given(st.permutations([_told(3, "old"), _told(4, "new"), _told(9, "cut off", "fail"), REFUSED, SILENT, NONSENSE]))
def test_the_highest_epoch_counts_of_those_who_serve(told: list[Any]) -> None:
    found = newest(told)
    assert found is not None
    assert found.owner(0) == ("new", 6379)


@pytest.mark.parametrize(
    ("told", "error", "why"),
    [
        ([SILENT, SILENT], NotDone, "does not answer"),
        ([SILENT, _told(1, "a", "fail")], NotDone, "does not serve"),
        ([SILENT, REFUSED], ResponseError, "NOPERM"),
        ([(("asked", 1), [hiredis.ReplyError("WRONGPASS x")] * 3)], NotDone, "WRONGPASS"),
    ],
)
def test_why_there_is_none(told: list[Any], error: type[Exception], why: str) -> None:
    assert newest(told) is None
    found = _reason(told)
    assert type(found) is error
    assert why in str(found)
