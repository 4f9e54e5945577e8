"""From a file, the environment and the command line to a :class:`~sockethub.config.models.Declaration`.

::

    YAML ─► environment variables ─► command line ─► ${…} ─► packages (`use`) ─► models ─► cross checks ─► paths

Every step keeps the place of every value, so that each problem names its file, line, key and remedy.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from sockethub.config import yaml_source
from sockethub.config.checks import Checks
from sockethub.config.explain import explain
from sockethub.config.gateway import Gateway
from sockethub.config.interpolation import Interpolation
from sockethub.config.models import Declaration
from sockethub.config.node import Node, Place, grafted, plain, planted
from sockethub.config.node import Path as Steps
from sockethub.config.overlay import overlaid
from sockethub.config.packages import furnished
from sockethub.config.problems import InvalidDeclaration
from sockethub.config.resources import SHIPPED_DECLARATION, find_schema
from sockethub.config.section import Section


def load(
    path: Path | None, environ: Mapping[str, str], options: Mapping[str, tuple[Steps, Any]] | None = None
) -> Declaration:
    """The declaration in ``path``, or the shipped one without a path.

    ``options`` are settings from the command line by the option's name: ``{"--port": (("gateway", "port"), 8080)}``.
    Relative paths in the file start at its folder; those in the shipped one at the working directory. Raises
    :class:`~sockethub.config.problems.InvalidDeclaration` (a :class:`~sockethub.errors.ConfigError`) and nothing else.
    """
    folder = path.absolute().parent if path is not None else Path.cwd()
    tree = yaml_source.read(path if path is not None else SHIPPED_DECLARATION)
    return declare(tree, folder, environ, options)


def loads(text: str, folder: Path, environ: Mapping[str, str], *, source: str = "sockethub.yaml") -> Declaration:
    """The declaration in ``text``, as if it stood in a file ``source`` in ``folder``. Raises as :func:`load`."""
    return declare(yaml_source.parse(text, source), folder, environ)


def declare(
    tree: Node, folder: Path, environ: Mapping[str, str], options: Mapping[str, tuple[Steps, Any]] | None = None
) -> Declaration:
    """The declaration a tree means. Raises as :func:`load`."""
    tree, problems = overlaid(tree, environ)
    for name, (steps, value) in (options or {}).items():
        tree = grafted(tree, steps, planted(value, Place(name)))
    filling = Interpolation(folder, environ)
    tree, unfurnished = furnished(filling.filled(tree))
    problems += filling.problems + unfurnished
    known = {problem.path for problem in problems}
    incomplete = {problem.path[:-1] for problem in unfurnished}
    declaration: Declaration | None = None
    try:
        declaration = Declaration.model_validate(plain(tree) if tree.value is not None else {})
        found = Checks(declaration, tree, folder).problems()
    except ValidationError as error:
        found = explain(error, tree)
    # What could not be filled in, and what follows from it, is a problem already.
    problems += (problem for problem in found if problem.path not in known and problem.path[:-1] not in incomplete)
    if problems or declaration is None:
        raise InvalidDeclaration(problems)
    return _located(declaration, folder)


def _located(declaration: Declaration, folder: Path) -> Declaration:
    """With every path absolute."""
    platforms = {}
    for name, platform in declaration.platforms.items():
        found = {
            kind: str(find_schema(schema, folder) or schema)
            for kind, schema in platform.schemas.model_dump(exclude_none=True).items()
        }
        platforms[name] = platform.model_copy(update={"schemas": platform.schemas.model_copy(update=found)})
    return declaration.model_copy(
        update={
            "state_dir": folder / declaration.state_dir,
            "keys": _absolute(declaration.keys, folder, "file").model_copy(
                update={"previous": tuple(_absolute(key, folder, "file") for key in declaration.keys.previous)}
            ),
            "gateway": _located_gateway(declaration.gateway, folder),
            "platforms": platforms,
        }
    )


def _located_gateway(gateway: Gateway, folder: Path) -> Gateway:
    asked, tls = gateway.authentication, gateway.tls
    if asked is not None and asked.jwt is not None:
        asked = asked.model_copy(update={"jwt": _absolute(asked.jwt, folder, "jwks_file")})
    if tls is not None:
        tls = _absolute(tls, folder, "certificate", "key")
    return gateway.model_copy(update={"authentication": asked, "tls": tls})


S = TypeVar("S", bound=Section)


def _absolute(section: S, folder: Path, *names: str) -> S:
    """``section`` with these paths, where it has them, beginning at ``folder``."""
    given = {name: getattr(section, name) for name in names}
    return section.model_copy(update={name: folder / path for name, path in given.items() if path is not None})
