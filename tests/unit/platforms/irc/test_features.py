"""What a server offers, by its capabilities and what it says of itself."""

from __future__ import annotations

import pytest

from sockethub.platforms.irc.features import described
from sockethub_translators import irc


def _features(caps: str = "", *isupport: str) -> set[str]:
    env = irc.Env(
        server="irc.example", nick="me", caps=frozenset(caps.split()), isupport=irc.ISupport().update(isupport)
    )
    return set(described(env)["object"]["features"])


def test_every_server_has_rooms_with_topics_and_people() -> None:
    assert _features() == {"attendance", "invite", "moderate", "nick", "presence", "profile", "room-list", "topic"}


@pytest.mark.parametrize(
    ("caps", "more"),
    [
        ("draft/chathistory", {"history"}),
        ("draft/message-redaction", {"delete"}),
        ("draft/multiline", {"multiline"}),
        ("draft/read-marker", {"marker"}),
        ("message-tags", {"typing", "reaction", "reply"}),
    ],
)
def test_what_capabilities_add(caps: str, more: set[str]) -> None:
    assert _features(caps) - _features() == more


@pytest.mark.parametrize(
    ("denied", "left"),
    [
        ("typing", {"reaction", "reply"}),
        ("*", set()),
        ("*,-typing,-draft/reply", {"typing", "reply"}),
        ("", {"typing", "reaction", "reply"}),
    ],
)
def test_tags_that_a_server_does_not_pass_on(denied: str, left: set[str]) -> None:
    assert _features("message-tags", f"CLIENTTAGDENY={denied}") - _features() == left


def test_watching() -> None:
    assert "watch" in _features("", "MONITOR=100")
