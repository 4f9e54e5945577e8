"""What workers' scripts do, the users that run them may do."""

from __future__ import annotations

import re

from sockethub import leases
from sockethub.jobs import claims, commands
from sockethub.redis_rights import of_login, of_pool
from sockethub.worker import commons
from sockethub.worker.scripts import SCRIPTS

OF_QUEUES = (commands.MOVE_DUE, commands.JOURNAL, claims.DROP_OTHERS)
OF_LOGINS = (*OF_QUEUES, leases.RENEW)
OF_POOLS = (*OF_QUEUES, commons.FIND, commons.KEEP, commons.FORGET, commons.STAND, commons.PAUSE)


def called(scripts: tuple[str, ...]) -> set[str]:
    """Commands, with the subcommands of those that have some."""
    found = set()
    for script in scripts:
        for name, word in re.findall(r"redis\.call\('(\w+)'(?:, '(\w+)')?", script):
            found.add(f"{name}|{word}".lower() if name in ("XINFO", "XGROUP") else name.lower())
    return found


def test_each_script_is_among_those_that_are_loaded() -> None:
    assert set(SCRIPTS) == {*OF_LOGINS, *OF_POOLS}


def test_a_login_may_do_what_its_scripts_do() -> None:
    assert called(OF_LOGINS) <= set(of_login("l", "q").commands)


def test_a_pool_may_do_what_its_scripts_do() -> None:
    assert called(OF_POOLS) <= set(of_pool("p").commands)
