"""YAML read with suspicion: values and places, nothing that runs, grows or hides.

The language is the core schema of YAML 1.2.2 (§10.3): ``yes`` and ``on`` are text, ``0777`` is the number 777. On top
of that a declaration has no tags, no duplicate keys, no merge keys, one document, and bounds on size, depth and what
aliases expand to. PyYAML supplies the events only; building the tree here keeps every place and every bound in view.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import yaml

from sockethub.config.node import Node, Place, Scalar
from sockethub.config.problems import InvalidDeclaration, Problem

MAX_BYTES: Final = 262_144
"""Size of a file: fifty times the shipped one, and parsed in about a second."""

MAX_DEPTH: Final = 32
"""Nesting; a declaration needs six levels, options may add some."""

MAX_NODES: Final = 20_000
"""Values after aliases are expanded, so that a few nested aliases do not become a billion values."""

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE: Final = frozenset({"true", "True", "TRUE"})
_FALSE: Final = frozenset({"false", "False", "FALSE"})
# More digits than a 64-bit number has are text: an identifier, not a quantity.
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,18}")
_BASED: Final = re.compile(r"0o[0-7]{1,18}|0x[0-9a-fA-F]{1,15}")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}\.[0-9]{0,40}|[0-9]{1,40}(?=[eE]))([eE][-+]?[0-9]{1,4})?")
_QUOTED: Final = re.compile(r"""(['"])(.*?)\1""")


def parse(text: str, source: str, *, lines: bool = True) -> Node:
    """The tree of one YAML document; ``source`` names it in places and errors, with line and column if ``lines``.

    Raises :class:`~sockethub.config.problems.InvalidDeclaration`, which quotes nothing of the text.
    """
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        raise _problem(Place(source), f"larger than {MAX_BYTES} bytes")
    builder = _Builder(source, lines)
    try:
        return builder.document(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        place = builder.place(error.problem_mark or error.context_mark)
        raise _problem(place, f"not YAML: {_unquoted(error.problem or error.context or 'unreadable')}") from None
    except (yaml.YAMLError, ValueError, OverflowError):
        # A character YAML does not allow, or an escape such as \UFFFFFFFF that names none.
        raise _problem(Place(source), "not YAML: it holds a character that is not allowed") from None


def read(path: Path) -> Node:
    """The tree of a file; its places show the path as given. Raises as :func:`parse`."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        return parse(raw.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError:
        raise _problem(Place(str(path)), "not UTF-8 text") from None
    except OSError as error:
        raise _problem(Place(str(path)), f"cannot be read: {error.strerror}") from None


def resolve(text: str) -> Scalar:
    """What an unquoted scalar means by the core schema."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def _problem(place: Place, text: str) -> InvalidDeclaration:
    return InvalidDeclaration([Problem(place, (), text)])


def _unquoted(text: str) -> str:
    """A message of PyYAML without what it quotes, for that may be part of a secret; single characters may stay."""
    return _QUOTED.sub(lambda quoted: quoted[0] if _is_harmless(quoted[2]) else "something", text)


def _is_harmless(quoted: str) -> bool:
    return len(quoted) <= 1 or quoted in {"\\t", "\\n"} or (quoted[0], quoted[-1]) == ("<", ">")


class _Builder:
    """Builds the tree from parser events (YAML 1.2.2 §3.1.2), counting as it goes."""

    def __init__(self, source: str, lines: bool) -> None:
        self._source = source
        self._lines = lines
        self._nodes = 0
        self._anchors: dict[str, tuple[Node, int]] = {}

    def place(self, mark: Any) -> Place:
        """The place of a PyYAML mark; of the whole source when there is none."""
        if mark is None or not self._lines:
            return Place(self._source)
        return Place(self._source, mark.line + 1, mark.column + 1)

    def document(self, events: Iterator[yaml.Event]) -> Node:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _problem(self.place(event.start_mark), "a second document: a declaration is one")
                root = self._node(next(events), events, 0)
        return root or Node(None, Place(self._source))

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        place = self.place(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, place)
        before = self._nodes
        self._count(1, place)
        if depth > MAX_DEPTH:
            raise _problem(place, f"nested deeper than {MAX_DEPTH} levels")
        assert isinstance(event, yaml.NodeEvent)
        if getattr(event, "tag", None) is not None:
            raise _problem(place, "tags are not used here: quote a value that begins with `!`")
        if isinstance(event, yaml.MappingStartEvent):
            node = self._mapping(events, place, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(events, place, depth)
        else:
            node = self._scalar(event, place)
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, self._nodes - before)
        return node

    def _alias(self, event: yaml.AliasEvent, place: Place) -> Node:
        if event.anchor not in self._anchors:
            raise _problem(place, "an alias without its anchor: quote a value that begins with `*`")
        node, size = self._anchors[event.anchor]
        self._count(size, place)
        return replace(node, place=place)

    def _count(self, more: int, place: Place) -> None:
        self._nodes += more
        if self._nodes > MAX_NODES:
            raise _problem(place, f"more than {MAX_NODES} values (with aliases expanded)")

    def _mapping(self, events: Iterator[yaml.Event], place: Place, depth: int) -> Node:
        members: dict[str, Node] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            at = self.place(event.start_mark)
            if not isinstance(event, yaml.ScalarEvent):
                raise _problem(at, "a key must be a plain word")
            key = self._text(event, at)
            if key == "<<":
                raise _problem(at, "merge keys are not used here: write the keys out")
            if key in members:
                raise _problem(at, f"the key '{key}' was already given at {members[key].key}")
            members[key] = replace(self._node(next(events), events, depth + 1), key=at)
        return Node(members, place)

    def _sequence(self, events: Iterator[yaml.Event], place: Place, depth: int) -> Node:
        items: list[Node] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events, depth + 1))
        return Node(items, place)

    def _scalar(self, event: yaml.Event, place: Place) -> Node:
        assert isinstance(event, yaml.ScalarEvent)
        text = self._text(event, place)
        return Node(resolve(text) if event.style is None else text, place)

    def _text(self, event: yaml.ScalarEvent, place: Place) -> str:
        text: str = event.value
        try:
            # JSON writes a character beyond the BMP as two escapes (RFC 8259 §7), which PyYAML leaves apart.
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            raise _problem(place, "half of a surrogate pair: not a character") from None
