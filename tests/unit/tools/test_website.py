"""What the website is made of: the pages as they are, with links that lead within it."""

from __future__ import annotations

import importlib
import re
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml

from tests.support.markdown import ROOT, blocks


@pytest.fixture
def website(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return importlib.import_module("website")


@pytest.mark.parametrize(
    ("page", "text", "made"),
    [
        ("docs/index.md", "[a](how-to/index.md#b)", "[a](how-to/index.md#b)"),
        ("docs/how-to/index.md", "[a](../../SECURITY.md#b)", "[a](../project/SECURITY.md#b)"),
        ("docs/how-to/index.md", "[a](../../deploy/)", "[a](../project/deploy/README.md)"),
        ("docs/how-to/index.md", "[`a`](../../tools/)", "`a`"),
        ("docs/how-to/index.md", "[a](nowhere.md)", "[a](nowhere.md)"),
        ("docs/how-to/index.md", "[a](#b), [c](https://d.example/e)", "[a](#b), [c](https://d.example/e)"),
        ("SECURITY.md", "[a](README.md)", "[a](../index.md)"),
        ("SECURITY.md", "[a](docs/reliability.md)", "[a](../reliability.md)"),
        ("SECURITY.md", "![a](docs/images/console.png)", "![a](../images/console.png)"),
        ("README.md", "```js name\n[a](b)\n```\n[a](docs/)", "```js\n[a](b)\n```\na"),
    ],
)
def test_links_lead_within_the_website(website: Any, page: str, text: str, made: str) -> None:
    assert website.prepared(PurePosixPath(page), text)[0] == made


def test_what_is_linked_is_there_and_no_code_is_lost(website: Any) -> None:
    files = website.files()
    assert PurePosixPath("docs/images/console.png") in files
    for file, text in files.items():
        if text is not None:
            assert re.findall(r"^```.*\n((?:.*\n)*?)```$", text, re.MULTILINE) == [
                block.text for block in blocks(ROOT / file)
            ]
            assert website.prepared(file, (ROOT / file).read_text())[1] <= files.keys()


def named(nav: Any) -> list[str]:
    """The pages that a navigation names, in its order."""
    if isinstance(nav, str):
        return [nav]
    below = nav.values() if isinstance(nav, dict) else nav
    return [page for part in below for page in named(part)]


def test_every_page_is_in_the_navigation_once(website: Any) -> None:
    nav = named(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"])
    pages = {str(website.place(file)) for file, text in website.files().items() if text is not None}
    assert len(set(nav)) == len(nav)
    assert set(nav) - pages == set()
    assert pages - set(nav) == set(), "add them to mkdocs.yml"


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ('<script src="https://elsewhere.example/a.js"></script>', ["a.html"]),
        ("<script src=//elsewhere.example/a.js></script>", ["a.html"]),
        ('<link rel="stylesheet" href="https://elsewhere.example/a.css">', ["a.html"]),
        ('<link href="https://elsewhere.example/a.css" rel=stylesheet>', ["a.html"]),
        ('<img alt="" src="http://elsewhere.example/a.png">', ["a.html"]),
        ('<style>@import url("https://elsewhere.example/a.css");</style>', ["a.html"]),
        (
            '<a href="https://elsewhere.example/">a</a><script src="a.js"></script><link rel=stylesheet href="a.css">',
            [],
        ),
    ],
)
def test_what_comes_from_elsewhere_is_seen(website: Any, tmp_path: Any, page: str, told: list[str]) -> None:
    (tmp_path / "a.html").write_text(page)
    assert website.fetched_elsewhere(tmp_path) == told
