from __future__ import annotations

from typing import Any

import pytest

from sockethub.activity.objects import OBJECTS, KnownObjects
from sockethub.errors import MalformedMessage


def test_the_oldest_is_forgotten_first() -> None:
    known = KnownObjects()
    for number in range(OBJECTS + 1):
        known.introduce({"id": str(number), "type": "person"})
    assert len(known) == OBJECTS
    assert "0" not in known
    assert str(OBJECTS) in known


def test_introduced_again_it_is_as_new() -> None:
    known = KnownObjects()
    known.introduce({"id": "a", "type": "person"})
    known.introduce({"id": "b", "type": "person"})
    known.introduce({"id": "a", "type": "room"})
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
        KnownObjects().introduce(raw)
