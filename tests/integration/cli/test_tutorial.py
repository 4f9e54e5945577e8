"""The tutorial, followed word by word: each file as it is shown, and the tests it ends with."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.deployment import REPOSITORY
from tests.support.venv import Venv

PAGE = (REPOSITORY / "docs" / "tutorials" / "your-own-platform.md").read_text()
_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_tutorial(tmp_path: Path) -> None:
    commands = "".join(text for kind, _, text in _BLOCK.findall(PAGE) if kind == "sh")
    files = {name: text for kind, name, text in _BLOCK.findall(PAGE) if kind != "sh"}
    assert "sockethub new-platform weather\n" in commands
    assert len(files) == 8
    environment = Venv.made(tmp_path / "environment")
    environment.run("-m", "sockethub", "new-platform", "weather", cwd=tmp_path)
    package = tmp_path / "sockethub-weather"
    environment.install(package)
    for name, text in files.items():
        assert (package / name).is_file(), "what is shown replaces what was written"
        (package / name).write_text(text)
    done = environment.run("-m", "sockethub", "check", "--config", "sockethub.yaml", "--import", cwd=package)
    assert "platforms: weather" in done.stdout
    # What a real worker makes of a package is looked at in test_new_platform.py; it takes seconds.
    done = environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not isolation", cwd=package)
    assert "11 passed" in done.stdout
    for check in (["check", "--select", "E,F,I,UP,B"], ["format", "--check"]):
        environment.run("-m", "ruff", *check, "--isolated", "--line-length", "120", ".", cwd=package)
    wrong = package / "src" / "sockethub_weather" / "__init__.py"
    wrong.write_text(wrong.read_text().replace('"verbs": ["fetch"]', '"verbs": ["fetc"]'))
    done = environment.run("-m", "sockethub", "check", "--config", "sockethub.yaml", cwd=package, check=False)
    assert done.returncode == 78
    assert "must be one of this platform's `verbs`" in done.stderr
