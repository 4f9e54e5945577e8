"""A virtual environment that has all of the present one, so that packages can be installed without a network."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

SECONDS = 120.0


@dataclass(frozen=True)
class Venv:
    """Its interpreter, and what can be done with it."""

    python: Path

    @classmethod
    def made(cls, directory: Path) -> Venv:
        venv.create(directory, with_pip=False, symlinks=True)
        python = directory / "bin" / "python"
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        packages = directory / "lib" / version / "site-packages"
        # Not system_site_packages: these would be the ones of the interpreter below the present environment.
        (packages / "present.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
        return cls(python)

    def run(self, *arguments: str | Path, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """``python`` with these arguments; raises AssertionError with what it said."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("SOCKETHUB", "PYTEST"))
        }
        # Plugins of ours are nobody else's, and take seconds to import.
        environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        argv = [str(self.python), *map(str, arguments)]
        done = subprocess.run(
            argv, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
        )
        assert not check or done.returncode == 0, f"{argv}:\n{done.stdout}\n{done.stderr}"
        return done

    def install(self, *projects: Path) -> None:
        """``pip install -e``, with what is here already."""
        options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]
        editable = [word for project in projects for word in ("-e", str(project))]
        self.run("-m", "pip", "install", *options, *editable, cwd=projects[0])
