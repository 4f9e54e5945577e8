"""The actors and rooms a client has introduced (``activity-object``), which it may then name by their id alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from sockethub.errors import MalformedMessage

OBJECTS: Final = 1_000
"""Objects one session may have introduced; the one introduced longest ago is forgotten first."""

ID_CHARACTERS: Final = 2_048

OBJECT_BYTES: Final = 16_384
"""One of them, as JSON; an actor with a name has a hundred."""

TOTAL_BYTES: Final = 262_144
"""All of them, as JSON: a thousand of 256 bytes. In memory it may be thirty times as much."""


class KnownObjects(OrderedDict[str, Mapping[str, Any]]):
    """Objects by id, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self._sizes: dict[str, int] = {}
        self._bytes = 0

    def introduce(self, raw: Any, size: int) -> None:
        """Remember ``raw``, of ``size`` bytes.

        Raises :class:`~sockethub.errors.MalformedMessage` when it is no object with an id, or too large to be kept.
        """
        if not isinstance(raw, Mapping):
            raise MalformedMessage("an activity-object is an object with an id and a type")
        for member in ("id", "type"):
            if not isinstance(raw.get(member), str) or not raw[member]:
                raise MalformedMessage(f"/{member}: must be a string that is not empty")
        if len(raw["id"]) > ID_CHARACTERS:
            raise MalformedMessage(f"/id: must NOT have more than {ID_CHARACTERS} characters")
        if size > OBJECT_BYTES:
            raise MalformedMessage(f"an activity-object may have {OBJECT_BYTES} bytes, this one has {size}")
        self._forget(raw["id"])
        self[raw["id"]] = dict(raw)
        self._sizes[raw["id"]] = size
        self._bytes += size
        while len(self) > OBJECTS or self._bytes > TOTAL_BYTES:
            self._forget(next(iter(self)))

    def _forget(self, identifier: str) -> None:
        if self.pop(identifier, None) is not None:
            self._bytes -= self._sizes.pop(identifier)
