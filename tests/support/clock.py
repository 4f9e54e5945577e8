"""The time of day as a test lets some processes see it (libfaketime); clocks that nobody sets go on as they are."""

from __future__ import annotations

import json
import sysconfig
from pathlib import Path

from tests.support.processes import ServerFailed

LIBRARY = Path("/usr/lib") / str(sysconfig.get_config_var("MULTIARCH")) / "faketime" / "libfaketime.so.1"

_PRELOAD = """
import json, os, sys
# Children are given next to no environment, but PYTHONPATH: each Python begins once more, with the library.
if "LD_PRELOAD" not in os.environ:
    os.environ.update(json.loads({environment!r}))
    os.execv(sys.executable, sys.orig_argv)
"""


class Clock:
    """Of whichever processes are started with its ``environment``, and of their children that are Python's."""

    def __init__(self, folder: Path) -> None:
        if not LIBRARY.exists():
            raise ServerFailed(f"the tests need {LIBRARY}: install the package faketime (as root, `make test` does it)")
        folder.mkdir()
        self._offset = folder / "offset"
        preloaded = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        (folder / "sitecustomize.py").write_text(_PRELOAD.format(environment=json.dumps(preloaded)))
        self.environment = {**preloaded, "PYTHONPATH": str(folder)}
        self.shift(0)

    def shift(self, seconds: int) -> None:
        """Have it be so much later (earlier) than it is."""
        new = self._offset.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.rename(self._offset)  # nobody reads half of it
