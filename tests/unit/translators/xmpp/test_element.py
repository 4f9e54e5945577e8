"""What XML can carry."""

from __future__ import annotations

import sys

from sockethub_translators.xmpp.element import ILLEGAL


def test_what_is_printable_can_be_carried() -> None:
    """So a printable text need not be searched: of all characters, those that XML cannot carry are not printable."""
    illegal = [chr(code) for code in range(sys.maxunicode + 1) if ILLEGAL.fullmatch(chr(code))]
    assert len(illegal) > 2048
    assert not any(map(str.isprintable, illegal))
