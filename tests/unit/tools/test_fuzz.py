"""The targets of the fuzzing, on a few bytes: that they run, and let a bug through."""

from __future__ import annotations

import pytest

from tools import fuzz

SAID = [
    b"",
    b"\xff\xfe\x00",
    b":alice!user@host PRIVMSG #room :hello world",
    b"<message from='a@b/c' type='chat'><body>hello</body></message>",
    b'{"id": 1, "event": "message", "data": {"type": "send", "context": "irc", "actor": {"id": "me"}}}',
    b"platforms: {}",
]


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_targets_take_anything(name: str, said: bytes) -> None:
    fuzz.TARGETS[name]()(said)


def test_a_bug_is_no_documented_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr("sockethub_translators.irc.to_activity", broken)
    with pytest.raises(KeyError):
        fuzz.TARGETS["irc"]()(SAID[2])
