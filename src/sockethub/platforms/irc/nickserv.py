"""NickServ, where a server has no SASL: what to tell it, and what its answer means. Pure.

There is no standard; what the services in use say (Atheme, Anope, and their relatives) is recognised by its words. The
server's 900 (``RPL_LOGGEDIN``), where it sends one, is sure.
"""

from __future__ import annotations

import re
from typing import Final

from sockethub_translators import irc

__all__ = ["identify", "verdict"]

LOGGED_IN: Final = "900"

_GOOD: Final = re.compile(
    r"\b(now (identified|recognized|logged in)|password accepted|you are already)\b", re.IGNORECASE
)
_BAD: Final = re.compile(
    r"\b(invalid password|password (is )?incorrect|incorrect password|wrong password|(is not|isn't) (a )?registered"
    r"|not registered|access denied|authentication failed|too many)\b",
    re.IGNORECASE,
)
_FORMATTING: Final = re.compile(r"[\x02\x0f\x11\x16\x1d\x1e\x1f]|\x03\d{0,2}(,\d{1,2})?")


def identify(service: str, account: str, password: str) -> list[irc.Line]:
    """The line that tells the service who we are."""
    return [irc.Line("PRIVMSG", (service, f"IDENTIFY {account} {password}"))]


def verdict(line: irc.Line, env: irc.Env, service: str) -> str | None:
    """``""`` for a line that says we are known, the service's words for one that says we are not, else None."""
    if line.command == LOGGED_IN:
        return ""
    if line.command in ("401", "402") and len(line.params) > 1 and line.params[1] in (service, _nick(service)):
        return f"there is no {service}"
    if line.command != "NOTICE" or line.source is None or len(line.params) < 2:
        return None
    if env.isupport.fold(irc.nick_of(line.source)) != env.isupport.fold(_nick(service)):
        return None
    said = _FORMATTING.sub("", line.params[-1])
    if _GOOD.search(said):
        return ""
    return said if _BAD.search(said) else None


def _nick(service: str) -> str:
    return service.partition("@")[0]
