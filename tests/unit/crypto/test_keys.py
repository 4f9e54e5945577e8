"""The master key's file, and ids that come from it."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from sockethub.crypto import MasterKey, RootKey, login_queue
from sockethub.crypto.keys import LOGIN_ID_CHARACTERS, KeyRing, new_session_secret
from sockethub.errors import ConfigError


def test_a_key_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    made = MasterKey.load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert MasterKey.load_or_create(path) == made


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    MasterKey.load_or_create(path)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        MasterKey.load_or_create(path)


@pytest.mark.parametrize("text", ["", "not base64!", base64.b64encode(b"short").decode()])
def test_a_malformed_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ConfigError, match=r"the source: .*32 bytes") as caught:
        MasterKey.parse(text, source="the source")
    assert not text or text not in str(caught.value)


def test_ids_and_names() -> None:
    ring = KeyRing(RootKey.new(0))
    assert len(ring.login_id("irc", {"nick": "a"})) == LOGIN_ID_CHARACTERS
    assert login_queue("irc", "abc") == "irc.abc"
    assert login_queue("dummy", "dummy") == "dummy"


def test_a_session_secret_has_32_characters_and_is_never_the_same() -> None:
    made = {new_session_secret().reveal() for _ in range(100)}
    assert len(made) == 100
    assert {len(secret) for secret in made} == {32}
