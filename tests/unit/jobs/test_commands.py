"""Commands as they go to Redis."""

from __future__ import annotations

from sockethub.jobs import commands


def test_entries_sort_by_their_numbers_not_their_letters() -> None:
    assert sorted([b"10-0", b"9-11", b"9-2"], key=commands.order) == [b"9-2", b"9-11", b"10-0"]


def test_an_end_is_written_so_that_half_of_it_mends_itself() -> None:
    """Deleted and still pending is claimed by nobody; acknowledged and still there would fill the queue for ever."""
    assert [command[0] for command in commands.finish("s", b"1-0")] == ["XDEL", "XACK"]
