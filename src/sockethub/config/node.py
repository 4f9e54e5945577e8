"""The declaration as a tree that remembers where every value and key was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

Scalar: TypeAlias = str | int | float | bool | None
Path: TypeAlias = tuple[str | int, ...]
"""Keys and list indexes from the root."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written: a file with line and column (both from 1), or the name of a variable or option."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True, slots=True)
class Node:
    """One value. ``key`` is the place of the key in front of it; list items and the root have none."""

    value: Scalar | dict[str, Node] | list[Node]
    place: Place
    key: Place | None = None


def plain(node: Node) -> Any:
    """The value without places, as a JSON-ready object."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def planted(value: Any, place: Place) -> Node:
    """A tree of plain values that all stem from ``place``; undoes :func:`plain`."""
    if isinstance(value, Mapping):
        return Node({str(key): replace(planted(child, place), key=place) for key, child in value.items()}, place)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Node([planted(child, place) for child in value], place)
    return Node(value, place)


def child(node: Node, step: str | int) -> Node | None:
    """The value at one key or index, if there is one."""
    if isinstance(node.value, dict):
        return node.value.get(str(step))
    if isinstance(node.value, list) and isinstance(step, int) and 0 <= step < len(node.value):
        return node.value[step]
    return None


def nearest(root: Node, path: Path) -> Node:
    """The node at ``path``, or the deepest one on the way there that exists."""
    node = root
    for step in path:
        if (below := child(node, step)) is None:
            break
        node = below
    return node


def place_of(path: Path, tree: Node) -> Place:
    """Where a value begins; for a section, and for what is not there, the nearest key."""
    parent = nearest(tree, path[:-1])
    node = nearest(tree, path)
    exact = not path or child(parent, path[-1]) is node
    return node.place if exact and not isinstance(node.value, dict) else node.key or node.place


def key_of(path: Path, tree: Node) -> Place:
    """Where the key of a value stands, or of the nearest one there is."""
    node = nearest(tree, path)
    return node.key or node.place


def grafted(root: Node, path: Path, leaf: Node) -> Node:
    """``root`` with ``leaf`` at ``path``; mappings on the way are made, anything else in the way is replaced."""
    if not path:
        return replace(leaf, key=leaf.key or root.key)
    step, rest = path[0], path[1:]
    if isinstance(root.value, list) and isinstance(step, int) and step < len(root.value):
        items = list(root.value)
        items[step] = grafted(items[step], rest, leaf)
        return replace(root, value=items)
    members = dict(root.value) if isinstance(root.value, dict) else {}
    below = members.get(str(step), Node({}, leaf.place, leaf.place))
    members[str(step)] = grafted(below, rest, leaf)
    return replace(root, value=members)


def merged(below: Node, above: Node) -> Node:
    """Two trees in one: where both have a mapping they are merged, elsewhere ``above`` wins."""
    if not (isinstance(below.value, dict) and isinstance(above.value, dict)):
        return above
    members = dict(below.value)
    for key, value in above.value.items():
        members[key] = merged(members[key], value) if key in members else value
    return replace(above, value=members)


def dotted(path: Path) -> str:
    """``("platforms", "irc", "verbs", 0)`` as people write it: ``platforms.irc.verbs[0]``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
