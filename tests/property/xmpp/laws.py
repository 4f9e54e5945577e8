"""The laws of translation between stanzas and activities, each as a check that the kinds are put to."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from sockethub_translators import xmpp
from sockethub_translators.errors import TranslationError
from sockethub_translators.xmpp.element import ILLEGAL, Element
from sockethub_translators.xmpp.env import Activity, Env

Path = tuple[str | int, ...]

FEWER = settings(max_examples=max(settings().max_examples // 4, 25))
"""For laws that every kind is put to by itself."""
FILTERED = settings(max_examples=15, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
"""Where only some of the stanzas have what is edited; one that none has is an error."""


def view_of(activity: Activity) -> Activity:
    return xmpp.strip(activity)


def get_put(stanza: Element, env: Env) -> Activity:
    """A stanza is what its activity gives back; the activity is JSON; nothing is changed or remembered."""
    activities = xmpp.to_activity(stanza, env)
    assert json.loads(json.dumps(activities)) == activities
    before = copy.deepcopy(activities)
    assert xmpp.from_activity(activities, env) == [stanza]
    assert activities == before
    assert xmpp.to_activity(stanza, env) == activities
    (activity,) = activities
    assert activity["context"] == "xmpp"
    assert activity["actor"]["type"]
    for ext in (False, True):
        once = xmpp.strip(activity, ext=ext)
        assert xmpp.strip(once, ext=ext) == once
        assert "xmpp:wire" not in once
    return activity


def put_get(activity: Activity, env: Env, normal: Activity | None = None) -> Element:
    """What a client says comes back from its stanza, in normal form; and saying that again gives the same stanza."""
    before = copy.deepcopy(activity)
    (stanza,) = xmpp.from_activity(activity, env)
    assert activity == before
    assert "from" not in stanza.attrs
    (back,) = xmpp.to_activity(stanza, env)
    expected = dict(activity if normal is None else normal)
    if env.now is not None:
        expected["published"] = env.now
    assert view_of(back) == expected
    assert xmpp.from_activity(view_of(back), env) == [stanza]
    assert "delta" not in back["xmpp:wire"]
    return stanza


def edit(activity: Activity, path: Path, value: Any) -> Activity:
    edited = copy.deepcopy(activity)
    place: Any = edited
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return edited


def has(activity: Activity, path: Path) -> bool:
    place: Any = activity
    for key in path:
        try:
            place = place[key]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def editable(stanza: Element, env: Env, path: Path) -> bool:
    """Whether the stanza is understood, and its view has this member."""
    (activity,) = xmpp.to_activity(stanza, env)
    return activity["type"] != "xmpp:raw" and has(activity, path)


def view_wins(stanza: Element, env: Env, path: Path, value: Any, derived: Sequence[Path] = ()) -> None:
    """Edit one member, keep the residue: the stanza reads as edited. ``derived``: what follows from the member."""
    (activity,) = xmpp.to_activity(stanza, env)
    edited = edit(activity, path, value)
    (changed,) = xmpp.from_activity(edited, env)
    (again,) = xmpp.to_activity(changed, env)
    seen, expected = copy.deepcopy(view_of(again)), copy.deepcopy(view_of(edited))
    for place in derived:
        for each in (seen, expected):
            if has(each, place):
                parent: Any = each
                for key in place[:-1]:
                    parent = parent[key]
                del parent[place[-1]]
    assert seen == expected


def total(value: Any, env: Env) -> None:
    """Any JSON is stanzas, or an error that names the place."""
    if not isinstance(value, (dict, list)):
        return
    try:
        stanzas = xmpp.from_activity(value, env)
    except TranslationError as error:
        place = error.path
    else:
        place = "$"
        for stanza in stanzas:
            carriable(stanza)
    assert place.startswith("$")


def total_about(activity: Activity, value: Any, data: st.DataObject, env: Env) -> None:
    """The same with any JSON as residue, as a member, or as a member of the object."""
    total({**activity, "xmpp:wire": value}, env)
    total({**activity, data.draw(st.sampled_from(sorted(activity))): value}, env)
    if "object" in activity:
        inner = data.draw(st.sampled_from(sorted(activity["object"])))
        total({**activity, "object": {**activity["object"], inner: value}}, env)


def carriable(stanza: Element) -> None:
    for value in stanza.attrs.values():
        assert not ILLEGAL.search(value)
    for child in stanza.children:
        if isinstance(child, str):
            assert not ILLEGAL.search(child)
        else:
            carriable(child)


def skeleton(stanza: Element) -> Any:
    """Names of elements and attributes, without any text; empty and filled elements alike."""
    return (stanza.name, sorted(stanza.attrs), [skeleton(child) for child in stanza.elements()])


def no_interference(activity: Activity, path: Path, text: str, env: Env) -> None:
    """Whatever a text says: the same elements with the same attributes to the same place, or an error."""
    (plain,) = xmpp.from_activity(edit(activity, path, "x"), env)
    try:
        (hostile,) = xmpp.from_activity(edit(activity, path, text), env)
    except TranslationError:
        return
    assert skeleton(hostile) == skeleton(plain)
    assert hostile.attrs.get("to") == plain.attrs.get("to") or path[0] in ("actor", "target")
    carriable(hostile)
