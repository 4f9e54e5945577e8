"""The pages about IRC and XMPP show what the schemas accept and what can be said, and name tests that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sockethub.platforms.irc import commands as irc_commands
from sockethub.platforms.xmpp import commands as xmpp_commands
from sockethub.platforms.xmpp.features import Found
from sockethub_translators import irc, xmpp
from tests.support.schemas import shipped

ROOT = Path(__file__).parents[3]
_BLOCK = re.compile(r"^```json (\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\|.*`test_.*\|$", re.MULTILINE)
_TEST = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)

ROOM = "owls@conference.example.org"
XMPP = xmpp.Env("alice@example.org/web", nick="alice", rooms={ROOM: "Alice"}, inside=frozenset({ROOM}))
IRC = irc.Env(
    "irc.example",
    "alice",
    isupport=irc.ISupport().update(["MONITOR=100", "STATUSMSG=@+"]),
    caps=frozenset({"message-tags", "draft/chathistory", "draft/message-redaction", "draft/read-marker"}),
)
SAY: dict[str, Callable[[dict[str, Any]], object]] = {
    "irc": lambda shown: irc_commands.command_of(shown, IRC).lines,
    "xmpp": lambda shown: xmpp_commands.command_of(shown, XMPP, "fresh", Found()).stanza.attrs["id"],
}


def _page(platform: str) -> str:
    return (ROOT / "docs" / "reference" / f"{platform}.md").read_text()


EXAMPLES = [(platform, kind, json.loads(text)) for platform in SAY for kind, text in _BLOCK.findall(_page(platform))]


def _name(part: Any) -> str:
    return part if isinstance(part, str) else f"{part['type']} {part.get('object', {}).get('type', '')}"


@pytest.mark.parametrize(("platform", "kind", "shown"), EXAMPLES, ids=_name)
def test_what_is_shown_is_so(platform: str, kind: str, shown: dict[str, Any]) -> None:
    names = {"credentials": "credentials", "request": "messages", "response": "responses"}
    shipped(f"{platform}/{names[kind]}.json").validate(shown)
    if kind == "request" and shown["type"] not in ("connect", "disconnect"):
        assert SAY[platform](shown)


@pytest.mark.parametrize("platform", SAY)
def test_there_are_examples(platform: str) -> None:
    assert sum(of == platform for of, _, _ in EXAMPLES) > 10


@pytest.mark.parametrize("platform", SAY)
def test_the_table_names_tests_that_there_are(platform: str) -> None:
    files = (ROOT / "tests" / "integration" / platform).glob("test_*.py")
    there = set(_TEST.findall("\n".join(file.read_text() for file in files)))
    named = {name for row in _ROW.findall(_page(platform)) for name in re.findall(r"`(test_\w+)`", row)}
    assert len(named) > 20
    assert named <= there, named - there
