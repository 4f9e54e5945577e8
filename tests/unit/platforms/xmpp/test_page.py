"""The page about XMPP shows what the schemas accept and what can be said, and names tests that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sockethub.platforms.xmpp.commands import command_of
from sockethub.platforms.xmpp.features import Found
from sockethub_translators import xmpp
from tests.support.schemas import shipped

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "reference" / "xmpp.md").read_text()
_BLOCK = re.compile(r"^```json (\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\|[^|]*\|([^|]*`test_[^|]*)\|$", re.MULTILINE)

BLOCKS: list[tuple[str, dict[str, Any]]] = [(kind, json.loads(text)) for kind, text in _BLOCK.findall(PAGE)]
ROOM = "owls@conference.example.org"
ENV = xmpp.Env("alice@example.org/web", nick="alice", rooms={ROOM: "Alice"}, inside=frozenset({ROOM}))


def _name(block: Any) -> str:
    return block if isinstance(block, str) else f"{block['type']} {block.get('object', {}).get('type', '')}"


@pytest.mark.parametrize(("kind", "shown"), BLOCKS, ids=_name)
def test_what_is_shown_is_so(kind: str, shown: dict[str, Any]) -> None:
    names = {"credentials": "credentials", "request": "messages", "response": "responses"}
    shipped(f"xmpp/{names[kind]}.json").validate(shown)
    if kind == "request" and shown["type"] != "connect":
        assert command_of(shown, ENV, "fresh", Found()).stanza.attrs["id"]


def test_there_are_examples() -> None:
    assert len(BLOCKS) > 15


def test_the_table_names_tests_that_there_are() -> None:
    files = (ROOT / "tests" / "integration" / "xmpp").glob("test_*.py")
    there = set(re.findall(r"^async def (test_\w+)", "\n".join(file.read_text() for file in files), re.MULTILINE))
    named = {name for row in _ROW.findall(PAGE) for name in re.findall(r"`(test_\w+)`", row)}
    assert len(named) > 20
    assert named <= there
