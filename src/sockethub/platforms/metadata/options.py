"""What the operator may set (``schemas/metadata/options.json``)."""

from __future__ import annotations

from dataclasses import dataclass

from sockethub.web import FetchOptions


@dataclass(frozen=True, slots=True)
class Options(FetchOptions):
    """The declaration's ``options``."""

    max_bytes: int = 1024 * 1024
