"""What the gateway knows of a platform comes from its declaration and schemas, not from its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from sockethub.activity.platforms import Platforms
from sockethub.config import load
from sockethub.errors import UnknownPlatform, UnsupportedVerb


@pytest.fixture(scope="module")
def platforms() -> Platforms:
    return Platforms(load(None, {}), Path.cwd())


def test_secrets_are_what_the_credentials_schema_calls_write_only(platforms: Platforms) -> None:
    assert platforms.get("irc").secrets == {"certificate", "password", "token"}
    assert platforms.get("xmpp").secrets == {"password", "token"}
    assert platforms.get("dummy").secrets == frozenset()


def test_verbs_are_those_declared(platforms: Platforms) -> None:
    platforms.get("irc").require_verb("send")
    with pytest.raises(UnsupportedVerb, match=r"platform type echo not supported by irc platform\. \(types: connect, "):
        platforms.get("irc").require_verb("echo")


def test_an_unknown_platform_is_told_with_the_known_ones(platforms: Platforms) -> None:
    with pytest.raises(UnknownPlatform, match=r"platform gopher .* not enabled .*\(platforms: dummy, irc\b.*\)"):
        platforms.get("gopher")
