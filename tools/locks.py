"""Make the hash-checked requirements files from the two declarations: ``python3 tools/dev.py lock``.

Each file holds the one before: ``run`` (to run Sockethub), ``test`` (and its tests), ``check`` (and formatter, type
checker, import contracts). ``lock`` holds only the resolver, ``audit`` what looks at the others, ``fuzz`` what there
are few wheels of, ``docs`` what makes the website. They hold names, versions and hashes, no address: which index is
asked is each machine's own affair, and the hashes say whether it gave the right file.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
LEVELS = ("run", "test", "check")
ALONE = ("lock", "audit", "fuzz", "docs")
OWN = "sockethub-translators"
EDITABLE_BUILD = "editables>=0.5"
"""What hatchling needs for ``pip install -e``; it would fetch it, unchecked, were builds isolated."""


def _names(group: list[Any], groups: dict[str, list[Any]]) -> list[str]:
    """The requirements of a dependency group (PEP 735), its includes resolved."""
    names: list[str] = []
    for entry in group:
        names += _names(groups[entry["include-group"]], groups) if isinstance(entry, dict) else [entry]
    return names


def inputs() -> dict[str, list[str]]:
    """What each file must satisfy, by the file's name without ``.txt``."""
    import tomllib  # Not above: an older Python shall get as far as being told that it is too old.

    declaration = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = declaration["dependency-groups"]
    wanted = [name for name in declaration["project"]["dependencies"] if not name.startswith(OWN)]
    wanted += [*declaration["build-system"]["requires"], EDITABLE_BUILD]
    result = {"run": list(wanted)}
    for level in LEVELS[1:]:
        wanted += _names(groups[level], groups)
        result[level] = list(wanted)
    return result | {name: _names(groups[name], groups) for name in ALONE}


def compile_all(python: Path, *, upgrade: bool) -> None:
    """Resolve every file with ``uv``; without ``upgrade`` pins stay where the declarations allow it.

    Each level is bound to the pins of the level before, so that one environment can hold them all.
    """
    before: Path | None = None
    for level, wanted in inputs().items():
        target = REQUIREMENTS / f"{level}.txt"
        argv = [str(python), "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
        argv += ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-header"]
        argv += ["--only-binary", ":all:", "--output-file", str(target)]
        if upgrade:
            argv.append("--upgrade")
        if before is not None and level in LEVELS:
            argv += ["--constraints", str(before)]
        subprocess.run([*argv, "-"], input="\n".join(wanted), text=True, check=True, cwd=ROOT)
        before = target
