"""Which activity types a messages schema accepts, read off the schema itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

MAX_DEPTH: Final = 16
"""How far references and combinations are followed; a schema that refers to itself says nothing more by then."""


def accepted_types(schema: Any) -> frozenset[str] | None:
    """The values ``type`` may have; None when the schema leaves that open.

    Follows ``properties/type``, ``const``, ``enum``, ``allOf``, ``anyOf``, ``oneOf``, ``if``/``then``/``else`` and
    references within the schema.
    """
    return _types(schema, schema, 0)


def _types(schema: Any, root: Any, depth: int) -> frozenset[str] | None:
    if schema is False:
        return frozenset()
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return None
    found = [_values(schema.get("properties", {}).get("type"), root, depth)]
    if isinstance(reference := schema.get("$ref"), str):
        found.append(_types(_referred(reference, root), root, depth + 1))
    found += [_types(part, root, depth + 1) for part in schema.get("allOf", ())]
    for either in ("anyOf", "oneOf"):
        if either in schema:
            found.append(_union(_types(part, root, depth + 1) for part in schema[either]))
    if "if" in schema and "else" in schema:
        then = _types({"allOf": [schema["if"], schema.get("then", True)]}, root, depth + 1)
        found.append(_union([then, _types(schema["else"], root, depth + 1)]))
    limits = [types for types in found if types is not None]
    return frozenset.intersection(*limits) if limits else None


def _values(schema: Any, root: Any, depth: int) -> frozenset[str] | None:
    """The strings a schema of ``type`` itself allows."""
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return None
    if isinstance(schema.get("const"), str):
        return frozenset({schema["const"]})
    if isinstance(schema.get("enum"), list):
        return frozenset(value for value in schema["enum"] if isinstance(value, str))
    if isinstance(reference := schema.get("$ref"), str):
        return _values(_referred(reference, root), root, depth + 1)
    for either in ("anyOf", "oneOf"):
        if either in schema:
            return _union(_values(part, root, depth + 1) for part in schema[either])
    return None


def _union(parts: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    together: frozenset[str] = frozenset()
    for part in parts:
        if part is None:
            return None
        together |= part
    return together


def _referred(reference: str, root: Any) -> Any:
    """What a local JSON pointer (RFC 6901) names; None for anything else."""
    if not reference.startswith("#"):
        return None
    target = root
    for step in reference.removeprefix("#").split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        target = target.get(step) if isinstance(target, Mapping) else None
    return target
