"""Who is in a room: presence there (XEP-0045 §7, §9, §10).

``join`` is our own presence when it first comes back (status 110), ``update`` of ``presence`` that of any occupant,
``leave`` its end; ``update`` of an ``address`` is another nickname. The object has the ``role`` as people see it, and
``xmpp:role`` and ``xmpp:affiliation`` have the exact pair; ``xmpp:status`` has the codes (§15.6), ``xmpp:jid`` who it
really is, where we may know. Who was thrown out has ``xmpp:by``, and the reason as ``content``.
"""

from __future__ import annotations

from typing import Any, Final

from .. import times
from ..errors import TranslationError
from . import ns
from .archive import LIMIT_DIGITS
from .element import Element, element, whole
from .entities import entity, jid_of, occupant, room, split
from .env import Activity, Env
from .fields import child, flag, items, number, optional_text, token
from .frame import Origin, address, delay, frame
from .roles import AFFILIATIONS, ROLES, pair_of, role_of
from .rooms import read_status, write_status
from .show import STATUS, read_show, write_show
from .talk import MUC_USER

__all__ = ["get_presence", "put_address", "put_join", "put_leave", "put_presence"]

_X: Final = ns.tag(ns.MUC, "x")
_HISTORY: Final = ns.tag(ns.MUC, "history")
_PASSWORD: Final = ns.tag(ns.MUC, "password")
_ITEM: Final = ns.tag(ns.MUC_USER, "item")
_ACTOR: Final = ns.tag(ns.MUC_USER, "actor")
_REASON: Final = ns.tag(ns.MUC_USER, "reason")
_DESTROY: Final = ns.tag(ns.MUC_USER, "destroy")
_OCCUPANT_ID: Final = ns.tag(ns.OCCUPANT_ID, "occupant-id")

_HATS: Final = ns.tag(ns.HATS, "hats")
_HAT: Final = ns.tag(ns.HATS, "hat")

SELF: Final = 110
NICK_CHANGED: Final = 303
THROWN_OUT: Final = frozenset({301, 307, 321, 322, 332, 333})
"""Banned, kicked, affiliation lost, members only, the service stops, an error (§15.6.2)."""


def get_presence(stanza: Element, env: Env) -> Activity | None:
    """The reader of presences in rooms; None where it is none."""
    if "from" not in stanza.attrs:
        return _get_own(stanza, env)
    bare, nick = split(stanza.attrs["from"])
    x = stanza.find(MUC_USER)
    if not nick or (x is None and bare not in env.rooms):
        return None
    codes = read_status(x)
    item = None if x is None else x.find(_ITEM)
    told = {**_about(item), **({"status": codes} if codes else {})}
    found = stanza.find(_OCCUPANT_ID)
    told["occupant_id"] = None if found is None else found.attrs.get("id")
    told["hats"] = _hats(stanza.find(_HATS))
    if stanza.attrs.get("type") == "unavailable":
        return _get_gone(stanza, x, item, told, env)
    obj: dict[str, Any] = {"type": "presence", **read_show(stanza)}
    role = role_of(told.get("role"), told.get("affiliation"), bare in env.moderated)
    if role is not None:
        obj["role"] = role
    verb = "join" if SELF in codes and bare not in env.inside else "update"
    return frame(stanza, env, verb, obj, actor=occupant(stanza.attrs["from"]), target=room(bare), **told)


def _hats(found: Element | None) -> list[dict[str, str]] | None:
    """What a room calls its occupants besides their roles (XEP-0317)."""
    hats = [] if found is None else found.find_all(_HAT)
    return [{key: hat.attrs[key] for key in ("uri", "title") if key in hat.attrs} for hat in hats] or None


def _write_hats(activity: Activity) -> Element | None:
    path = "$['xmpp:hats']"
    hats = items({"hats": activity.get("xmpp:hats")}, "hats", path)
    written = [element(_HAT, {key: optional_text(hat, key, path) for key in ("uri", "title")}) for hat in hats]
    return element(_HATS, None, *written) if written else None


def _about(item: Element | None) -> dict[str, Any]:
    """The exact pair, and the real JID."""
    if item is None:
        return {}
    role, affiliation = item.attrs.get("role"), item.attrs.get("affiliation")
    return {
        "role": role if role in ROLES else None,
        "affiliation": affiliation if affiliation in AFFILIATIONS else None,
        "jid": item.attrs.get("jid") or None,
    }


