"""What a child process may not do: applied right after a fork, before anything of the child's own runs.

It dies with its parent, gains no privileges, leaves no core, shows its memory to nobody, and has bounded memory and
files. What it may ask of the machine is in :mod:`~sockethub.supervisor.sandbox`.
"""

from __future__ import annotations

import os
import resource
import signal
from typing import Final

from sockethub.kernel import libc, prctl

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38

OPEN_FILES: Final = 256
"""A login needs a handful: Redis, gateways, its own connection. The rest is margin."""

ENVIRONMENT: Final = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "PYTHONPATH", "VIRTUAL_ENV")
"""Variables handed on to children; everything else may hold a secret."""

HEAPS: Final = 2
"""Of a process, shared by its threads. glibc gives each thread one and reserves 64 MiB of addresses for it, so that a
dozen threads (names are looked up in some) would use up the limit of memory without using memory."""

_M_ARENA_MAX: Final = -8


def minimal_environment() -> dict[str, str]:
    """The environment children get."""
    return {name: value for name, value in os.environ.items() if name in ENVIRONMENT}


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when ``parent`` (its pid) is gone; at once if it already is."""
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def keep_secrets() -> None:
    """No core dump, and no other process of this user may read this one's memory or environment."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prctl(_PR_SET_DUMPABLE, 0)


def confine(memory_mb: int) -> None:
    """The limits of a worker."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if mallopt := getattr(libc, "mallopt", None):  # glibc's; other libraries reserve nothing
        mallopt(_M_ARENA_MAX, HEAPS)
    bytes_ = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (bytes_, bytes_))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    keep_secrets()
