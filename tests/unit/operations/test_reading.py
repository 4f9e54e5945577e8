"""Records of several members, as one log."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sockethub.operations.reading import Record, merged


def record(member: int, second: int, number: int) -> Record:
    fields = {"event": str(number), "level": "info", "timestamp": f"2026-11-25T22:38:{second:02}.000000Z"}
    return Record("host", str(member), "gateway", fields)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 59)), max_size=50), st.integers(1, 60))
def test_the_last_of_all_by_time(said: list[tuple[int, int]], lines: int) -> None:
    records = [record(member, second, number) for number, (member, second) in enumerate(said)]
    found = merged(records, lines)
    assert len(found) == min(lines, len(said))
    times = [each.fields["timestamp"] for each in found]
    assert times == sorted(times)
    left = sorted(each.fields["timestamp"] for each in records if each not in found)
    assert not left or not times or left[-1] <= times[0]
    for member in "012":  # what one says at a moment stays in its order
        order = [(each.fields["timestamp"], int(each.fields["event"])) for each in found if each.member == member]
        assert order == sorted(order)