def _get_gone(
    stanza: Element, x: Element | None, item: Element | None, told: dict[str, Any], env: Env
) -> Activity | None:
    bare, _ = split(stanza.attrs["from"])
    gone = occupant(stanza.attrs["from"])
    codes = told.get("status", [])
    if NICK_CHANGED in codes:
        nick = None if item is None else item.attrs.get("nick")
        if not nick:
            return None
        return frame(stanza, env, "update", {"type": "address"}, actor=gone, target=occupant(f"{bare}/{nick}"), **told)
    actor = None if item is None else item.find(_ACTOR)
    by = None if actor is None else _by(actor, bare, env)
    destroy = None if x is None else x.find(_DESTROY)
    if destroy is not None:
        content = destroy.text_of(_REASON)
        told["destroyed"] = True
        told["alternate"] = room(destroy.attrs["jid"]) if destroy.attrs.get("jid") else None
    elif by is not None or THROWN_OUT & set(codes):
        content = None if item is None else item.text_of(_REASON)
        told["by"] = by
    else:
        content = stanza.text_of(STATUS)
    obj = None if content is None else {"type": "message", "content": content}
    return frame(stanza, env, "leave", obj, actor=gone, target=room(bare), **told)


def _by(actor: Element, bare: str, env: Env) -> dict[str, Any] | None:
    if actor.attrs.get("nick"):
        return occupant(f"{bare}/{actor.attrs['nick']}")
    return entity(actor.attrs["jid"], env) if actor.attrs.get("jid") else None


# --- Our own side -----------------------------------------------------------------------------------------------------


def _get_own(stanza: Element, env: Env) -> Activity | None:
    bare, nick = split(stanza.attrs.get("to", ""))
    x = stanza.find(_X)
    if not nick or (x is None and bare not in env.rooms):
        return None
    if x is not None:
        return None if "type" in stanza.attrs else _get_join(stanza, x, env)
    if stanza.attrs.get("type") == "unavailable":
        status = stanza.text_of(STATUS)
        obj = None if status is None else {"type": "message", "content": status}
        return frame(stanza, env, "leave", obj, target=room(bare))
    if nick != env.rooms[bare]:
        return frame(stanza, env, "update", {"type": "address"}, target=occupant(f"{bare}/{nick}"))
    return frame(stanza, env, "update", {"type": "presence", **read_show(stanza)}, target=room(bare))


def _get_join(stanza: Element, x: Element, env: Env) -> Activity:
    bare, nick = split(stanza.attrs["to"])
    actor = {"id": env.bare, "type": "person", "name": nick}
    history = x.find(_HISTORY)
    obj: dict[str, Any] | None = None
    if history is not None:
        obj = {"type": "history"}
        limit = whole(history.attrs.get("maxstanzas"), LIMIT_DIGITS)
        if limit is not None:
            obj["limit"] = limit
        since = times.normal(history.attrs.get("since", ""))
        if since is not None:
            obj["after"] = since
    return frame(stanza, env, "join", obj, actor=actor, target=room(bare), password=x.text_of(_PASSWORD))


def _nick(activity: Activity, bare: str, env: Env, *, asked: bool) -> str:
    """Our nickname in a room; ``asked``: the actor may say which."""
    actor = activity.get("actor")
    named = optional_text(actor, "name", "$.actor") if asked and isinstance(actor, dict) else None
    nick = named or env.rooms.get(bare) or env.nick
    if not nick:
        raise TranslationError("$.actor.name", "missing: the nickname to have in the room")
    return nick


def _room_of(activity: Activity) -> str:
    bare, nick = split(jid_of(activity.get("target"), "$.target"))
    if nick:
        raise TranslationError("$.target.id", "has a resource: a room is a bare JID")
    return bare


def put_join(activity: Activity, env: Env, origin: Origin) -> Element:
    """Enter a room; inbound, the presence that says we are in."""
    if origin.inbound:
        return put_presence(activity, env, origin)
    bare = _room_of(activity)
    obj = activity.get("object")
    password = optional_text(activity, "xmpp:password", "$")
    history = None
    if isinstance(obj, dict) and obj.get("type") == "history":
        limit = number(obj, "limit", "$.object")
        after = optional_text(obj, "after", "$.object")
        since = None if after is None else times.normal(after)
        if after is not None and since is None:
            raise TranslationError("$.object.after", "not an RFC 3339 time")
        history = element(_HISTORY, {"maxstanzas": None if limit is None else str(limit), "since": since})
    said = None if password is None else element(_PASSWORD, None, password)
    attrs = address(activity, env, origin, to=f"{bare}/{_nick(activity, bare, env, asked=True)}")
    return element(ns.PRESENCE, attrs, element(_X, None, history, said))


