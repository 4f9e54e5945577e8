from __future__ import annotations

import pytest

from sockethub.platforms.irc.refusals import is_refusal, refused, registration_error
from sockethub_translators import irc
from sockethub_translators.irc.negotiation import Failed, Reason

ENV = irc.Env(server="irc.example", nick="me")


@pytest.mark.parametrize(
    ("line", "condition", "text"),
    [
        (":irc.x 475 me #a :Cannot join channel (+k)", "wrong-channel-key", "#a: Cannot join channel (+k)"),
        (":irc.x 401 me bob :No such nick", "no-such-nick", "bob: No such nick"),
        (":irc.x 599 me :Odd", "refused", "Odd"),
        (":irc.x 470 me #a ##a :Forwarding to another channel", "forwarded", "#a ##a: Forwarding to another channel"),
        ("FAIL JOIN NEED_REGISTRATION #a :Log in first", "need-registration", "Log in first"),
    ],
)
def test_condition_and_text(line: str, condition: str, text: str) -> None:
    error = refused(irc.decode(line), ENV, "JOIN", "#a", inside=False)
    assert (error.condition, str(error)) == (condition, text)


@pytest.mark.parametrize("numeric", ["401", "403", "404", "442"])
def test_not_joined(numeric: str) -> None:
    line = irc.decode(f":irc.x {numeric} me #a :No")
    error = refused(line, ENV, "PRIVMSG", "#a", inside=False)
    assert str(error) == "cannot send message to a channel of which you've not first joined."
    assert error.condition == "not-joined"
    assert refused(line, ENV, "PRIVMSG", "#a", inside=True).condition != "not-joined" or numeric == "442"
    assert refused(line, ENV, "PRIVMSG", None, inside=False).condition != "not-joined" or numeric == "442"


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("404 me #a :x", True),
        ("263 me LIST :x", True),
        ("FAIL A B :x", True),
        ("353 me = #a :x", False),
        ("4x4", False),
    ],
)
def test_is_refusal(line: str, is_one: bool) -> None:
    assert is_refusal(irc.decode(line)) is is_one


@pytest.mark.parametrize(
    ("reason", "text", "numeric", "condition"),
    [
        ("nick", "ann: in use", "433", "nickname-in-use"),
        ("nick", "ann: bad", "432", "erroneous-nickname"),
        ("password", "no", "464", "wrong-password"),
        ("banned", "no", "465", "banned"),
        ("sasl", "no", "904", "wrong-password"),
        ("sasl", "no way", None, "sasl-failed"),
        ("closed", "Closing Link (K-lined)", "ERROR", "banned"),
        ("closed", "Closing Link (You are not welcome on this network)", "ERROR", "banned"),
        ("closed", "Bad Password", "ERROR", "wrong-password"),
        ("closed", "Urbane servers are full", "ERROR", "connection-closed"),
    ],
)
def test_registration(reason: Reason, text: str, numeric: str | None, condition: str) -> None:
    error = registration_error(Failed(reason, text, numeric))
    assert error.condition == condition
    assert str(error).startswith("unable to connect to server: ")
    assert text in str(error)
