"""The scripts that workers have Redis run: where they may bring none themselves, their supervisor loads these."""

from __future__ import annotations

from typing import Final

from sockethub import leases
from sockethub.jobs import claims, commands
from sockethub.worker import commons

SCRIPTS: Final = (
    commands.MOVE_DUE,
    commands.JOURNAL,
    claims.DROP_OTHERS,
    leases.RENEW,
    commons.FIND,
    commons.KEEP,
    commons.FORGET,
    commons.STAND,
    commons.PAUSE,
)
