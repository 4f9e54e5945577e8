"""Ad-hoc commands (XEP-0050): ``query`` of an object ``command``.

The object has the ``node``, and as the XEP has them ``action``, ``sessionid``, ``status``, ``form`` (see
:mod:`.forms`) and ``notes``, ``[{"type"?, "content"}]``.
"""

from __future__ import annotations

from typing import Any, Final

from .element import Element, element
from .env import Activity, Env
from .fields import child, items, optional_text, text
from .forms import FORM, read_form, write_form
from .frame import Origin, frame
from .iq import iq, single

__all__ = ["COMMAND", "get_command", "put_command"]

_NS: Final = "http://jabber.org/protocol/commands"
COMMAND: Final = f"{{{_NS}}}command"
_NOTE: Final = f"{{{_NS}}}note"
_ATTRS: Final = ("action", "sessionid", "status")


def get_command(stanza: Element, env: Env) -> Activity | None:
    command = single(stanza, "set", "result")
    if command is None or "node" not in command.attrs:
        return None
    obj: dict[str, Any] = {"type": "command", "node": command.attrs["node"]}
    obj.update({key: command.attrs[key] for key in _ATTRS if key in command.attrs})
    form = command.find(FORM)
    if form is not None:
        obj["form"] = read_form(form)
    notes = [
        {**({"type": note.attrs["type"]} if "type" in note.attrs else {}), "content": note.text}
        for note in command.find_all(_NOTE)
    ]
    if notes:
        obj["notes"] = notes
    return frame(stanza, env, "query", obj)


def put_command(activity: Activity, env: Env, origin: Origin) -> Element:
    obj = child(activity, "object", "$")
    path = "$.object"
    attrs = {"node": text(obj, "node", path), **{key: optional_text(obj, key, path) for key in _ATTRS}}
    notes = [
        element(_NOTE, {"type": optional_text(note, "type", f"{path}.notes")}, text(note, "content", f"{path}.notes"))
        for note in items(obj, "notes", path)
    ]
    form = None if obj.get("form") is None else write_form(obj["form"], f"{path}.form")
    return iq(activity, env, origin, element(COMMAND, attrs, form, *notes), kind="set")
