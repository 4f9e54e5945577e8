"""The commands in this process, for starting another takes a second."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Final

from typer.testing import CliRunner, Result

from sockethub.cli.app import app

_COMMANDS: Final = copy.copy(app)
_COMMANDS.registered_callback = None
"""What every command does first, keeping its process's memory from others, the tests could not take back."""


def run(*arguments: str, env: Mapping[str, str] | None = None) -> Result:
    """What ``sockethub ARGUMENTS`` prints and ends with."""
    return CliRunner().invoke(_COMMANDS, list(arguments), env=env)
