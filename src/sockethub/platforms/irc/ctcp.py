"""Questions that clients ask one another (CTCP): PING and VERSION are answered. Pure.

Source: https://modern.ircdocs.horse/ctcp. Whoever asks often is not answered: an answer costs us lines of our own.
"""

from __future__ import annotations

from typing import Final

from sockethub_translators import irc
from sockethub_translators.errors import TranslationError

__all__ = ["BURST", "RATE", "answer"]

BURST: Final = 5
"""Answers at once."""
RATE: Final = 0.2
"""Answers a second after that."""
MAX_PARAMS: Final = 100
"""Characters of a PING that are given back; it is a time stamp."""


def answer(activity: irc.Activity, env: irc.Env, version: str) -> list[irc.Line]:
    """The lines that answer an activity; none where it asks nothing, or not us. ``version`` may be empty: not told."""
    obj, actor, target = (activity.get(key) for key in ("object", "actor", "target"))
    if activity["type"] != "send" or not isinstance(obj, dict) or obj.get("type") != "ctcp" or obj.get("reply"):
        return []
    if not isinstance(target, dict) or not isinstance(actor, dict) or actor.get("type") != "person":
        return []
    if env.isupport.fold(target.get("name", "")) != env.isupport.fold(env.nick):
        return []
    reply = {"type": "ctcp", "name": obj.get("name"), "reply": True}
    if reply["name"] == "VERSION" and version:
        reply["params"] = version
    elif reply["name"] != "PING":
        return []
    elif "params" in obj:
        reply["params"] = obj["params"][:MAX_PARAMS]
    try:
        return irc.from_activity({"type": "send", "target": actor, "object": reply}, env)
    except TranslationError:
        return []  # a nickname or a text that nothing can be sent to, or back
