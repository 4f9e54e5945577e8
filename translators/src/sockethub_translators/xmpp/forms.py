"""Data forms (XEP-0004) as JSON, exactly, and as the typed values that people look at (XEP-0045 §15.5).

A form is ``{"type": "form" | "submit" | "cancel" | "result", "title"?, "instructions"?: […], "fields": […]}``, a field
``{"var"?, "type"?, "label"?, "desc"?, "required"?: true, "values": […], "options"?: [{"label"?, "value"}]}``; tables
have ``"reported"`` (fields) and ``"items"`` (lists of fields).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ..errors import TranslationError
from . import ns
from .element import Element, element, whole
from .fields import flag, items, legal, optional_text, text

__all__ = ["FORM", "field", "form_type", "read_form", "submission", "typed", "values_of", "write_form"]

FORM: Final = ns.tag(ns.DATA, "x")
_FIELD: Final = ns.tag(ns.DATA, "field")
_VALUE: Final = ns.tag(ns.DATA, "value")
_OPTION: Final = ns.tag(ns.DATA, "option")
_TITLE: Final = ns.tag(ns.DATA, "title")
_INSTRUCTIONS: Final = ns.tag(ns.DATA, "instructions")
_REPORTED: Final = ns.tag(ns.DATA, "reported")
_ITEM: Final = ns.tag(ns.DATA, "item")
_DESC: Final = ns.tag(ns.DATA, "desc")
_REQUIRED: Final = ns.tag(ns.DATA, "required")

_TRUE: Final = frozenset({"1", "true"})
_FALSE: Final = frozenset({"0", "false"})
_LISTS: Final = frozenset({"list-multi", "jid-multi", "text-multi"})


def _present(**members: Any) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value is not None and value != []}


def read_form(x: Element) -> dict[str, Any]:
    """A form as JSON."""
    reported = x.find(_REPORTED)
    return {
        **_present(
            type=x.attrs.get("type"),
            title=x.text_of(_TITLE),
            instructions=[each.text for each in x.find_all(_INSTRUCTIONS)],
        ),
        "fields": [_read_field(each) for each in x.find_all(_FIELD)],
        **_present(
            reported=None if reported is None else [_read_field(each) for each in reported.find_all(_FIELD)],
            items=[[_read_field(each) for each in row.find_all(_FIELD)] for row in x.find_all(_ITEM)],
        ),
    }


def _read_field(one: Element) -> dict[str, Any]:
    options = [
        {**_present(label=each.attrs.get("label")), "value": each.text_of(_VALUE) or ""}
        for each in one.find_all(_OPTION)
    ]
    return {
        **_present(var=one.attrs.get("var"), type=one.attrs.get("type"), label=one.attrs.get("label")),
        **_present(desc=one.text_of(_DESC), required=True if one.find(_REQUIRED) is not None else None),
        "values": [each.text for each in one.find_all(_VALUE)],
        **_present(options=options),
    }


def write_form(form: Any, path: str) -> Element:
    """The form of its JSON; raises :class:`TranslationError` with the place."""
    if not isinstance(form, dict):
        raise TranslationError(path, "not a form")
    title = optional_text(form, "title", path)
    instructions = [element(_INSTRUCTIONS, None, each) for each in _texts(form, "instructions", path)]
    fields = [_write_field(each, f"{path}.fields") for each in items(form, "fields", path)]
    parts: list[Element | None] = [None if title is None else element(_TITLE, None, title), *instructions]
    if form.get("reported") is not None:
        rows = [_write_field(each, f"{path}.reported") for each in items(form, "reported", path)]
        parts.append(element(_REPORTED, None, *rows))
    given = form.get("items", [])
    if not isinstance(given, list):
        raise TranslationError(f"{path}.items", "not a list")
    tables = [
        element(_ITEM, None, *(_write_field(each, f"{path}.items") for each in items({"row": row}, "row", path)))
        for row in given
    ]
    return element(FORM, {"type": optional_text(form, "type", path)}, *parts, *fields, *tables)


def _write_field(one: dict[str, Any], path: str) -> Element:
    attrs = {key: optional_text(one, key, path) for key in ("var", "type", "label")}
    desc = optional_text(one, "desc", path)
    options = [
        element(
            _OPTION,
            {"label": optional_text(each, "label", f"{path}.options")},
            element(_VALUE, None, text(each, "value", f"{path}.options")),
        )
        for each in items(one, "options", path)
    ]
    return element(
        _FIELD,
        attrs,
        None if desc is None else element(_DESC, None, desc),
        Element(_REQUIRED, {}) if flag(one, "required") else None,
        *(element(_VALUE, None, each) for each in _texts(one, "values", path)),
        *options,
    )


def _texts(container: dict[str, Any], key: str, path: str) -> list[str]:
    value = container.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TranslationError(f"{path}.{key}", "not a list of strings")
    return [legal(item, f"{path}.{key}") for item in value]


# --- By name and value ------------------------------------------------------------------------------------------------


def field(var: str, *values: str, kind: str | None = None) -> Element:
    """A field of a form that is submitted."""
    return element(_FIELD, {"var": var, "type": kind}, *(element(_VALUE, None, value) for value in values))


def submission(form_type_: str, *fields: Element) -> Element:
    """A submitted form of this FORM_TYPE (XEP-0068)."""
    return element(FORM, {"type": "submit"}, field("FORM_TYPE", form_type_, kind="hidden"), *fields)


def values_of(x: Element) -> dict[str, list[str]]:
    """The values of each field, by ``var``."""
    fields = ((each.attrs.get("var"), each) for each in x.find_all(_FIELD))
    return {var: [value.text for value in each.find_all(_VALUE)] for var, each in fields if var is not None}


def form_type(form: dict[str, Any]) -> str | None:
    """FORM_TYPE of a form as JSON (XEP-0068)."""
    for each in form["fields"]:
        if each.get("var") == "FORM_TYPE" and each["values"]:
            found: str = each["values"][0]
            return found
    return None


def typed(one: dict[str, Any]) -> Any:
    """The value of a field as people would say it: a number, a truth value, a list, a text; None without."""
    kind, values = one.get("type", "text-single"), one["values"]
    if kind in _LISTS:
        return list(values)
    if not values:
        return None
    value = values[0] if len(values) == 1 else "\n".join(values)
    if kind == "boolean":
        return True if value in _TRUE else False if value in _FALSE else value
    number = whole(value) if kind == "text-single" else None
    return number if number is not None and str(number) == value else value


def named(fields: Iterable[dict[str, Any]], prefix: str) -> dict[str, Any]:
    """``{name: {"type", "label"?, "value"}}`` of the fields whose ``var`` begins with ``prefix``, without it."""
    return {
        each["var"][len(prefix) :]: {
            "type": each.get("type", "text-single"),
            **_present(label=each.get("label")),
            "value": typed(each),
        }
        for each in fields
        if each.get("var", "").startswith(prefix) and len(each["var"]) > len(prefix)
    }
