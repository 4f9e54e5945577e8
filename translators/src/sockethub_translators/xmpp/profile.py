"""Profiles: vcard-temp (XEP-0054). ``query`` and ``update`` of an object ``profile``.

The object has ``name`` (FN), ``nickname``, ``summary`` (DESC), ``url``, ``email``, ``birthday`` and ``icon`` (PHOTO),
``{"mediaType"?, "data"?, "url"?}`` with base64 data. What else a vCard says is residue.
"""

from __future__ import annotations

from typing import Any, Final

from ..errors import TranslationError
from . import ns
from .element import Element, element
from .env import Activity, Env
from .fields import child, optional_text
from .frame import Origin, frame
from .iq import asks, iq, single

__all__ = ["VCARD", "get_profile", "put_query", "put_update"]

VCARD: Final = ns.tag(ns.VCARD, "vCard")
_MEMBERS: Final = {"name": "FN", "nickname": "NICKNAME", "summary": "DESC", "url": "URL", "birthday": "BDAY"}
_ICON: Final = {"mediaType": "TYPE", "data": "BINVAL", "url": "EXTVAL"}


def _tag(local: str) -> str:
    return ns.tag(ns.VCARD, local)


def get_profile(stanza: Element, env: Env) -> Activity | None:
    card = single(stanza, "get", "set", "result")
    if card is None:
        return None
    kind = stanza.attrs["type"]
    if kind == "get":
        return None if card.children else frame(stanza, env, "query", {"type": "profile"})
    return frame(stanza, env, "update" if kind == "set" else "query", {"type": "profile", **_read(card)})


def _read(card: Element) -> dict[str, Any]:
    found: dict[str, Any] = {key: card.text_of(_tag(local)) for key, local in _MEMBERS.items()}
    email = card.find(_tag("EMAIL"))
    found["email"] = None if email is None else email.text_of(_tag("USERID"))
    photo = card.find(_tag("PHOTO"))
    if photo is not None:
        icon = {key: photo.text_of(_tag(local)) for key, local in _ICON.items()}
        found["icon"] = {key: value for key, value in icon.items() if value is not None}
    return {key: value for key, value in found.items() if value is not None}


def _write(obj: dict[str, Any]) -> Element:
    path = "$.object"
    parts: list[Element] = []
    for key, local in _MEMBERS.items():
        value = optional_text(obj, key, path)
        if value is not None:
            parts.append(element(_tag(local), None, value))
    email = optional_text(obj, "email", path)
    if email is not None:
        parts.append(element(_tag("EMAIL"), None, element(_tag("USERID"), None, email)))
    if obj.get("icon") is not None:
        icon = child(obj, "icon", path)
        said = [(local, optional_text(icon, key, f"{path}.icon")) for key, local in _ICON.items()]
        inner = [element(_tag(local), None, value) for local, value in said if value is not None]
        parts.append(element(_tag("PHOTO"), None, *inner))
    return element(VCARD, None, *parts)


def put_query(activity: Activity, env: Env, origin: Origin) -> Element:
    """Whose: the target's, or our own."""
    card = Element(VCARD, {}) if asks(origin) else _write(child(activity, "object", "$"))
    return iq(activity, env, origin, card, kind="get", own=activity.get("target") is None)


def put_update(activity: Activity, env: Env, origin: Origin) -> Element:
    target = activity.get("target")
    if target is not None and origin.new:
        raise TranslationError("$.target", "only our own profile can be changed: leave it out")
    return iq(activity, env, origin, _write(child(activity, "object", "$")), kind="set", own=target is None)
