"""Who is in a room, as it tells."""

from __future__ import annotations

from typing import Any

import pytest

from sockethub.platforms.xmpp import occupants as module
from sockethub.platforms.xmpp.occupants import Occupants
from sockethub_translators import xmpp

ROOM = "owls@muc.example"
ENV = xmpp.Env("me@own.example/home")


def _activity(verb: str, nick: str, kind: str | None = "presence", **more: Any) -> dict[str, Any]:
    actor = {"id": f"{ROOM}/{nick}", "type": "person", "name": nick}
    activity: dict[str, Any] = {"type": verb, "actor": actor, "target": {"id": ROOM, "type": "room"}, **more}
    return activity if kind is None else {**activity, "object": {"type": kind}}


def _names(people: Occupants) -> list[str]:
    return [each["name"] for each in people.attendance(ROOM, ENV)["object"]["members"]]


def test_they_come_and_go_and_change_their_names() -> None:
    people = Occupants()
    people.follow(_activity("update", "hoot", **{"xmpp:role": "moderator"}))
    people.follow(_activity("join", "me"))
    assert _names(people) == ["hoot", "me"]
    assert people.attendance(ROOM, ENV)["object"]["members"][0]["xmpp:role"] == "moderator"
    people.follow({**_activity("update", "hoot", "address"), "target": {"id": f"{ROOM}/tawny", "type": "person"}})
    people.follow(_activity("update", "tawny"))
    assert _names(people) == ["me", "tawny"]
    people.follow(_activity("leave", "tawny", None))
    assert _names(people) == ["me"]
    people.forget(ROOM)
    assert _names(people) == []


def test_what_people_do_elsewhere_is_not_noted() -> None:
    people = Occupants()
    people.follow({**_activity("update", "hoot"), "target": {"id": "me@own.example", "type": "person"}})
    people.follow(_activity("update", "hoot", "topic"))
    assert _names(people) == []


def test_they_are_bounded_and_the_rest_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_OCCUPANTS", 2)
    people = Occupants()
    for nick in ("a", "b", "c", "b"):
        people.follow(_activity("update", nick))
    assert people.attendance(ROOM, ENV)["xmpp:truncated"] is True
    people.follow(_activity("leave", "a", None))
    people.follow(_activity("update", "c"))
    assert _names(people) == ["b", "c"]
