"""What children may not do; each in a process of its own, for there is no way back."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sockethub.supervisor.cage import OPEN_FILES, minimal_environment


def confined(code: str) -> str:
    setup = "import os, resource; from sockethub.supervisor import cage; cage.confine(256)\n"
    done = subprocess.run([sys.executable, "-c", setup + code], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_memory_has_a_bound() -> None:
    assert (
        confined("""
try:
    bytearray(300 * 1024 * 1024)
except MemoryError:
    print("refused")
""")
        == "refused"
    )


def test_threads_cost_little_of_it() -> None:
    code = """
import threading
hold = threading.Event()
def work():
    kept = [bytes(1000) for _ in range(1000)]
    hold.wait()
threads = [threading.Thread(target=work, daemon=True) for _ in range(10)]
for thread in threads:
    thread.start()
print(len(bytearray(50 * 1024 * 1024)) >> 20)
hold.set()
"""
    assert confined(code) == "50"


def test_files_have_a_bound() -> None:
    opened = confined("""
files = []
try:
    while True:
        files.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    print(error.errno, len(files) + 3)
""")
    assert opened == f"24 {OPEN_FILES}"


def test_the_hard_bounds_are_the_soft_ones() -> None:
    code = "print(*(resource.getrlimit(getattr(resource, f'RLIMIT_{name}')) for name in ('AS', 'NOFILE', 'CORE')))"
    assert confined(code) == f"({256 * 1024**2}, {256 * 1024**2}) ({OPEN_FILES}, {OPEN_FILES}) (0, 0)"


def test_no_new_privileges_and_not_dumpable() -> None:
    code = "print([l.split()[1] for l in open('/proc/self/status') if l.startswith('NoNewPrivs')], cage.libc.prctl(3))"
    assert confined(code) == "['1'] 0"


def test_an_orphan_ends_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from sockethub.supervisor import cage; cage.die_with_parent(1 << 22); print('alive')"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (1, "")


def test_the_environment_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCKETHUB__KEYS__MASTER", "canary")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    monkeypatch.setenv("TZ", "UTC")
    handed_on = minimal_environment()
    assert "canary" not in handed_on.values()
    assert handed_on["TZ"] == "UTC"
