"""Being told of somebody's coming and going: MONITOR (IRCv3 ``monitor``).

``request-friend`` of a person asks to be told, as on XMPP, though nobody has to agree; ``remove-friend`` no longer.
What the server then tells is 730 and 731, see :mod:`.presence`.
"""

from __future__ import annotations

from typing import Final

from ..errors import Unsupported
from .entities import person
from .env import Activity, Env
from .fields import is_nick, nickname
from .frame import Wire, frame, write
from .line import Line

__all__ = ["get_watch", "put_watch"]

_VERBS: Final = {"+": "request-friend", "-": "remove-friend"}
_SIGNS: Final = {verb: sign for sign, verb in _VERBS.items()}


def get_watch(line: Line, env: Env) -> list[Activity] | None:
    """``MONITOR + nick`` and ``MONITOR - nick``; of several at once, or the list, nothing is made."""
    if len(line.params) != 2 or line.params[0] not in _VERBS or not is_nick(line.params[1], env):
        return None
    sign, nick = line.params
    return [frame(line, env, _VERBS[sign], person(nick, env))]


def put_watch(activity: Activity, env: Env, wire: Wire | None) -> list[Line]:
    nick = nickname(activity.get("target"), env, "$.target")
    if wire is None and "MONITOR" not in env.isupport.tokens:
        raise Unsupported("$.type", "the server does not tell of people's coming and going (MONITOR)")
    return [write(activity, env, wire, "MONITOR", _SIGNS[activity["type"]], nick)]
