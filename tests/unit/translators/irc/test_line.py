"""A line as a value: frozen, and equal whether or not it was proved to be encodable."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace

import pytest

from sockethub_translators import irc
from sockethub_translators.errors import EncodeError

READ = irc.decode(b":al!a@h PRIVMSG #tea :hello")
ENV = irc.Env("irc.example", "me")


def proved() -> irc.Line:
    """A line that a translation has made, and so has written once."""
    (line,) = irc.from_activity(irc.to_activity(READ, ENV), ENV)
    return line


def test_a_proved_line_is_the_line() -> None:
    line = proved()
    assert (line, hash(line), repr(line), irc.encode(line)) == (READ, hash(READ), repr(READ), irc.encode(READ))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda line: pickle.loads(pickle.dumps(line))])
def test_a_line_can_be_copied(copied: Callable[[irc.Line], irc.Line]) -> None:
    for line in (READ, proved()):
        assert copied(line) == line
        assert irc.encode(copied(line)) == irc.encode(line)


def test_what_is_replaced_is_what_is_encoded() -> None:
    assert irc.encode(replace(proved(), params=("#tea", "bye"))) == b":al!a@h PRIVMSG #tea :bye\r\n"
    assert irc.encode(replace(proved(), tags={"a": "b"})) == b"@a=b :al!a@h PRIVMSG #tea :hello\r\n"


def test_limits_hold_for_a_proved_line() -> None:
    with pytest.raises(EncodeError, match="at most 20"):
        irc.encode(proved(), max_body=20)


@pytest.mark.parametrize("member", ["command", "params", "source", "tags", "_body"])
def test_a_line_is_frozen(member: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(READ, member, None)


def test_tags_are_a_lines_own() -> None:
    assert irc.Line("PING").tags == {}
    assert irc.Line("PING").tags is not irc.Line("PING").tags
