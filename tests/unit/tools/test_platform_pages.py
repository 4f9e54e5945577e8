"""The pages of reference that are made are as they would be made now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import platform_pages


@pytest.mark.parametrize("file", platform_pages.pages(), ids=lambda file: file.stem)
def test_a_page_is_as_it_is_made(file: Path) -> None:
    assert file.read_text() == platform_pages.pages()[file], "run: python -m tools.platform_pages"


def test_there_is_no_other() -> None:
    assert set(platform_pages.PAGES.iterdir()) == set(platform_pages.pages())


@pytest.mark.parametrize("name", platform_pages.declared())
def test_every_option_and_verb_is_told(name: str) -> None:
    text = platform_pages.pages()[platform_pages.PAGES / f"{name}.md"]
    stanza = platform_pages.declared()[name]
    assert [verb for verb in stanza.get("verbs", []) if f"`{verb}`" not in text] == []
    shown = {example["type"] for example in platform_pages.examples(name)}
    assert shown >= set(stanza.get("verbs", ())) if name in platform_pages.WRITTEN else shown
