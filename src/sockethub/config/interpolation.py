"""``${env:NAME}`` and ``${file:PATH}`` in text: how secrets get in without being written down.

A file's path is relative to the declaration; a line end at its end is dropped. ``$${`` stands for ``${`` itself. What
is filled in is text, also when it looks like a number, is not looked through again, and is never shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Final

from sockethub.config.node import Node, Path
from sockethub.config.problems import Problem

MAX_FILE_BYTES: Final = 65_536
"""Size of a file that is filled in: a key, a password, a URL."""

_REFERENCE: Final = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")


@dataclass
class Interpolation:
    """Fills in references and collects what is wrong with them."""

    folder: FilePath
    environ: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def filled(self, node: Node, path: Path = ()) -> Node:
        """``node`` with every reference in its text filled in; one that cannot be stays as it is."""
        if isinstance(node.value, dict):
            return replace(node, value={key: self.filled(below, (*path, key)) for key, below in node.value.items()})
        if isinstance(node.value, list):
            return replace(node, value=[self.filled(item, (*path, index)) for index, item in enumerate(node.value)])
        if not isinstance(node.value, str) or "${" not in node.value:
            return node
        try:
            return replace(node, value=_REFERENCE.sub(self._value, node.value))
        except _Unfilled as error:
            self.problems.append(Problem(node.place, path, str(error)))
            return node

    def _value(self, match: re.Match[str]) -> str:
        if match[0] == "$${":
            return "${"
        kind, _, name = (match[1] or "").partition(":")
        if kind == "env" and name:
            return self._variable(name)
        if kind == "file" and name:
            return self._file(name)
        raise _Unfilled("write ${env:NAME} or ${file:PATH}, or $${ for a plain ${")

    def _variable(self, name: str) -> str:
        try:
            return self.environ[name]
        except KeyError:
            raise _Unfilled(f"the environment variable {name} is not set") from None

    def _file(self, name: str) -> str:
        path = self.folder / name
        try:
            with path.open("rb") as file:
                raw = file.read(MAX_FILE_BYTES + 1)
            if len(raw) > MAX_FILE_BYTES:
                raise _Unfilled(f"the file {path} is larger than {MAX_FILE_BYTES} bytes")
            return raw.decode("utf-8").rstrip("\r\n")
        except OSError as error:
            raise _Unfilled(f"the file {path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise _Unfilled(f"the file {path} is not UTF-8 text") from None
        except ValueError:  # A path with a NUL in it.
            raise _Unfilled("the path of the file is not one") from None


class _Unfilled(Exception):
    """A reference cannot be filled in; the text says why."""
