"""What clients of the third and fourth version write is read, with every id they have used."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub_translators import dialects
from sockethub_translators.dialects import DialectEnv
from sockethub_translators.dialects.v3 import modern
from sockethub_translators.testing.dialects import activities, json_values

PERSON = {"id": "al@irc.example", "type": "person", "name": "al"}
ROOM = {"id": "#a@irc.example", "type": "room", "name": "#a"}
ENV = DialectEnv(server="irc.example")


@pytest.mark.parametrize("room", ["irc.example/#a", "irc://irc.example/#a", "#a@irc.example", "a@irc.example", "#a"])
@pytest.mark.parametrize("person", ["al@irc.example", "irc://al@irc.example", "irc.example/al", "al"])
@pytest.mark.parametrize("kind", ["chatroom", "room"])
def test_the_third_version_is_read(room: str, person: str, kind: str) -> None:
    said = {
        "context": "irc",
        "@type": "send",
        "actor": {"@id": person, "@type": "person", "displayName": "Al"},
        "target": {"@id": room, "@type": kind, "displayName": "#a"},
        "object": {"@type": "message", "content": "hello"},
        "published": "1461932458000",
    }
    assert dialects.decode(said, ENV) == {
        "context": "irc",
        "type": "send",
        "actor": PERSON,
        "target": ROOM,
        "object": {"type": "message", "content": "hello"},
        "published": "2016-04-29T12:20:58.000Z",
    }


@pytest.mark.parametrize("room", ["irc.example/#a", "irc://irc.example/#a"])
def test_the_fourth_version_is_read(room: str) -> None:
    said: dict[str, Any] = {
        "context": "irc",
        "type": "update",
        "actor": {"id": "al@irc.example", "type": "person", "name": "al"},
        "target": {"id": room, "type": "room", "name": "#a"},
        "object": {"type": "topic", "topic": "tea"},
    }
    read = dialects.decode(said, ENV)
    assert (read["actor"], read["target"]) == (PERSON, ROOM)
    assert read["object"] == {"type": "topic", "content": "tea"}


def test_observe_is_query() -> None:
    said = {
        "context": "irc",
        "@type": "observe",
        "actor": {"@id": "al", "@type": "person"},
        "target": {"@id": "irc.example/#a", "@type": "chatroom"},
        "object": {"@type": "attendance", "members": [{"@id": "bo", "@type": "person"}]},
    }
    read = dialects.decode(said, ENV)
    assert (read["type"], read["target"]) == ("query", ROOM)
    assert read["object"]["members"] == [{"id": "bo@irc.example", "type": "person", "name": "bo"}]


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("1461932458000", "2016-04-29T12:20:58.000Z"),
        (1461932458, "2016-04-29T12:20:58.000Z"),
        ("2016-04-29T12:20:58.000Z", "2016-04-29T12:20:58.000Z"),
        ("9" * 15, "9" * 15),
        ("9" * 16, "9" * 16),
        ("٣٣", "٣٣"),
        (True, True),
        (None, None),
    ],
)
def test_times(written: Any, time: Any) -> None:
    assert modern({"published": written}) == {"published": time}


@given(activities())
def test_what_is_modern_stays_as_it_is(activity: dict[str, Any]) -> None:
    assert modern(activity) == activity


@given(st.dictionaries(st.sampled_from(["@id", "id", "@type", "type", "displayName", "name", "actor"]), json_values))
def test_once_is_enough(raw: dict[str, Any]) -> None:
    assert modern(modern(raw)) == modern(raw)
