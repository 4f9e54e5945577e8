from __future__ import annotations

from sockethub.platforms.irc import notices
from sockethub_translators import irc

ENV = irc.Env(server="irc.example", nick="me")


def test_lost() -> None:
    told = notices.lost(ENV, "the server fell silent")
    assert told["type"] == "error"
    assert told["error"] == "connection to irc.example lost (the server fell silent); reconnecting"
    assert told["object"] == {"type": "message", "content": told["error"], "condition": "reconnecting"}
    assert told["target"]["id"] == "me@irc.example"


def test_reconnected() -> None:
    told = notices.reconnected(ENV)
    assert (told["type"], told["object"]["status"], told["actor"]["name"]) == ("connect", "reconnected", "me")


def test_not_rejoined() -> None:
    told = notices.not_rejoined(ENV, "#room", "it is full")
    assert told["actor"] == {"id": "#room@irc.example", "type": "room", "name": "#room"}
    assert told["error"] == "could not join #room again: it is full"


def test_gave_up() -> None:
    assert notices.gave_up(ENV, "refused") == "connection to irc.example lost; gave up reconnecting (refused)"
