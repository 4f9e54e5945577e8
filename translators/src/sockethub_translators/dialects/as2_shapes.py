"""Where AS2 says the same with other members: reactions, friends, moves, deletions, audiences, collections.

Each shape is a pair of functions between the plain form of :mod:`.as2`, which has the members of the canonical form,
and the one that AS2 and ActivityPub servers know. A shape that does not fit leaves the activity plain.

===================================  ===================================================================================
``add`` a ``reaction``               ``Like`` (of a thumb up) or ``EmojiReact`` with ``content``, of the message
``remove`` a ``reaction``            ``Undo`` of that
``request-friend``                   ``Follow``
``make-``, ``remove-friend``         ``Accept``, ``Undo`` of a ``Follow``
``update`` the ``address``           ``Move`` of the actor to the target
``delete`` a ``message``             ``Delete`` of a ``Tombstone``
``send``                             ``Create`` with the target in ``to`` as well
``attendance``, ``room-list``        ``Collection`` of ``items``
===================================  ===================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from .as2_terms import KIND
from .contexts import platform_of_iri

__all__ = ["plain", "plain_collection", "shaped", "shaped_collection"]

Raw: TypeAlias = dict[str, Any]
Shape: TypeAlias = Callable[[Raw], "Raw | None"]

_LIKE: Final = "👍"
_REACTIONS: Final = ("Like", "EmojiReact")  # no set: what is looked for may be anything, and unhashable
_LISTED: Final = {"attendance": "members", "room-list": "rooms"}


def shaped(raw: Raw) -> Raw:
    """As AS2 says it; :func:`plain` undoes it."""
    shape = _SHAPE.get(raw["type"])
    return (shape(raw) if shape else None) or raw


def plain(raw: Raw) -> Raw:
    """With the members of the canonical form. What others wrote is read as far as it is understood."""
    read = _PLAIN.get(raw["type"])
    return (read(raw) if read else None) or raw


def _with(raw: Raw, drop: tuple[str, ...] = (), **members: Any) -> Raw:
    return {key: value for key, value in {**raw, **members}.items() if key not in drop}


def _object(raw: Raw) -> Raw:
    obj = raw.get("object")
    return obj if isinstance(obj, dict) else {}


# --- Reactions --------------------------------------------------------------------------------------------------------


def _reacted(raw: Raw) -> Raw | None:
    obj = _object(raw)
    if obj.keys() != {"type", "content", "inReplyTo"} or obj["type"] != "Reaction":
        return None
    type_ = "Like" if obj["content"] == _LIKE else "EmojiReact"
    return {"type": type_, "content": obj["content"], "object": obj["inReplyTo"]}


def _write_reaction(raw: Raw) -> Raw | None:
    reaction = None if "content" in raw else _reacted(raw)
    return None if reaction is None else _with(raw, **reaction)


def _write_taken_back(raw: Raw) -> Raw | None:
    reaction = _reacted(raw)
    return None if reaction is None else _with(raw, type="Undo", object=reaction)


def _reaction(raw: Raw) -> Raw:
    return {"type": "Reaction", "content": raw.get("content", _LIKE), "inReplyTo": raw.get("object")}


def _read_reaction(raw: Raw) -> Raw:
    return _with(raw, ("content",), type="Add", object=_reaction(raw))


# --- Friends ----------------------------------------------------------------------------------------------------------


def _write_follow(raw: Raw) -> Raw | None:
    return (
        None if "object" in raw or "target" not in raw else _with(raw, ("target",), type="Follow", object=raw["target"])
    )


def _read_follow(raw: Raw) -> Raw:
    if "target" in raw or "object" not in raw:
        return _with(raw, type="RequestFriend")
    return _with(raw, ("object",), type="RequestFriend", target=raw["object"])


def _write_accept(raw: Raw) -> Raw | None:
    return _about_follow(raw, "Accept", follower="target", followed="actor")


def _write_unfollow(raw: Raw) -> Raw | None:
    return _about_follow(raw, "Undo", follower="actor", followed="target")


def _about_follow(raw: Raw, type_: str, follower: str, followed: str) -> Raw | None:
    if "object" in raw or "actor" not in raw or "target" not in raw:
        return None
    follow = {"type": "Follow", "actor": _id(raw[follower]), "object": _id(raw[followed])}
    return _with(raw, type=type_, object=follow)


def _id(entity: Any) -> Any:
    return entity.get("id") if isinstance(entity, dict) else entity


def _read_accept(raw: Raw) -> Raw | None:
    follow = _object(raw)
    if follow.get("type") != "Follow":
        return None
    return _with({"target": follow.get("actor"), **raw}, ("object",), type="MakeFriend")


def _read_undo(raw: Raw) -> Raw | None:
    obj = _object(raw)
    if obj.get("type") in _REACTIONS:
        return _with(raw, type="Remove", object=_reaction(obj))
    if obj.get("type") != "Follow":
        return None
    return _with({"target": obj.get("object"), **raw}, ("object",), type="RemoveFriend")


# --- Moves, deletions, audiences --------------------------------------------------------------------------------------


def _write_move(raw: Raw) -> Raw | None:
    if raw.get("object") != {"type": "Address"} or "target" not in raw:
        return None
    return _with(raw, type="Move", object=_id(raw.get("actor")))


def _read_move(raw: Raw) -> Raw:
    return _with(raw, type="Update", object={"type": "Address"})


def _write_delete(raw: Raw) -> Raw | None:
    obj = _object(raw)
    if obj.get("type") != "Note" or KIND in obj or "formerType" in obj:
        return None
    return _with(raw, object={**obj, "type": "Tombstone", "formerType": "as:Note"})


def _read_delete(raw: Raw) -> Raw | None:
    obj = raw.get("object")
    if isinstance(obj, str):
        return _with(raw, object={"type": "Note", "id": obj})
    if not isinstance(obj, dict) or obj.get("type") != "Tombstone":
        return None
    return _with(raw, object=_with(obj, ("formerType",), type="Note"))


def _write_create(raw: Raw) -> Raw | None:
    target = _id(raw.get("target"))
    return _with(raw, to=[target]) if isinstance(target, str) else None


def _read_create(raw: Raw) -> Raw:
    to = raw.get("to")
    named = [to] if isinstance(to, str) else to if isinstance(to, list) else []
    audience = [each for each in named if isinstance(each, str) and platform_of_iri(each)]
    return _with({"target": audience[0], **raw} if audience else raw, ("to",))


# --- Collections ------------------------------------------------------------------------------------------------------


def shaped_collection(raw: Raw, kind: Any) -> Raw:
    """An object that is a list of its kind."""
    member = _LISTED.get(kind) if isinstance(kind, str) else None
    if member is None or not isinstance(raw.get(member), list) or raw.keys() & {"items", "totalItems", KIND}:
        return raw
    about = {"type": "Collection", KIND: kind, "totalItems": len(raw[member]), "items": raw[member]}
    return _with(raw, (member,), **about)


def plain_collection(raw: Raw) -> Raw:
    kind = raw.get(KIND)
    member = _LISTED.get(kind) if isinstance(kind, str) and raw.get("type") == "Collection" else None
    return raw if member is None else _with(raw, ("items", "totalItems"), **{member: raw.get("items")})


_SHAPE: Final[dict[str, Shape]] = {
    "Add": _write_reaction,
    "Remove": _write_taken_back,
    "RequestFriend": _write_follow,
    "MakeFriend": _write_accept,
    "RemoveFriend": _write_unfollow,
    "Update": _write_move,
    "Delete": _write_delete,
    "Create": _write_create,
}
_PLAIN: Final[dict[str, Shape]] = {
    "Like": _read_reaction,
    "EmojiReact": _read_reaction,
    "Follow": _read_follow,
    "Accept": _read_accept,
    "Undo": _read_undo,
    "Move": _read_move,
    "Delete": _read_delete,
    "Create": _read_create,
}
