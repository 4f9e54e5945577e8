"""The declared platforms as the gateway sees them: verbs, schemas compiled once, whether they want credentials."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sockethub.activity.bundle import Schema, bundle
from sockethub.activity.validation import SchemaValidator
from sockethub.config.models import Declaration
from sockethub.config.platform import Platform
from sockethub.config.resources import find_schema
from sockethub.errors import ConfigError, UnknownPlatform, UnsupportedVerb

CREDENTIALS: Final = "credentials"
"""The type of the activity that carries credentials, in every platform."""


@dataclass(frozen=True, slots=True)
class PlatformInfo:
    """One platform. ``credentials_schema`` is None where clients need none.

    ``secrets`` names the members of credentials that make them somebody's own: those its schema calls ``writeOnly``.
    """

    id: str
    declared: Platform
    messages_schema: Schema
    credentials_schema: Schema | None
    messages: SchemaValidator
    credentials: SchemaValidator | None
    secrets: frozenset[str]

    @property
    def stateless(self) -> bool:
        return self.declared.mode == "stateless"

    def require_verb(self, verb: str) -> None:
        """Raises :class:`~sockethub.errors.UnsupportedVerb` for a verb that is not declared."""
        if verb not in self.declared.verbs:
            known = ", ".join(self.declared.verbs)
            raise UnsupportedVerb(f"platform type {verb[:60]} not supported by {self.id} platform. (types: {known})")


class Platforms:
    """All declared platforms by id."""

    def __init__(self, declaration: Declaration, folder: Path) -> None:
        """``folder`` is where relative paths of schemas start. Raises :class:`~sockethub.errors.ConfigError`."""
        self._known: dict[str, PlatformInfo] = {}
        self._platforms: dict[str, PlatformInfo] = {}
        self.replace(declaration, folder)

    def replace(self, declaration: Declaration, folder: Path) -> None:
        """From now on these are declared. Raises :class:`~sockethub.errors.ConfigError`, and changes nothing then."""
        self._platforms = {name: _info(name, declared, folder) for name, declared in declaration.platforms.items()}
        self._known |= self._platforms

    def __iter__(self) -> Any:
        return iter(self._platforms.values())

    def __contains__(self, platform: object) -> bool:
        return platform in self._platforms

    def known(self, platform: str) -> PlatformInfo:
        """A platform that is declared, or was before: what is under way for it goes on."""
        return self._known[platform]

    def get(self, platform: str) -> PlatformInfo:
        """The platform; raises :class:`~sockethub.errors.UnknownPlatform`."""
        try:
            return self._platforms[platform]
        except KeyError:
            raise UnknownPlatform(
                f"platform {platform[:60]} resolved from @context is not enabled in this Sockethub instance. "
                f"(platforms: {', '.join(self._platforms)})"
            ) from None


def _info(name: str, declared: Platform, folder: Path) -> PlatformInfo:
    messages = _load(declared.schemas.messages, folder)
    credentials = _load(declared.schemas.credentials, folder) if declared.schemas.credentials else None
    return PlatformInfo(
        name,
        declared,
        messages,
        credentials,
        SchemaValidator(name, messages),
        SchemaValidator(name, credentials) if credentials is not None else None,
        frozenset(_write_only(credentials)),
    )


def _write_only(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for part in schema:
            yield from _write_only(part)
    elif isinstance(schema, Mapping):
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            yield from (name for name, one in properties.items() if isinstance(one, Mapping) and one.get("writeOnly"))
        for part in schema.values():
            yield from _write_only(part)


def _load(name: str, folder: Path) -> Schema:
    file = find_schema(name, folder)
    if file is None:
        raise ConfigError(f"schema {name}: no such file")
    loaded: Mapping[str, Any] = json.loads(file.read_bytes())
    return bundle(dict(loaded))
