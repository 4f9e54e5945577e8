"""What a worker remembers of what it began."""

from __future__ import annotations

from sockethub.jobs.claims import REMEMBERED, Begun


def test_what_was_begun_is_known_and_its_memory_is_bounded() -> None:
    begun = Begun()
    entries = [b"%d-0" % number for number in range(REMEMBERED + 10)]
    assert not any(begun.again(entry) for entry in entries)
    assert begun.again(entries[-1])
    assert begun.again(entries[10])
    assert entries[9] not in begun, "the oldest are forgotten"
