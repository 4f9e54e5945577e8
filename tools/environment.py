"""The virtual environment beside the sources: made when missing, brought up to date when a lock changed."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from locks import LEVELS, REQUIREMENTS, ROOT

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "sockethub-stamp"
OLDEST_PYTHON = (3, 11)


class Unprepared(Exception):
    """Something the machine needs is not there; the text says what to do."""


def run(*argv: str | Path, env: dict[str, str] | None = None, cwd: Path = ROOT) -> None:
    """Run a command in the sources' directory; its failure ends ours."""
    subprocess.run([str(argument) for argument in argv], check=True, cwd=cwd, env=env)


def succeeds(argv: Sequence[str | Path]) -> bool:
    """Whether a command can be started and ends well; its output is not shown."""
    try:
        return subprocess.run([str(argument) for argument in argv], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def digest() -> str:
    """What an environment depends on: pins, declarations (dependencies, entry points), Python's version."""
    state = hashlib.sha256(sys.version.encode())
    files = [*(REQUIREMENTS / f"{level}.txt" for level in LEVELS), ROOT / "pyproject.toml"]
    for file in (*files, ROOT / "translators" / "pyproject.toml"):
        state.update(file.read_bytes())
    return state.hexdigest()


def is_current(level: str) -> bool:
    """Whether the environment holds ``level``, or one that includes it, as it is declared now."""
    if not STAMP.exists():
        return False
    made, _, of = STAMP.read_text().partition(" ")
    return of == digest() and made in LEVELS and LEVELS.index(made) >= LEVELS.index(level)


def create() -> None:
    """Make an empty environment with this interpreter."""
    if sys.version_info < OLDEST_PYTHON:
        raise Unprepared("Sockethub needs Python 3.11 or newer; start tools/dev.py with one.")
    if not succeeds([sys.executable, "-c", "import ensurepip, venv"]):
        raise Unprepared("this Python cannot make virtual environments: install python3-venv (Debian's name for it).")
    print(f"making {VENV.relative_to(ROOT)}: a minute or two, once", flush=True)
    run(sys.executable, "-m", "venv", "--clear", VENV)


def pip_install(*arguments: str | Path) -> None:
    """``pip install`` into the environment."""
    run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)


def prepare(level: str) -> Path:
    """Return the environment's interpreter, with everything of ``level`` installed and hash-checked."""
    if not succeeds([PYTHON, "-c", f"import sys; sys.exit(sys.version != {sys.version!r})"]):
        create()
    if not is_current(level):
        STAMP.unlink(missing_ok=True)
        pip_install("--require-hashes", "--only-binary", ":all:", "-r", REQUIREMENTS / f"{level}.txt")
        # Built by the pinned hatchling just installed: no build environment is fetched behind our back.
        pip_install("--no-deps", "--no-build-isolation", "--no-index", "-e", ROOT / "translators", "-e", ROOT)
        STAMP.write_text(f"{level} {digest()}")
    return PYTHON


def separate(folder: Path, lock: str) -> Path:
    """Return the interpreter of an environment at ``folder`` that holds one lock and nothing else.

    It is made anew when the lock has changed; what shares no pins with our own environment is installed so.
    """
    python, stamp, pins = folder / "bin" / "python", folder / "stamp", REQUIREMENTS / f"{lock}.txt"
    current = hashlib.sha256(sys.version.encode() + pins.read_bytes()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == current and succeeds([python, "-c", ""])):
        run(sys.executable, "-m", "venv", "--clear", folder)
        install = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes")
        run(*install, "--only-binary", ":all:", "-r", pins)
        stamp.write_text(current)
    return python
