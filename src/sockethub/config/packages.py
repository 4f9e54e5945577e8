"""Platforms that come as packages: what they declare about themselves in the entry point group.

A package registers a name in the group ``sockethub.platforms``. The entry point names a mapping, or a module with one
called ``PLATFORM``: a stanza as under ``platforms`` in the declaration, with absolute paths of its schemas. A stanza
that says ``use: <name>`` starts from it; what the stanza says itself wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from sockethub.config.node import Node, Path, Place, child, grafted, merged, place_of, planted
from sockethub.config.problems import Problem, suggestion
from sockethub.errors import ConfigError

GROUP: Final = "sockethub.platforms"
ATTRIBUTE: Final = "PLATFORM"


def furnished(tree: Node) -> tuple[Node, list[Problem]]:
    """``tree`` with every stanza that says ``use`` put on what its package declares, and what is wrong with that."""
    problems: list[Problem] = []
    for path, stanza, name in list(_users(tree)):
        try:
            defaults = planted(stanza_of(name), Place(f"entry point {GROUP}:{name}"))
        except ConfigError as error:
            problems.append(Problem(place_of((*path, "use"), tree), (*path, "use"), str(error)))
        else:
            tree = grafted(tree, path, merged(defaults, stanza))
    return tree, problems


def stanza_of(name: str) -> Mapping[str, Any]:
    """What the package that registers ``name`` declares."""
    registered = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in registered:
        raise ConfigError(f"no installed package registers this platform; {suggestion(name, sorted(registered))}")
    declared = _load(registered[name])
    declared = getattr(declared, ATTRIBUTE, declared)
    if not isinstance(declared, Mapping):
        raise ConfigError(f"{registered[name].value} is neither a mapping nor a module with one named {ATTRIBUTE}")
    return declared


def _load(entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{entry.value} cannot be imported: {error}") from None


def _users(tree: Node) -> Iterator[tuple[Path, Node, str]]:
    platforms = child(tree, "platforms")
    if platforms is None or not isinstance(platforms.value, dict):
        return
    for key, stanza in platforms.value.items():
        use = child(stanza, "use")
        if use is not None and isinstance(use.value, str):
            yield ("platforms", key), stanza, use.value
