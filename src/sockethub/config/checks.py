"""What no single setting shows: settings against each other, against the schemas and against the files they name."""

from __future__ import annotations

import ipaddress
import json
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import jsonschema_rs

from sockethub import certificate
from sockethub.auth import jwks
from sockethub.config.models import Declaration, KeySource
from sockethub.config.node import Node, Path, key_of, place_of
from sockethub.config.platform import Platform
from sockethub.config.problems import Problem, suggestion
from sockethub.config.resources import SCHEMAS, find_schema
from sockethub.config.schema import DIALECT, ID
from sockethub.config.verbs import accepted_types
from sockethub.config.words import words
from sockethub.crypto import MasterKey
from sockethub.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Checks:
    """Looks at a declaration that is valid by its models. ``tree`` is what it was made from, ``folder`` its folder."""

    declaration: Declaration
    tree: Node
    folder: FilePath

    def problems(self) -> Iterator[Problem]:
        yield from self._exposure()
        yield from self._authentication()
        yield from self._tls()
        yield from self._keys()
        for name, platform in self.declaration.platforms.items():
            yield from self._schemas(("platforms", name), platform)

    def _exposure(self) -> Iterator[Problem]:
        """Who serves others than this machine has decided to whom, and what they may reach."""
        gateway = self.declaration.gateway
        if is_loopback(gateway.host) and not gateway.trusted_proxies:
            return
        if is_loopback(gateway.host):
            steps, whose = ("gateway", "trusted_proxies"), "others than this machine can connect by a proxy"
        else:
            steps, whose = ("gateway", "host"), "others than this machine can connect here"
        if "origins" not in gateway.model_fields_set:
            yield self._problem(
                steps,
                f"{whose}, so decide which pages may: set `origins` in this section, "
                "to [] for the gateway's own page and programs alone, or to a list such as [https://chat.example]",
            )
        if "authentication" not in gateway.model_fields_set:
            yield self._problem(
                steps,
                f"{whose}, so decide who may: set `authentication` in this section, "
                "to what clients must show, or to `none` for everybody",
            )
        for name, platform in self.declaration.platforms.items():
            if platform.policy.private_addresses:
                yield self._problem(
                    ("platforms", name, "policy", "private_addresses"),
                    f"{whose}, and this would let them reach this machine and its network: leave it out, or name "
                    "what they may reach in `allowed_addresses`, such as [10.1.0.0/16]",
                )

    def _authentication(self) -> Iterator[Problem]:
        asked = self.declaration.gateway.authentication
        if asked is not None and asked.jwt is not None:
            try:
                jwks.read(self.folder / asked.jwt.jwks_file, asked.jwt.algorithms)
            except ConfigError as error:
                yield self._problem(("gateway", "authentication", "jwt", "jwks_file"), str(error))

    def _tls(self) -> Iterator[Problem]:
        declared = self.declaration.gateway.tls
        if declared is None:
            return
        files = self.folder / declared.certificate, self.folder / declared.key
        try:
            certificate.context(*files, declared.minimum_version)
        except ConfigError as error:
            yield self._problem(("gateway", "tls"), str(error))

    def _keys(self) -> Iterator[Problem]:
        keys = self.declaration.keys
        yield from self._key(("keys",), keys)
        for index, previous in enumerate(keys.previous):
            yield from self._key(("keys", "previous", index), previous)

    def _key(self, path: Path, source: KeySource) -> Iterator[Problem]:
        if source.master is not None:
            try:
                MasterKey.parse(source.master.reveal(), source="")
            except ConfigError:
                text = "must be 32 bytes in base64; `head -c 32 /dev/urandom | base64` makes a new key"
                yield self._problem((*path, "master"), text)
        if source.file is not None:
            file = self.folder / source.file
            if file.is_file() and stat.S_IMODE(file.stat().st_mode) & 0o077:
                yield self._problem((*path, "file"), f"others can read {file}; run: chmod 600 {file}")

    def _schemas(self, path: Path, platform: Platform) -> Iterator[Problem]:
        found: dict[str, Any] = {}
        for kind, name in platform.schemas.model_dump(exclude_none=True).items():
            try:
                found[kind] = load_schema(name, self.folder)
            except ConfigError as error:
                yield self._problem((*path, "schemas", kind), str(error))
        if "messages" in found:
            yield from self._verbs((*path, "verbs"), platform, found["messages"])
        if "options" in found:
            yield from self._options((*path, "options"), platform.options, found["options"])
            yield from self._by_verb((*path, "options"), platform, found["options"])
        elif platform.options and platform.schemas.options is None:
            text = "this platform has no options; if it has, name their schema in `schemas.options`"
            yield self._problem((*path, "options"), text)

    def _verbs(self, path: Path, platform: Platform, messages: Any) -> Iterator[Problem]:
        accepted = accepted_types(messages)
        for index, verb in enumerate(platform.verbs):
            if accepted is not None and verb not in accepted:
                text = f"{platform.schemas.messages} accepts no such type; it accepts "
                yield self._problem((*path, index), text + (", ".join(sorted(accepted)) or "none"))

    def _options(self, section: Path, options: dict[str, Any], schema: Any) -> Iterator[Problem]:
        for error in validator(schema).iter_errors(options):
            at: Path = (*section, *error.instance_path)
            kind: Any = error.kind  # Its classes have members of their own, which the stubs leave out.
            keyword: Any = _walk(schema, error.schema_path[:-1])
            if kind.name == "additionalProperties":
                known = list(keyword.get("properties", ()))
                for key in kind.unexpected:
                    path = (*at, key)
                    yield Problem(key_of(path, self.tree), path, f"unknown key; {suggestion(key, known)}")
            elif kind.name == "required":
                yield self._problem((*at, kind.property), "required, but missing")
            else:
                description = keyword.get("description") if isinstance(keyword, Mapping) else None
                expected = words(keyword) if isinstance(keyword, Mapping) else "absent"
                yield self._problem(at, f"must be {expected}" + (f". {description}" if description else ""))

    def _by_verb(self, path: Path, platform: Platform, schema: Any) -> Iterator[Problem]:
        """An option whose schema says ``"x-keys": "verbs"`` has a key for each of the platform's verbs."""
        for name, keyword in schema.get("properties", {}).items():
            given = platform.options.get(name)
            if not isinstance(given, Mapping) or not isinstance(keyword, Mapping) or keyword.get("x-keys") != "verbs":
                continue
            for verb in given:
                if verb not in platform.verbs:
                    here = (*path, name, verb)
                    yield Problem(key_of(here, self.tree), here, "must be one of this platform's `verbs`")
            for verb in platform.verbs:
                if verb not in given:
                    yield self._problem((*path, name), f"must have a key for the verb `{verb}`")

    def _problem(self, path: Path, text: str) -> Problem:
        return Problem(place_of(path, self.tree), path, text)


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def load_schema(name: str, folder: FilePath) -> Any:
    """The JSON Schema a path means; the text of its :class:`~sockethub.errors.ConfigError` says what is wrong."""
    file = find_schema(name, folder)
    if file is None:
        raise ConfigError(f"no such file, neither in {folder} nor in {SCHEMAS}")
    try:
        schema = json.loads(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{file} is not JSON") from None
    if not isinstance(schema, dict) or schema.get("$schema", DIALECT) != DIALECT:
        raise ConfigError(f"{file} is not a JSON Schema of {DIALECT}")
    try:
        validator(schema)
    except jsonschema_rs.ValidationError as error:
        where = "/".join(map(str, error.instance_path))
        raise ConfigError(f"{file} is not a valid JSON Schema (at /{where}): {error.message}") from None
    return schema


def validator(schema: Any) -> jsonschema_rs.Draft202012Validator:
    """A validator that reaches no network and shows no value; schemas refer to the shipped ones by their ``$id``."""
    return jsonschema_rs.Draft202012Validator(schema, retriever=_shipped, mask="the value")


def _shipped(uri: str) -> Any:
    path, prefix = uri.partition("#")[0], ID.removesuffix("config.json")
    if not path.startswith(prefix):
        raise ValueError("schemas refer to themselves and to the shipped ones, to nothing else")
    return json.loads((SCHEMAS / path.removeprefix(prefix)).read_bytes())


def _walk(schema: Any, path: list[str | int]) -> Any:
    for step in path:
        schema = schema[step]
    return schema
