"""What a rule looks at, and what it says when it is broken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sockethub.activity.platforms import PlatformInfo, Platforms
from sockethub.config.loader import declare
from sockethub.config.models import Declaration
from sockethub.config.node import Place, planted
from sockethub.errors import ConfigError
from sockethub.worker.interface import Activity, PersistentPlatform, Platform, StatelessPlatform
from sockethub.worker.runtime import load_driver


class Nonconformance(AssertionError):
    """A rule is broken; the text says by what."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule = rule


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A platform, and what can be done with it where the tests run.

    ``stanza`` is as under ``platforms`` in the declaration, for the platform ``name``; with ``use`` it takes the rest
    from the installed package. ``examples`` are performed in this order, again and again, and must succeed;
    ``refused`` must end with a documented error; ``documented`` are only held against the schema. ``credentials`` is
    what clients of a persistent platform send, ``wrong_credentials`` what its service refuses.
    """

    name: str
    stanza: Mapping[str, Any]
    examples: Sequence[Activity]
    refused: Sequence[Activity] = ()
    documented: Sequence[Activity] = ()
    credentials: Activity | None = field(default=None, repr=False)
    wrong_credentials: Activity | None = field(default=None, repr=False)
    folder: Path = field(default_factory=Path.cwd)
    """Where relative paths of schemas begin."""
    flood: int = 100
    """Commands given one after the other to see whether memory grows."""
    patience_seconds: float = 10.0
    """How long it may take to notice that a connection is lost, and to make another."""

    @cached_property
    def declaration(self) -> Declaration:
        """With this platform alone; raises :class:`Nonconformance` where it cannot be used."""
        place = Place(f"stanza of {self.name}")
        try:
            return declare(planted({"platforms": {self.name: dict(self.stanza)}}, place), self.folder, {})
        except ConfigError as error:
            raise Nonconformance("declaration", str(error)) from None

    @cached_property
    def info(self) -> PlatformInfo:
        """Verbs and schemas, as the gateway sees them."""
        return Platforms(self.declaration, self.folder).get(self.name)

    @cached_property
    def driver(self) -> type[Platform]:
        """The platform's class; raises :class:`Nonconformance` where it is none for its mode."""
        declared = self.info.declared
        base = PersistentPlatform if declared.mode == "persistent" else StatelessPlatform
        try:
            found = load_driver(declared.driver)
        except (ImportError, AttributeError) as error:
            raise Nonconformance("declaration", f"driver {declared.driver} cannot be imported: {error}") from None
        if not (isinstance(found, type) and issubclass(found, base)):
            text = f"driver {declared.driver} is no {base.__name__}, as `mode: {declared.mode}` demands"
            raise Nonconformance("declaration", text)
        return found

    @property
    def persistent(self) -> bool:
        return self.info.declared.mode == "persistent"

    def connect_command(self) -> Activity:
        """What a client sends to connect; where there are no credentials, the actor is the first example's."""
        said = self.credentials or self.examples[0]
        return {"context": self.name, "type": "connect", "actor": said["actor"]}


Rule = Callable[[Subject], None]
