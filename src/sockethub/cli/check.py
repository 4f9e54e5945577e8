"""``sockethub check``: what is wrong with a declaration, for people or for programs."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer

from sockethub.cli.exits import Exit
from sockethub.config import Declaration, InvalidDeclaration, Problem, load, yaml_source
from sockethub.config.node import Path as Steps
from sockethub.config.node import place_of
from sockethub.config.resources import SHIPPED_DECLARATION
from sockethub.errors import ConfigError
from sockethub.worker.interface import PersistentPlatform, StatelessPlatform

DEFAULT = Path("sockethub.yaml")


def chosen(config: Path | None) -> Path | None:
    """The file to read: the one that was named, else the one in the working directory; None for the shipped one."""
    return config or (DEFAULT if DEFAULT.is_file() else None)


def check(config: Path | None, *, as_json: bool, imports: bool) -> Exit:
    """Print every problem, and say how it went."""
    path = chosen(config)
    problems: Iterable[Problem] = ()
    try:
        declaration = load(path, os.environ)
        if imports:
            problems = list(_unimportable(declaration, path or SHIPPED_DECLARATION))
    except InvalidDeclaration as error:
        problems = error.problems
    if as_json:
        typer.echo(json.dumps({"ok": not problems, "problems": [problem.to_json() for problem in problems]}, indent=2))
    elif problems:
        for problem in problems:
            typer.echo(str(problem), err=True)
    else:
        typer.echo(f"{path or SHIPPED_DECLARATION}: valid; platforms: {', '.join(declaration.platforms)}")
    return Exit.CONFIG if problems else Exit.OK


def _unimportable(declaration: Declaration, path: Path) -> Iterator[Problem]:
    tree = yaml_source.read(path)
    for steps, name, kind in _dotted_names(declaration):
        try:
            _import(name, kind)
        except ConfigError as error:
            yield Problem(place_of(steps, tree), steps, str(error))


def _dotted_names(declaration: Declaration) -> Iterator[tuple[Steps, str, type | None]]:
    """Everything that is imported at run time, where it is declared, and what it must be a subclass of."""
    for index, name in enumerate(declaration.gateway.pipeline):
        yield ("gateway", "pipeline", index), name, None
    for key, platform in declaration.platforms.items():
        kind: type = PersistentPlatform if platform.mode == "persistent" else StatelessPlatform
        yield ("platforms", key, "driver"), platform.driver, kind
        if platform.translator is not None:
            yield ("platforms", key, "translator"), platform.translator, None


def _import(name: str, kind: type | None) -> None:
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
        found = getattr(module, attribute) if attribute else module
    except ImportError as error:
        raise ConfigError(f"{module_name} cannot be imported: {error}") from None
    except AttributeError:
        raise ConfigError(f"{module_name} has no {attribute}") from None
    if kind is not None and not (isinstance(found, type) and issubclass(found, kind)):
        raise ConfigError(f"{name} is no {kind.__name__}, as its `mode` demands")
