"""Whether a file has changed."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

Stamp: TypeAlias = tuple[int, ...]


def stamp(path: Path) -> Stamp:
    """Time, size and number of the file at ``path``: another one, or one that was written to, has others."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
