"""What is answered to other clients, and to whom not."""

from __future__ import annotations

from typing import Any

import pytest

from sockethub.platforms.irc.ctcp import MAX_PARAMS, answer
from sockethub_translators import irc

ENV = irc.Env(server="irc.example", nick="me")


def _asked(text: str, *, source: str = ":bob!b@h", command: str = "PRIVMSG", target: str = "me") -> list[str]:
    (activity,) = irc.to_activity(irc.decode(f"{source} {command} {target} :\x01{text}\x01"), ENV)
    return [irc.encode(line).decode().rstrip() for line in answer(activity, ENV, "Owlery 1")]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("VERSION", "NOTICE bob :\x01VERSION Owlery 1\x01"),
        ("PING 123 456", "NOTICE bob :\x01PING 123 456\x01"),
        ("PING", "NOTICE bob :\x01PING\x01"),
    ],
)
def test_questions(asked: str, answered: str) -> None:
    assert _asked(asked) == [answered]


@pytest.mark.parametrize(
    "more",
    [
        {"text": "TIME"},
        {"text": "ACTION waves"},
        {"text": "VERSION", "command": "NOTICE"},
        {"text": "VERSION", "target": "#room"},
        {"text": "VERSION", "source": ":irc.example"},
    ],
    ids=str,
)
def test_what_is_not_answered(more: dict[str, Any]) -> None:
    """Not what is no question, not an answer (or two clients would never end), not a room, not a server."""
    assert _asked(**more) == []


def test_a_long_ping_is_cut() -> None:
    (answered,) = _asked("PING " + "x" * 400)
    assert answered.count("x") == MAX_PARAMS


def test_what_is_no_message_at_all() -> None:
    assert answer({"type": "join", "actor": {"id": "bob@irc.example"}}, ENV, "v") == []
