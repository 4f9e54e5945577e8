"""``sockethub new-platform``: a package for a platform of one's own, that works at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from importlib.metadata import entry_points
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from typing import Final, Literal

import typer

from sockethub import __version__
from sockethub.cli.exits import Exit
from sockethub.config.packages import GROUP

Mode = Literal["persistent", "stateless"]

NAME_CHARACTERS: Final = 40
"""Of a platform's id, as the declaration has it."""

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SUFFIX: Final = ".in"
_FOLDER: Final = "module"
_PLACEHOLDER: Final = re.compile(r"\{\{(\w+)\}\}")

_ABOUT: Final = {
    "stateless": "greets (replace that by what it shall do)",
    "persistent": "a chat of lines over TCP (replace that by what it shall do)",
}
_USAGE: Final = {
    "stateless": """Then a page, or `curl`, sends:

```sh
curl -N http://127.0.0.1:10550/sockethub-http -H 'Content-Type: application/json' -H "X-Request-Id: $(date +%s%N)" -d '
[{"type": "greet", "context": "{{name}}", "actor": {"id": "ann", "type": "person"},
  "object": {"type": "message", "content": "world"}}]'
```""",
    "persistent": """It speaks to a server that says each line to everybody; `ncat -l 7000 -c cat` says it back, at
least. Then a page, or `curl`, sends:

```sh
curl -N http://127.0.0.1:10550/sockethub-http -H 'Content-Type: application/json' -H "X-Request-Id: $(date +%s%N)" -d '
[{"type": "credentials", "context": "{{name}}", "actor": {"id": "ann", "type": "person"},
  "object": {"type": "credentials", "server": "127.0.0.1", "port": 7000}},
 {"type": "connect", "context": "{{name}}", "actor": {"id": "ann", "type": "person"}},
 {"type": "send", "context": "{{name}}", "actor": {"id": "ann", "type": "person"},
  "object": {"type": "message", "content": "Good morning, all"}}]'
```""",
}


def new_platform(name: str, mode: Mode, into: Path) -> Exit:
    """Write the package, and say what to do next; nothing that is there is overwritten."""
    problem = refused(name, {entry.name for entry in entry_points(group=GROUP)})
    directory = into / f"sockethub-{name}"
    if problem is None and directory.exists():
        problem = f"{directory} is there already; nothing was written"
    if problem is not None:
        typer.echo(f"sockethub: {problem}", err=True)
        return Exit.USAGE
    try:
        for path, text in rendered(name, mode).items():
            file = directory / path
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x") as written:
                written.write(text)
    except OSError as error:
        typer.echo(f"sockethub: {error.filename} cannot be written: {error.strerror}", err=True)
        return Exit.FAILED
    typer.echo(f"{directory} holds the platform `{name}`. Next:\n\n  cd {directory}\n  pip install -e '.[test]'")
    typer.echo(
        "  sockethub check --config sockethub.yaml --import\n  pytest\n  sockethub serve --config sockethub.yaml"
    )
    return Exit.OK


def refused(name: str, taken: set[str]) -> str | None:
    """Why a platform cannot be called so; None when it can."""
    if len(name) > NAME_CHARACTERS or not _NAME.fullmatch(name):
        return (
            f"{name[:NAME_CHARACTERS]!r} cannot be the name of a platform: it begins with a letter, holds small "
            f"letters (a to z), digits and single hyphens, {NAME_CHARACTERS} characters at most, such as `matrix`"
        )
    if name in taken:
        return f"an installed package registers the platform `{name}` already; choose another name"
    return None


def rendered(name: str, mode: Mode) -> dict[PurePosixPath, str]:
    """The package's files."""
    module = f"sockethub_{name.replace('-', '_')}"
    words = {
        "name": name,
        "distribution": f"sockethub-{name}",
        "module": module,
        "class": "".join(part.capitalize() for part in name.split("-")),
        "version": __version__,
        "about": _ABOUT[mode],
    }
    words["usage"] = _filled(_USAGE[mode], words)
    templates = resources.files("sockethub.cli") / "templates"
    found: dict[PurePosixPath, str] = {}
    for folder in ("common", mode):
        for path, file in _files(templates / folder, PurePosixPath()).items():
            parts = [module if part == _FOLDER else part for part in path.parts]
            found[PurePosixPath(*parts)] = _filled(file.read_text(), words)
    return dict(sorted(found.items()))


def _files(folder: Traversable, below: PurePosixPath) -> dict[PurePosixPath, Traversable]:
    found: dict[PurePosixPath, Traversable] = {}
    for each in folder.iterdir():
        if each.is_dir():
            found |= _files(each, below / each.name)
        elif each.name.endswith(_SUFFIX):
            found[below / each.name.removesuffix(_SUFFIX)] = each
    return found


def _filled(template: str, words: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda placeholder: words[placeholder[1]], template)
