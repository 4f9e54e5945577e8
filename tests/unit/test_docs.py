"""What the documentation shows is true: links lead somewhere, examples run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sockethub_translators import dialects

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("translators/*.md")])
_LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]+)(?:#[^)\s]*)?\)")
_BLOCK = re.compile(r"^```(\S+)(?: (\S+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)

PROMISES = [ROOT / "docs" / "reliability.md", ROOT / "SECURITY.md"]
DIALECTS = ROOT / "docs" / "reference" / "dialects.md"
NAMED = {"seed": dialects.SEED, "v4": dialects.V4, "v5": dialects.V5, "as2": dialects.AS2}


def blocks(page: Path, language: str) -> dict[str, str]:
    """The code blocks of a page in one language, by the word after it (or their number)."""
    found = [(name, text) for kind, name, text in _BLOCK.findall(page.read_text()) if kind == language]
    return {name or str(number): text for number, (name, text) in enumerate(found)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    missing = [link for link in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


def test_there_are_pages_to_check() -> None:
    assert len(PAGES) > 10


@pytest.mark.parametrize("page", PROMISES, ids=lambda page: page.stem)
def test_every_test_that_a_promise_names_is_there(page: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", page.read_text()))
    there = {
        name for file in ROOT.glob("tests/**/test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())
    }
    assert len(named) > 20
    assert named - there == set()


def test_the_dialects_are_as_shown() -> None:
    shown = {name: json.loads(text) for name, text in blocks(DIALECTS, "json").items()}
    canonical = shown.pop("canonical")
    assert set(shown) == set(NAMED)
    env = dialects.DialectEnv(server="irc.example")
    for name, raw in shown.items():
        assert dialects.decode(raw, env) == canonical, name
        written = dialects.encode(canonical, NAMED[name], env)
        assert written | {"@context": raw.get("@context")} == raw | {"@context": raw.get("@context")}, name
        assert name == "as2" or written == raw
        assert dialects.detect(raw) == NAMED[name], name


def test_the_python_on_the_page_runs() -> None:
    for text in blocks(DIALECTS, "python").values():
        exec(compile(text, str(DIALECTS), "exec"), {})
