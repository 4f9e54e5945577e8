"""A JSON Schema and everything it refers to, as one document that needs no other (for clients, and to compile once)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urldefrag, urljoin

from sockethub.config.resources import SCHEMAS
from sockethub.errors import ConfigError

BASE: Final = "https://sockethub.org/schemas/"
"""What the ``$id`` of every shipped schema begins with; the rest is its path."""

Schema = dict[str, Any]
Load = Callable[[str], Schema]


def shipped(uri: str) -> Schema:
    """The shipped schema with this ``$id``; raises :class:`~sockethub.errors.ConfigError` for any other."""
    path = (SCHEMAS / uri.removeprefix(BASE)).resolve()
    if not uri.startswith(BASE) or not path.is_relative_to(SCHEMAS) or not path.is_file():
        raise ConfigError(f"schemas refer to themselves and to the shipped ones; {uri} is neither")
    schema: Schema = json.loads(path.read_bytes())
    return schema


def bundle(schema: Schema, load: Load = shipped) -> Schema:
    """``schema`` with every definition it refers to under its own ``$defs``, and without ``$id``.

    Without an ``$id`` a client may compile the document as often as it likes.
    """
    return _Bundler(schema, load).bundled()


class _Bundler:
    def __init__(self, root: Schema, load: Load) -> None:
        self._root = root
        self._base = root.get("$id", BASE)
        self._documents: dict[str, Schema] = {self._base: root}
        self._load = load
        self._names: dict[str, str] = {}
        self._definitions: Schema = {}

    def bundled(self) -> Schema:
        body = {key: value for key, value in self._root.items() if key not in ("$id", "$defs")}
        bundled = self._rewrite(body, self._base)
        if self._definitions:
            bundled["$defs"] = dict(sorted(self._definitions.items()))
        return dict(bundled)

    def _rewrite(self, node: Any, base: str) -> Any:
        if isinstance(node, list):
            return [self._rewrite(item, base) for item in node]
        if not isinstance(node, dict):
            return node
        rewritten = {key: self._rewrite(value, base) for key, value in node.items() if key != "$ref"}
        if isinstance(reference := node.get("$ref"), str):
            rewritten["$ref"] = self._refer(urljoin(base, reference))
        elif "$ref" in node:
            rewritten["$ref"] = self._rewrite(node["$ref"], base)  # a property that is called $ref
        return rewritten

    def _refer(self, uri: str) -> str:
        document, pointer = urldefrag(uri)
        if not pointer and document == self._base:
            return "#"
        if uri not in self._names:
            name = self._free_name(pointer.rpartition("/")[2] or Path(document).stem)
            self._names[uri] = name
            self._definitions[name] = True  # taken; definitions may refer to each other
            self._definitions[name] = self._rewrite(self._find(document, pointer), document)
        return f"#/$defs/{self._names[uri]}"

    def _free_name(self, wanted: str) -> str:
        name, number = wanted, 2
        while name in self._definitions:
            name, number = f"{wanted}{number}", number + 1
        return name

    def _find(self, document: str, pointer: str) -> Any:
        if document not in self._documents:
            self._documents[document] = self._load(document)
        found: Any = self._documents[document]
        for step in pointer.split("/")[1:]:
            found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        if found is None:
            raise ConfigError(f"no schema at {document}#{pointer}")
        if isinstance(found, dict):
            return {key: value for key, value in found.items() if key not in ("$id", "$schema")}
        return found
