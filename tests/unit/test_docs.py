"""What the documentation says is true: links lead somewhere, pages are on the website, what is promised has its test.

Its code blocks are looked at in ``test_docs_blocks.py``.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sockethub.errors import ClientError
from sockethub.gateway.pipeline import Middleware
from sockethub_translators import dialects
from tests.support import markdown
from tests.support.markdown import PAGES, ROOT

PROMISES = [
    ROOT / "docs" / "reliability.md",
    ROOT / "SECURITY.md",
    ROOT / "docs" / "explanation" / "hostile-clients.md",
]
DIALECTS = ROOT / "docs" / "reference" / "dialects.md"
NAMED = {"seed": dialects.SEED, "v4": dialects.V4, "v5": dialects.V5, "as2": dialects.AS2}


def blocks(page: Path, language: str) -> dict[str, str]:
    """The code blocks of a page in one language, by the word after it (or their number)."""
    found = [block for block in markdown.blocks(page) if block.language == language]
    return {block.name or str(number): block.text for number, block in enumerate(found)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    """To a file there is; and to a heading of it, by a name that both code hosting sites and the website give it."""
    wrong = []
    for link in markdown.links(page):
        file, _, anchor = link.partition("#")
        if file.startswith(("https://", "http://", "mailto:")):
            continue
        there = (page.parent / file).resolve() if file else page
        if not there.exists() or (anchor and (there.suffix != ".md" or anchor not in markdown.anchors(there))):
            wrong.append(link)
    assert wrong == []


def test_there_are_pages_to_check() -> None:
    assert len(PAGES) > 50


@pytest.mark.parametrize("kind", ["tutorials", "how-to", "reference", "explanation", "decisions"])
def test_an_index_names_every_page_of_its_kind(kind: str) -> None:
    folder = ROOT / "docs" / kind
    (index,) = (page for page in (folder / "index.md", folder / "README.md") if page.is_file())
    linked = {(folder / link.partition("#")[0]).resolve() for link in markdown.links(index)}
    assert set(folder.rglob("*.md")) - linked - {index} == set()


def test_the_architecture_names_every_part() -> None:
    text = (ROOT / "docs" / "explanation" / "architecture.md").read_text()
    parts = [path for path in (ROOT / "src" / "sockethub").iterdir() if not path.name.startswith("_")]
    named = {path: f"{path.name}/" if path.is_dir() else path.name for path in parts if path.suffix != ".typed"}
    # Links that have data installed; the data itself is named.
    assert [name for path, name in named.items() if not path.is_symlink() and f"{name}`" not in text] == []


@pytest.mark.parametrize("page", PROMISES, ids=lambda page: page.stem)
def test_every_test_that_a_promise_names_is_there(page: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", page.read_text()))
    there = {
        name for file in ROOT.glob("tests/**/test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())
    }
    assert len(named) > 5
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


def test_the_middleware_on_the_page_runs() -> None:
    page = ROOT / "docs" / "how-to" / "write-middleware.md"
    (text,) = blocks(page, "python").values()
    made: dict[str, Any] = {}
    exec(compile(text, str(page), "exec"), made)
    given = SimpleNamespace(activity={"object": {"content": "WHO IS THERE"}})
    with pytest.raises(ClientError, match="do not shout"):
        asyncio.run(made["NoShouting"](None).process(given))
    given.activity["object"]["content"] = "who is there"
    asyncio.run(made["NoShouting"](None).process(given))
    # What the class overrides is what there is to override.
    own = {name for name in vars(Middleware) if not name.startswith("_")}
    assert {name for name in vars(made["NoShouting"]) if not name.startswith("_")} == own
