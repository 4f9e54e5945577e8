"""Is an activity what its schema says? jsonschema-rs gives the verdict, jsonschema the words when it is no.

Both read the same document; tests hold their verdicts against each other. The words name members and what was
expected, never a value: it may be a secret. Finding them takes some 0.2 ms for each value (jsonschema-rs is no faster
when it is asked for more than a verdict), so they are looked for in a bounded number of values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import jsonschema
import jsonschema_rs
from jsonschema.exceptions import ValidationError, relevance

from sockethub import jsontext
from sockethub.errors import ValidationFailed

NAMES_SHOWN: Final = 20
"""Names (of members, of allowed values) in an error text; more are counted."""

NAME_CHARACTERS: Final = 60
EXPLAINED: Final = 64
"""Values of an activity that is explained as it is. One has a dozen or two; words for these take 10 to 20 ms."""

SAMPLES: Final = (17, 4)
"""Items of each list that are looked at for words when there are more values than that: as many as stay below it. The
first is one more than a message may have attachments."""

_ALTERNATIVES: Final = ("anyOf", "oneOf")


class SchemaValidator:
    """One compiled schema of one platform. ``schema`` is self-contained (:func:`~sockethub.activity.bundle.bundle`)."""

    def __init__(self, platform: str, schema: dict[str, Any]) -> None:
        self._platform = platform
        self._fast = jsonschema_rs.Draft202012Validator(schema)
        self._slow = jsonschema.Draft202012Validator(schema)
        self._names = frozenset(_names(schema))

    def check(self, activity: Any) -> None:
        """Raises :class:`~sockethub.errors.ValidationFailed` with the place and the expectation."""
        if not self._fast.is_valid(activity):
            raise self.explain(activity)

    def explain(self, activity: Any) -> ValidationFailed:
        """What is wrong, in words; of a large activity what is wrong with a part of it, where that says it."""
        if jsontext.more_values_than(activity, EXPLAINED):
            samples = (_sample(activity, self._names, items) for items in SAMPLES)
            activity = next(filter(self._tells, samples), None)
            if activity is None:
                return ValidationFailed(
                    self._platform, "", "does not match the schema of this platform, and is too large to say where"
                )
        error = _most_telling(self._slow.iter_errors(activity))
        if error is None:  # the verdicts differ; the strict one counts
            return ValidationFailed(self._platform, "", "does not match the schema of this platform")
        return ValidationFailed(self._platform, _pointer(error), _expectation(error))

    def _tells(self, sample: Any) -> bool:
        return not jsontext.more_values_than(sample, EXPLAINED) and not self._fast.is_valid(sample)


def _names(schema: Any) -> Iterator[str]:
    """The members that a schema speaks of."""
    if isinstance(schema, Mapping):
        for keyword, value in schema.items():
            if keyword in ("properties", "required"):
                yield from (name for name in value if isinstance(name, str))
            yield from _names(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _names(value)


def _sample(value: Any, names: frozenset[str], items: int) -> Any:
    """``value`` with the first items of its lists alone, and few of the members that no schema speaks of."""
    if isinstance(value, list):
        return [_sample(item, names, items) for item in value[:items]]
    if isinstance(value, dict):
        unknown = set(islice((name for name in value if name not in names), NAMES_SHOWN))
        return {name: _sample(value[name], names, items) for name in value if name in names or name in unknown}
    return value


def _most_telling(errors: Iterable[ValidationError]) -> ValidationError | None:
    best = max(errors, key=relevance, default=None)
    while best is not None and best.validator in _ALTERNATIVES and (closer := _in_branch(best)) is not None:
        best = closer
    return best


def _in_branch(error: ValidationError) -> ValidationError | None:
    """The most telling error of the alternative that was meant; None when the choice itself is what to talk about.

    Meant is the alternative whose ``type`` fits; where none speaks of a type, the one with the fewest errors.
    """
    branches: dict[Any, list[ValidationError]] = {}
    for cause in error.context or ():
        branches.setdefault(cause.schema_path[0], []).append(cause)
    meant = [causes for causes in branches.values() if not any(map(_of_another_type, causes))]
    if not meant or (len(meant) > 1 and all(_lacks_a_member(cause) for causes in meant for cause in causes)):
        return None
    nearest = min(meant, key=lambda causes: len(causes))
    return max(nearest, key=relevance)


def _of_another_type(cause: ValidationError) -> bool:
    return list(cause.relative_path) == ["type"] and cause.validator in ("const", "enum")


def _lacks_a_member(cause: ValidationError) -> bool:
    return cause.validator == "required" and not cause.relative_path


def _pointer(error: ValidationError) -> str:
    steps = list(error.absolute_path)
    if error.validator in _ALTERNATIVES and _offers_types(error):
        steps.append("type")
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _expectation(error: ValidationError) -> str:
    value: Any = error.validator_value
    instance: Any = error.instance
    match error.validator:
        case "required":
            missing = [name for name in value if name not in instance]
            return f"must have required property {_quoted(missing)}"
        case "additionalProperties" | "unevaluatedProperties":
            return f"must NOT have additional properties: {_listed(_unexpected(error))}"
        case "enum":
            return f"must be one of: {_listed(value)}"
        case "const":
            return f"must be {_listed([value])}"
        case "type":
            return f"must be {' or '.join(value) if isinstance(value, list) else value}"
        case "pattern":
            return f"must be {_described(error.schema) or f'text that matches {value}'}"
        case "anyOf" | "oneOf":
            types = _offers_types(error)
            if types:
                return f"must be one of: {_listed(types)}"
            return f"must have {_alternatives(error)}"
    limit = _LIMITS.get(str(error.validator))
    return limit.format(value) if limit else f"must satisfy `{error.validator}`"


_LIMITS: Final = {
    "minLength": "must NOT have fewer than {} characters",
    "maxLength": "must NOT have more than {} characters",
    "minItems": "must NOT have fewer than {} items",
    "maxItems": "must NOT have more than {} items",
    "minProperties": "must NOT have fewer than {} properties",
    "maxProperties": "must NOT have more than {} properties",
    "minimum": "must be >= {}",
    "maximum": "must be <= {}",
    "uniqueItems": "must NOT have the same item twice",
    "not": "must not be present together with what is there",
    "false schema": "must not be present",
}


def _unexpected(error: ValidationError) -> list[str]:
    schema: Any = error.schema
    instance: Any = error.instance
    known = set(schema.get("properties", {}))
    patterns = list(schema.get("patternProperties", {}))
    return [name for name in instance if name not in known and not any(re.search(p, name) for p in patterns)]


def _offers_types(error: ValidationError) -> list[str]:
    """The values of ``type`` among the alternatives, when each alternative names its own."""
    found: list[str] = []
    alternatives: Any = error.validator_value
    for branch in alternatives:
        kind = branch.get("properties", {}).get("type", {}) if isinstance(branch, Mapping) else {}
        values = [kind["const"]] if "const" in kind else kind.get("enum", [])
        if not values:
            return []
        found += values
    return found


def _alternatives(error: ValidationError) -> str:
    alternatives: Any = error.validator_value
    needed = [_quoted(branch["required"]) for branch in alternatives if _only_required(branch)]
    return " or ".join(needed) if needed else "one of the shapes its schema describes"


def _only_required(branch: Any) -> bool:
    return isinstance(branch, Mapping) and "required" in branch


def _described(schema: Any) -> str | None:
    text = schema.get("title") if isinstance(schema, Mapping) else None
    return text if isinstance(text, str) else None


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{_cut(name)}'" for name in names)


def _listed(values: Iterable[Any]) -> str:
    names = [_cut(str(value)) for value in values]
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more


def _cut(name: str) -> str:
    return name if len(name) <= NAME_CHARACTERS else f"{name[:NAME_CHARACTERS]}…"
