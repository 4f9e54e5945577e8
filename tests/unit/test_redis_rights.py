"""What the scripts of a role do, its user may do: a new one is not forgotten."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sockethub
from sockethub.redis_rights import ROLES, of_login, of_pool

SOURCES = Path(sockethub.__file__).parent
PARTS = {
    "gateway": ("gateway", "sessions", "jobs/commands.py", "cli/rootkey.py"),
    "supervisor": ("supervisor", "leases.py", "cli/rootkey.py"),
    "operator": ("cli/rotatekeys.py",),
}
OF_WORKERS = {"xclaim", "xpending", "zrangebyscore"}
"""Done by scripts of workers alone, which are in a file with others."""


def called(part: str) -> set[str]:
    path = SOURCES / part
    files = path.rglob("*.py") if path.is_dir() else [path]
    return {name.lower() for file in files for name in re.findall(r"redis\.call\('(\w+)'", file.read_text())}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_its_scripts_do(role: str) -> None:
    done = set().union(*map(called, PARTS[role]))
    assert done
    assert done - OF_WORKERS <= set(ROLES[role].commands)


def test_in_a_cluster_all_find_out_who_has_what() -> None:
    everyone = [*ROLES.values(), of_login("abc", "irc.abc"), of_pool("feeds")]
    for rights in everyone:
        more = set(rights.rules(selectors=True, cluster=True)) - set(rights.rules(selectors=True))
        assert more == {"+asking", "+cluster|info", "+cluster|slots", "+command"}


def test_a_worker_reaches_its_own_queue_and_no_other() -> None:
    keys = [rule for rule in of_login("abc", "irc.abc").rules(selectors=True) if rule.startswith("~queue")]
    assert keys == ["~queue:irc.{abc}", "~queue:irc.{abc}:dead", "~queue:irc.{abc}:delayed"]
