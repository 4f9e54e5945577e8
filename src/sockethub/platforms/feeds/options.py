"""What the operator may set (``schemas/feeds/options.json``)."""

from __future__ import annotations

from dataclasses import dataclass

from sockethub.web import FetchOptions


@dataclass(frozen=True, slots=True)
class Options(FetchOptions):
    """The declaration's ``options``."""

    max_items: int = 100
