"""The master key from a command of the operator's: what a key management service's client prints, say."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Final

from sockethub.crypto import MasterKey
from sockethub.errors import ConfigError

__all__ = ["key_from"]

MOST_CHARACTERS: Final = 1_024
"""Of its output: a key has 44."""


def key_from(command: Sequence[str], *, seconds: float, name: str) -> MasterKey:
    """Run ``command`` (a program and its arguments; there is no shell) and read the key that it prints, in base64.

    ``name`` is the setting that it is, for messages.

    It has our environment, for that is where such clients find their own credentials, and may say on standard error
    what it likes. Raises :class:`ConfigError`, which holds nothing of its output.
    """
    try:
        done = subprocess.run(
            list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=seconds, check=False
        )
    except OSError as error:
        raise ConfigError(f"{name}: {command[0]} cannot be run: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{name}: {command[0]} did not end within {seconds:g} s") from None
    if done.returncode != 0:
        raise ConfigError(f"{name}: {command[0]} ended with status {done.returncode}; see what it says above")
    try:
        text = done.stdout[: MOST_CHARACTERS + 1].decode("ascii")
    except UnicodeDecodeError:
        text = ""
    if not text or len(text) > MOST_CHARACTERS:
        raise ConfigError(f"{name}: what {command[0]} prints is no master key: 32 bytes in base64 are one")
    return MasterKey.parse(text, source=name)
