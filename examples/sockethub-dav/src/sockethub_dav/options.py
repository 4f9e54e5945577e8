"""What the operator may set."""

from __future__ import annotations

from dataclasses import dataclass

from sockethub.web import FetchOptions


@dataclass(frozen=True, slots=True)
class Options(FetchOptions):
    """The declaration's ``options``; Sockethub's own for what fetches, and one."""

    max_bytes: int = 10 * 1024 * 1024
    require_tls: bool = True
    """Whether passwords and tokens are sent by https alone."""
