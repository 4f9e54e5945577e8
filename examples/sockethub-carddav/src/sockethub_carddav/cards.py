"""From vCard to items of activities, and back. Pure. A card keeps its version, 3.0 or 4.0; new ones are 3.0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import vobject

from sockethub.errors import PlatformError

TEXT_CHARACTERS: Final = 16 * 1024
"""Of one text that is passed on."""

LISTED: Final = 100
"""Addresses and numbers of one card that are passed on."""

_TEXTS: Final = {"uid": "uid", "name": "fn", "title": "title", "content": "note", "url": "url", "birthday": "bday"}
_LISTS: Final = {"emails": "email", "phones": "tel"}


def items(text: str) -> list[dict[str, Any]]:
    """Contacts of one resource, in truth one; what is no card is left out."""
    card = _card(text)
    return [] if card is None else [{"type": "person", **dict(_members(card))}]


def created(given: Mapping[str, Any], uid: str, now: datetime) -> str:
    """A new card."""
    card = vobject.vCard()
    card.add("uid").value = uid
    _apply(card, given, now)
    return str(card.serialize())


def changed(text: str, given: Mapping[str, Any], now: datetime) -> str:
    """The card with what is given changed; photos, and what we do not know, stay as they are.

    Raises :class:`~sockethub.errors.PlatformError`, condition ``bad-response``.
    """
    card = _card(text)
    if card is None:
        raise PlatformError("what is stored there is no vCard", condition="bad-response")
    _apply(card, given, now)
    return str(card.serialize(validate=False))


def _card(text: str) -> Any:
    try:
        found = vobject.readOne(text)
    except (vobject.base.VObjectError, StopIteration, ValueError):
        return None
    return found if found is not None and found.name == "VCARD" else None


def _members(card: Any) -> Iterator[tuple[str, Any]]:
    for member, name in _TEXTS.items():
        if (value := _text(card, name)) != "":
            yield member, value
    if hasattr(card, "n"):
        for member, part in (("givenName", card.n.value.given), ("familyName", card.n.value.family)):
            if words := _joined(part):
                yield member, words
    if hasattr(card, "org"):
        yield "organization", _joined(card.org.value)
    for member, name in _LISTS.items():
        if found := [_entry(each) for each in card.contents.get(name, ())[:LISTED]]:
            yield member, found


def _text(card: Any, name: str) -> str:
    found = card.contents.get(name)
    return str(found[0].value)[:TEXT_CHARACTERS] if found else ""


def _joined(value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    return " ".join(str(part) for part in parts if part)[:TEXT_CHARACTERS]


def _entry(line: Any) -> dict[str, Any]:
    types = [each.lower() for each in line.params.get("TYPE", ())]
    preferred = "pref" in types or line.params.get("PREF") == ["1"]
    kept = [each[:64] for each in types if each not in ("pref", "internet")]
    return {
        "value": str(line.value).removeprefix("tel:")[:1024],
        **({"types": kept} if kept else {}),
        **({"preferred": True} if preferred else {}),
    }


def _apply(card: Any, given: Mapping[str, Any], now: datetime) -> None:
    for member, name in _TEXTS.items():
        if member in given and member != "uid":
            _set(card, name, given[member])
    if not card.contents.get("n") or "givenName" in given or "familyName" in given:
        before = card.n.value if card.contents.get("n") else vobject.vcard.Name()
        before.given = given.get("givenName", before.given)
        before.family = given.get("familyName", before.family)
        _set(card, "n", before)
    if "organization" in given:
        _set(card, "org", [given["organization"]])
    for member, name in _LISTS.items():
        if member in given:
            card.contents.pop(name, None)
            for each in given[member]:
                line = card.add(name)
                line.value = each["value"]
                types = [*each.get("types", ()), *(["pref"] if each.get("preferred") else [])]
                if types:
                    line.params["TYPE"] = types
    _set(card, "rev", now.strftime("%Y%m%dT%H%M%SZ"))


def _set(card: Any, name: str, value: Any) -> None:
    card.contents.pop(name, None)
    card.add(name).value = value
