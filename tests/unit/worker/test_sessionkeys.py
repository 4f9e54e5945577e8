"""Session keys that were unwrapped already."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from sockethub.crypto import Secret
from sockethub.crypto.keys import wrap_session_key
from sockethub.errors import CryptoError
from sockethub.jobs import Envelope
from sockethub.worker import sessionkeys
from sockethub.worker.sessionkeys import SessionKeys

LOGIN_KEY = os.urandom(32)


def envelope(session: str, key: bytes) -> Envelope:
    wrapped = wrap_session_key(LOGIN_KEY, key, session=session, login="login")
    return Envelope(session, "gateway", "login", "queue", wrapped, b"")


def test_the_key_of_each_session_is_its_own_and_unwrapped_once(monkeypatch: pytest.MonkeyPatch) -> None:
    unwrapped: list[str] = []
    unwrap = Envelope.session_key

    def counted(each: Envelope, login_key: bytes) -> bytes:
        unwrapped.append(each.session)
        return unwrap(each, login_key)

    monkeypatch.setattr(Envelope, "session_key", counted)
    keys, mine = SessionKeys(Secret(LOGIN_KEY)), {name: os.urandom(32) for name in "ab"}
    envelopes = {name: envelope(name, key) for name, key in mine.items()}
    for _ in range(3):
        assert {name: keys.of(each) for name, each in envelopes.items()} == mine
    assert unwrapped == ["a", "b"]


def test_a_wrapped_key_opens_nowhere_else_though_it_is_known() -> None:
    keys, first = SessionKeys(Secret(LOGIN_KEY)), envelope("a", os.urandom(32))
    keys.of(first)
    for other in (replace(first, session="b"), replace(first, login="other"), replace(first, wrapped=b"x" * 61)):
        with pytest.raises(CryptoError):
            keys.of(other)


def test_the_oldest_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessionkeys, "MOST", 2)
    keys = SessionKeys(Secret(LOGIN_KEY))
    for name in "abc":
        keys.of(envelope(name, os.urandom(32)))
    assert [session for session, *_ in keys._known] == ["b", "c"]
    assert "Secret" in repr(keys._known)
