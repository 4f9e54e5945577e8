"""From an activity to a URL and a body: ``{/object/content}`` stands for what a JSON Pointer finds there. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import orjson

from sockethub.errors import PlatformError
from sockethub.platforms.http.pointers import MISSING, read

_PLACEHOLDER: Final = re.compile(r"\{(/[^{}\s]*)\}")


def url(template: str, activity: Mapping[str, Any]) -> str:
    """``template`` filled in, each value percent-encoded so that it stays one segment, or one value of a query.

    Raises :class:`~sockethub.errors.PlatformError`, condition ``bad-request``.
    """
    return _PLACEHOLDER.sub(lambda found: _segment(found[1], activity), template)


def body(template: Any, activity: Mapping[str, Any]) -> Any:
    """``template`` (JSON) filled in: text that is one placeholder becomes the value itself, of any type.

    A member whose value is a placeholder for nothing is left out. Raises as :func:`url`.
    """
    if isinstance(template, str):
        return _value(template, activity)
    if isinstance(template, Mapping):
        filled = {name: body(value, activity) for name, value in template.items()}
        return {name: value for name, value in filled.items() if value is not MISSING}
    if isinstance(template, list):
        return [value for value in (body(each, activity) for each in template) if value is not MISSING]
    return template


def _value(template: str, activity: Mapping[str, Any]) -> Any:
    if whole := _PLACEHOLDER.fullmatch(template):
        return read(activity, whole[1])
    return _PLACEHOLDER.sub(lambda found: _text(found[1], activity), template)


def _segment(pointer: str, activity: Mapping[str, Any]) -> str:
    value = _text(pointer, activity)
    # Encoded or not, servers take these for "here" and "above", and nothing for no segment at all.
    if value in ("", ".", ".."):
        raise PlatformError(f"{pointer}: must be text that can stand in a URL", condition="bad-request")
    return quote(value.encode("utf-8", "replace"), safe="")


def _text(pointer: str, activity: Mapping[str, Any]) -> str:
    value = read(activity, pointer)
    if value is MISSING or value is None:
        raise PlatformError(f"{pointer}: required, but missing", condition="bad-request")
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return orjson.dumps(value).decode()
    raise PlatformError(f"{pointer}: must be text or a number", condition="bad-request")
