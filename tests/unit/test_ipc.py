from __future__ import annotations

import subprocess
import sys

from sockethub.ipc import machine_id

TELL = (sys.executable, "-c", "from sockethub.ipc import machine_id; print(machine_id())")


def told(*prefix: str) -> str:
    return subprocess.run([*prefix, *TELL], check=True, capture_output=True, text=True).stdout.strip()


def test_processes_of_one_machine_agree() -> None:
    assert told() == machine_id()


def test_a_container_of_this_machine_is_another() -> None:
    """Its gateway's socket is not to be seen from here, and is not gone for that."""
    assert told("unshare", "--map-root-user", "--mount") != machine_id()
