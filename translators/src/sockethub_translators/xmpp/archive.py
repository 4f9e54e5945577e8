"""The archive (XEP-0313), a page at a time (XEP-0059): the same ``query`` of ``history`` as on IRC.

The object says ``limit`` and where: ``before``, ``after`` are times or messages (``{"type": "message", "id"}``, the id
that the archive gave); without them the latest. The target is a room, or the person the conversation is with; without
a target everything is meant. The messages follow one by one, see :mod:`.forwarded`; the end of a page is a ``query``
with ``complete``, ``first``, ``last``, ``totalItems`` in its object, and :mod:`.aggregate` makes one ``collection``.
"""

from __future__ import annotations

from typing import Any, Final

from .. import times
from ..errors import TranslationError
from . import ns
from .element import Element, element, whole
from .entities import jid_of, person
from .env import Activity, Env
from .fields import child, flag, number, optional_text, text
from .forms import FORM, field, submission, values_of
from .frame import Origin, frame
from .iq import iq, single

__all__ = ["FIN", "QUERY", "get_fin", "get_query", "put_history"]

QUERY: Final = ns.tag(ns.MAM, "query")
FIN: Final = ns.tag(ns.MAM, "fin")
_SET: Final = ns.tag(ns.RSM, "set")

DEFAULT_LIMIT: Final = 50
"""Messages asked for where the activity does not say."""
MAX_LIMIT: Final = 1000
"""What we ask for at most; servers give less (Prosody 50)."""

LIMIT_DIGITS: Final = 4
"""Of the limit of a question, anybody's."""

_KEYS: Final = frozenset({"FORM_TYPE", "with", "start", "end", "before-id", "after-id"})


def _rsm(local: str) -> str:
    return ns.tag(ns.RSM, local)


# --- The question -----------------------------------------------------------------------------------------------------


def get_query(stanza: Element, env: Env) -> Activity | None:
    query = single(stanza, "set")
    if query is None:
        return None
    form = query.find(FORM)
    values = {} if form is None else values_of(form)
    page = query.find(_SET)
    if not values.keys() <= _KEYS or any(len(each) != 1 for each in values.values()) or page is None:
        return None
    given = {key: each[0] for key, each in values.items()}
    limit = whole(page.text_of(_rsm("max")), LIMIT_DIGITS)
    if limit is None:
        return None
    obj: dict[str, Any] = {"type": "history", "limit": limit}
    points = _points(given, page)
    if points is None:
        return None
    obj.update(points)
    with_ = given.get("with")
    return frame(stanza, env, "query", obj, target=None if with_ is None else person(with_), in_room=True)


def _points(given: dict[str, str], page: Element) -> dict[str, Any] | None:
    points: dict[str, Any] = {}
    for key, time_key, id_key in (("after", "start", "after-id"), ("before", "end", "before-id")):
        moment = times.normal(given[time_key]) if time_key in given else None
        ids = [each for each in (given.get(id_key), page.text_of(_rsm(key))) if each]
        if len(ids) + (moment is not None) > 1 or (time_key in given and moment is None):
            return None
        if ids:
            points[key] = {"type": "message", "id": ids[0]}
        elif moment is not None:
            points[key] = moment
    return points


def put_history(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    if origin.type == "result":
        return iq(activity, env, origin, _write_fin(obj), kind="set")
    if obj.get("around") is not None:
        raise TranslationError("$.object.around", "XMPP archives cannot be asked for what is around a message")
    limit = number(obj, "limit", "$.object", least=1)
    if limit is None:
        limit = DEFAULT_LIMIT
    if limit > MAX_LIMIT:
        raise TranslationError("$.object.limit", f"more than {MAX_LIMIT}")
    to, with_ = _whose(activity, env)
    fields: list[Element] = [] if with_ is None else [field("with", with_)]
    page: list[Element] = [element(_rsm("max"), None, str(limit))]
    after, before = (_point(obj, key) for key in ("after", "before"))
    by_id = isinstance(after, dict) and isinstance(before, dict)
    for point, key, time_key in ((after, "after", "start"), (before, "before", "end")):
        if isinstance(point, str):
            fields.append(field(time_key, point))
        elif point is not None and by_id:
            fields.append(field(f"{key}-id", point["id"]))
        elif point is not None:
            page.append(element(_rsm(key), None, point["id"]))
    if after is None and not isinstance(before, dict):
        page.append(Element(_rsm("before"), {}))
    attrs = {"queryid": activity["id"]} if isinstance(activity.get("id"), str) else {}
    query = element(QUERY, attrs, submission(ns.MAM, *fields) if fields else None, element(_SET, None, *page))
    return iq(activity, env, origin, query, kind="set", to=to, own=to is None)


def _whose(activity: Activity, env: Env) -> tuple[str | None, str | None]:
    """Whose archive is asked, and about whom: a room has its own, all else is in ours."""
    target = activity.get("target")
    if target is None:
        return None, None
    jid = jid_of(target, "$.target")
    if isinstance(target, dict) and target.get("type") == "room" and "/" not in jid:
        return jid, None
    return (None, None) if jid.partition("/")[0] == env.bare else (None, jid)


def _point(obj: dict[str, Any], key: str) -> Any:
    point = obj.get(key)
    if point is None:
        return None
    path = f"$.object.{key}"
    if isinstance(point, str):
        moment = times.normal(point)
        if moment is None:
            raise TranslationError(path, "neither an RFC 3339 time nor a message")
        return moment
    if not text(point, "id", path):
        raise TranslationError(f"{path}.id", "empty")
    return point


# --- The end of a page ------------------------------------------------------------------------------------------------


def get_fin(stanza: Element, env: Env) -> Activity | None:
    fin = single(stanza, "result")
    if fin is None:
        return None
    page = fin.find(_SET)
    obj: dict[str, Any] = {"type": "history", "complete": fin.attrs.get("complete") in ("true", "1")}
    if page is not None:
        for key in ("first", "last"):
            found = page.text_of(_rsm(key))
            if found:
                obj[key] = found
        count = whole(page.text_of(_rsm("count")))
        if count is not None:
            obj["totalItems"] = count
    return frame(stanza, env, "query", obj)


def _write_fin(obj: dict[str, Any]) -> Element:
    count = number(obj, "totalItems", "$.object")
    parts = [(key, optional_text(obj, key, "$.object")) for key in ("first", "last")]
    parts.append(("count", None if count is None else str(count)))
    page = [element(_rsm(key), None, value) for key, value in parts if value is not None]
    return element(FIN, {"complete": "true"} if flag(obj, "complete") else {}, element(_SET, None, *page))
