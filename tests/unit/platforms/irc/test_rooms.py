from __future__ import annotations

import pytest

from sockethub.platforms.irc.rooms import MAX_ROOMS, Room, Rooms
from sockethub_translators import irc

ENV = irc.Env(server="irc.example", nick="Me")
FOLD = ENV.isupport.fold


def follow(rooms: Rooms, *lines: str) -> list[bool]:
    return [rooms.follow(irc.decode(line), ENV) for line in lines]


def test_own_coming_and_going() -> None:
    rooms = Rooms()
    assert follow(rooms, ":me!u@h JOIN #Room", ":me!u@h JOIN #room") == [True, False]
    assert rooms.inside("#ROOM", FOLD)
    assert rooms.saved() == [{"room": "#Room"}]
    assert follow(rooms, ":ME!u@h PART #room :bye") == [True]
    assert not rooms.inside("#room", FOLD)
    assert rooms.saved() == []


@pytest.mark.parametrize(
    "line",
    [
        ":you!u@h JOIN #room",
        ":you!u@h PART #room",
        ":me!u@h KICK #room you",
        ":me!u@h KICK #room",
        "JOIN #room",
        "JOIN",
    ],
)
def test_what_others_do_is_not_ours(line: str) -> None:
    rooms = Rooms()
    follow(rooms, ":me!u@h JOIN #room")
    assert follow(rooms, line) == [False]
    assert rooms.inside("#room", FOLD)


def test_kick_of_me() -> None:
    rooms = Rooms()
    follow(rooms, ":me!u@h JOIN #room")
    assert follow(rooms, ":op!u@h KICK #room me :out") == [True]
    assert rooms.wanted() == []


def test_lost_connection_keeps_what_is_wanted() -> None:
    rooms = Rooms()
    rooms.want(Room("#room", "sesame"), FOLD)
    follow(rooms, ":me!u@h JOIN #room")
    rooms.disconnected()
    assert not rooms.inside("#room", FOLD)
    assert rooms.wanted() == [Room("#room", "sesame")]


def test_what_is_saved_can_be_restored() -> None:
    rooms = Rooms()
    rooms.want(Room("#one"), FOLD)
    rooms.want(Room("#two", "sesame"), FOLD)
    again = Rooms()
    again.restore({"joins": rooms.saved()}, FOLD)
    assert again.wanted() == rooms.wanted()


def test_keys_do_not_show() -> None:
    assert "sesame" not in repr(Room("#room", "sesame"))


def test_bounded() -> None:
    rooms = Rooms()
    for number in range(MAX_ROOMS + 10):
        follow(rooms, f":me!u@h JOIN #room{number}")
    assert len(rooms.wanted()) == MAX_ROOMS
    assert len(rooms._present) == MAX_ROOMS
