"""What the documentation shows is true."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import sockethub_translators
from sockethub_translators import dialects, irc
from sockethub_translators.dialects import as2

README = Path(__file__).parents[3] / "translators" / "README.md"


def test_readme() -> None:
    results = doctest.testfile(str(README), module_relative=False, optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    assert results.attempted > 15
    assert results.failed == 0


@pytest.mark.parametrize("module", [irc, dialects, as2], ids=lambda module: module.__name__)
def test_module_docstrings(module: object) -> None:
    results = doctest.testmod(module)  # type: ignore[arg-type]
    assert results.attempted > 2
    assert results.failed == 0


def test_every_public_name_is_there() -> None:
    assert len(irc.__all__) == len(set(irc.__all__))
    assert all(hasattr(irc, name) for name in irc.__all__)
    assert sockethub_translators.__version__
