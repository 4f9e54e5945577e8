"""Feeds as they are found on the web, written for the tests: whole documents, and what must be read of each.

========================  =============================================================================================
:mod:`.sites`             what several sites have to say, in several languages and scripts
:mod:`.formats`           the same in each format that exists: from RSS 0.90 to JSON Feed 1.1
:mod:`.spellings`         what one format leaves open, and what is in the wild nevertheless: encodings, dates, URLs
========================  =============================================================================================
"""

from __future__ import annotations

from tests.support.corpus.document import Document
from tests.support.corpus.formats import documents
from tests.support.corpus.spellings import SPELLINGS

FAMILIES: dict[str, list[Document]] = {"Every format, five sites each": documents(), **SPELLINGS}
"""By the name that the documentation has."""

__all__ = ["FAMILIES", "Document"]
