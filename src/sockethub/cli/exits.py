"""Exit statuses, as ``sockethub --help`` tells them."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    """Done, or stopped by SIGINT or SIGTERM and everything put away in time."""

    FAILED = 1
    """A part ended by itself, or could not be started; standard error says which and why."""

    USAGE = 2
    """The command line makes no sense."""

    CONFIG = 78
    """The declaration cannot be used (``EX_CONFIG``, sysexits.h); each problem is named."""
