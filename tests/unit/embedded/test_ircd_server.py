"""How the local IRC server reads a line; what it answers is in tests/integration/embedded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.embedded.ircd_server import MAX_PARAMETERS, Client, arity, parse


@pytest.mark.parametrize(
    ("line", "command", "parameters"),
    [
        ("PRIVMSG #room :Hello, you!", "PRIVMSG", ["#room", "Hello, you!"]),
        ("@label=1;x :me join  #room ", "JOIN", ["#room"]),
        ("TOPIC #room :", "TOPIC", ["#room", ""]),
        ("USER u 0 * :a :b", "USER", ["u", "0", "*", "a :b"]),
        ("MODE #room +b a:b", "MODE", ["#room", "+b", "a:b"]),
        ("", "", []),
        (":prefix", "", []),
        ("@tags", "", []),
        ("   ", "", []),
    ],
)
def test_a_line_is_taken_apart(line: str, command: str, parameters: list[str]) -> None:
    assert parse(line) == (command, parameters)


@given(st.text())
def test_any_line_can_be_taken_apart(line: str) -> None:
    command, _ = parse(line)
    assert " " not in command


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (Client.on_user, (4, 4)),
        (Client.on_topic, (1, 2)),
        (Client.on_motd, (0, 0)),
        (Client.on_ison, (0, MAX_PARAMETERS)),
    ],
)
def test_arity_is_read_off_the_handler(handler: object, expected: tuple[int, int]) -> None:
    assert callable(handler)
    assert arity(handler) == expected
