"""The actors and rooms a client has introduced (``activity-object``), which it may then name by their id alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from sockethub.errors import MalformedMessage

OBJECTS: Final = 1_000
"""Objects one session may have introduced; the one introduced longest ago is forgotten first."""

ID_CHARACTERS: Final = 2_048


class KnownObjects(OrderedDict[str, Mapping[str, Any]]):
    """Objects by id, oldest first."""

    def introduce(self, raw: Any) -> None:
        """Remember ``raw``; raises :class:`~sockethub.errors.MalformedMessage` when it is no object with an id."""
        if not isinstance(raw, Mapping):
            raise MalformedMessage("an activity-object is an object with an id and a type")
        for member in ("id", "type"):
            if not isinstance(raw.get(member), str) or not raw[member]:
                raise MalformedMessage(f"/{member}: must be a string that is not empty")
        if len(raw["id"]) > ID_CHARACTERS:
            raise MalformedMessage(f"/id: must NOT have more than {ID_CHARACTERS} characters")
        self.pop(raw["id"], None)
        self[raw["id"]] = dict(raw)
        while len(self) > OBJECTS:
            self.popitem(last=False)