def put_presence(activity: Activity, env: Env, origin: Origin) -> Element:
    """An occupant's presence; our own to the room."""
    obj = child(activity, "object", "$")
    bare = _room_of(activity)
    if not origin.inbound:
        shown = write_show(obj)
        if obj.get("presence") == "offline":
            raise TranslationError("$.object.presence", 'to go offline in a room is to "leave" it')
        attrs = address(activity, env, origin, to=f"{bare}/{_nick(activity, bare, env, asked=False)}")
        return element(ns.PRESENCE, attrs, *shown)
    role = optional_text(obj, "role", "$.object")
    exact = (_exact(activity, "role", ROLES), _exact(activity, "affiliation", AFFILIATIONS))
    pair = exact if role is None else pair_of(role, exact, bare in env.moderated)
    return _inbound(activity, env, origin, pair, shown=write_show(obj))


def _exact(activity: Activity, key: str, allowed: frozenset[str]) -> str | None:
    return None if activity.get(f"xmpp:{key}") is None else token(activity, f"xmpp:{key}", "$", allowed)


def _inbound(
    activity: Activity,
    env: Env,
    origin: Origin,
    pair: tuple[str | None, str | None],
    *,
    gone: bool = False,
    shown: list[Element] | None = None,
    nick: str | None = None,
    inside: list[Element] | None = None,
    beside: Element | None = None,
) -> Element:
    """A presence as the room sends it: ``inside`` the item, ``beside`` it."""
    attrs = {"type": "unavailable"} if gone else {}
    attrs.update(address(activity, env, origin, to=env.jid))
    jid = optional_text(activity, "xmpp:jid", "$")
    about = {"role": pair[0], "affiliation": pair[1], "jid": jid, "nick": nick}
    item = element(_ITEM, about, *(inside or []))
    has_item = any(value is not None for value in about.values()) or inside
    status = write_status(activity)
    occupant_id = optional_text(activity, "xmpp:occupant-id", "$")
    x = element(MUC_USER, None, item if has_item else None, beside, *status)
    return element(
        ns.PRESENCE,
        attrs,
        *(shown or []),
        x,
        None if occupant_id is None else Element(_OCCUPANT_ID, {"id": occupant_id}),
        _write_hats(activity),
        delay(activity, origin),
    )


def put_leave(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = activity.get("object")
    content = optional_text(obj, "content", "$.object") if isinstance(obj, dict) else None
    bare = _room_of(activity)
    if not origin.inbound:
        said = None if content is None else element(STATUS, None, content)
        to = f"{bare}/{_nick(activity, bare, env, asked=False)}"
        return element(ns.PRESENCE, {"type": "unavailable", **address(activity, env, origin, to=to)}, said)
    pair = (_exact(activity, "role", ROLES), _exact(activity, "affiliation", AFFILIATIONS))
    reason = None if content is None else element(_REASON, None, content)
    if flag(activity, "xmpp:destroyed"):
        alternate = activity.get("xmpp:alternate")
        jid = None if alternate is None else jid_of(alternate, "$['xmpp:alternate']")
        return _inbound(activity, env, origin, pair, gone=True, beside=element(_DESTROY, {"jid": jid}, reason))
    by = activity.get("xmpp:by")
    codes = activity.get("xmpp:status")
    if by is not None or (isinstance(codes, list) and any(code in codes for code in THROWN_OUT)):
        inside = [each for each in (_write_by(by, bare), reason) if each is not None]
        return _inbound(activity, env, origin, pair, gone=True, inside=inside)
    shown = [] if content is None else [element(STATUS, None, content)]
    return _inbound(activity, env, origin, pair, gone=True, shown=shown)


def _write_by(by: Any, bare: str) -> Element | None:
    if by is None:
        return None
    jid = jid_of(by, "$['xmpp:by']")
    place, nick = split(jid)
    return Element(_ACTOR, {"nick": nick} if place == bare and nick else {"jid": jid})


def put_address(activity: Activity, env: Env, origin: Origin) -> Element:
    """Another nickname: the target is who we, or they, will be."""
    jid = jid_of(activity.get("target"), "$.target")
    nick = split(jid)[1]
    if not nick:
        raise TranslationError("$.target.id", "not an occupant: room@service/nickname")
    if not origin.inbound:
        return element(ns.PRESENCE, address(activity, env, origin, to=jid))
    pair = (_exact(activity, "role", ROLES), _exact(activity, "affiliation", AFFILIATIONS))
    codes = activity.get("xmpp:status")
    if not isinstance(codes, list) or NICK_CHANGED not in codes:
        raise TranslationError("$['xmpp:status']", f"lacks {NICK_CHANGED}")
    return _inbound(activity, env, origin, pair, gone=True, nick=nick)
