"""What all IQs have in common (RFC 6120 §8.2.3), and those with nothing inside."""

from __future__ import annotations

from typing import Any

from ..errors import TranslationError
from . import ns
from .element import Element, element
from .env import Activity, Env
from .frame import Origin, address, frame

__all__ = ["asks", "get_empty", "iq", "put_empty", "single"]


def single(stanza: Element, *kinds: str) -> Element | None:
    """The payload, when the type is one of ``kinds`` and there is nothing else inside."""
    if stanza.attrs.get("type") not in kinds:
        return None
    children = [child for child in stanza.children if not isinstance(child, str)]
    return children[0] if len(children) == 1 else None


def asks(origin: Origin) -> bool:
    """Whether the IQ is a request; our own always are."""
    return origin.type in (None, "get", "set")


def iq(
    activity: Activity,
    env: Env,
    origin: Origin,
    payload: Element | None,
    *,
    kind: str,
    to: str | None = None,
    own: bool = False,
) -> Element:
    """The IQ of an activity. ``kind`` is its type where it is our own; ``to`` whom it goes to, else the target.

    ``own``: it concerns our own account, so our server answers for us and there is no ``to`` (RFC 6120 §10.3).
    """
    attrs: dict[str, str] = {"type": origin.type or kind}
    if own and to is None and not origin.inbound:
        attrs.update(address({key: value for key, value in activity.items() if key != "target"}, env, origin))
    else:
        attrs.update(address(activity, env, origin, to=to))
    return element(ns.IQ, attrs, payload)


def get_empty(stanza: Element, env: Env) -> Activity | None:
    """A result with nothing inside: what was asked for is done. Who asked knows it by the ``id``."""
    if stanza.children or stanza.attrs.get("type") != "result":
        return None
    return frame(stanza, env, "query", {"type": "acknowledgement"})


def put_empty(activity: Activity, env: Env, origin: Origin) -> Element:
    if asks(origin):
        raise TranslationError("$.object.type", "an acknowledgement answers, it cannot be asked for")
    return iq(activity, env, origin, None, kind="result")


def members_of(obj: Any, path: str = "$.object.members") -> list[dict[str, Any]]:
    """The members of an object, each with an id."""
    members = obj.get("members", []) if isinstance(obj, dict) else None
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        raise TranslationError(path, "not a list of entities")
    return members
