from __future__ import annotations

from typing import Any

import pytest

from sockethub.activity.objects import OBJECT_BYTES, OBJECTS, TOTAL_BYTES, KnownObjects
from sockethub.errors import MalformedMessage


def test_the_oldest_is_forgotten_first() -> None:
    known = KnownObjects()
    for number in range(OBJECTS + 1):
        known.introduce({"id": str(number), "type": "person"}, 30)
    assert len(known) == OBJECTS
    assert "0" not in known
    assert str(OBJECTS) in known


def test_introduced_again_it_is_as_new() -> None:
    known = KnownObjects()
    known.introduce({"id": "a", "type": "person"}, 30)
    known.introduce({"id": "b", "type": "person"}, 30)
    known.introduce({"id": "a", "type": "room"}, 30)
    assert list(known) == ["b", "a"]
    assert known["a"]["type"] == "room"


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (None, "an object with an id"),
        ("a", "an object with an id"),
        ({"type": "person"}, "/id"),
        ({"id": ""}, "/id"),
        ({"id": "a"}, "/type"),
        ({"id": "a" * 3000, "type": "person"}, "/id"),
    ],
)
def test_what_is_no_object_is_refused(raw: Any, error: str) -> None:
    with pytest.raises(MalformedMessage, match=error):
        KnownObjects().introduce(raw, 30)


def test_a_large_one_is_refused_and_all_together_stay_small() -> None:
    known = KnownObjects()
    with pytest.raises(MalformedMessage, match=f"may have {OBJECT_BYTES} bytes, this one has {OBJECT_BYTES + 1}"):
        known.introduce({"id": "a", "type": "person"}, OBJECT_BYTES + 1)
    most = TOTAL_BYTES // OBJECT_BYTES
    for number in range(most):
        known.introduce({"id": str(number), "type": "person"}, OBJECT_BYTES)
        known.introduce({"id": str(number), "type": "person"}, OBJECT_BYTES)
    assert len(known) == most
    known.introduce({"id": "a", "type": "person"}, 1)
    assert list(known) == [*map(str, range(1, most)), "a"]
