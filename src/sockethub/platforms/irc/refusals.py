"""What a server's refusal means: the short stable name of its condition, and a text for people.

Numerics: https://modern.ircdocs.horse/#numerics; FAIL: IRCv3 ``standard-replies``.
"""

from __future__ import annotations

import re
from typing import Final

from sockethub.errors import PlatformError
from sockethub_translators import irc
from sockethub_translators.irc.negotiation import Failed

__all__ = ["NOT_JOINED", "connect_error", "is_refusal", "refused", "registration_error"]

NOT_JOINED: Final = "cannot {verb} a channel of which you've not first joined."

_CONDITIONS: Final = {
    "263": "try-again",
    "401": "no-such-nick",
    "402": "no-such-server",
    "403": "no-such-channel",
    "404": "cannot-send",
    "405": "too-many-channels",
    "407": "too-many-targets",
    "412": "no-text",
    "417": "line-too-long",
    "421": "unsupported",
    "431": "no-nickname",
    "432": "erroneous-nickname",
    "433": "nickname-in-use",
    "436": "nickname-in-use",
    "437": "unavailable",
    "438": "too-fast",
    "441": "not-in-channel",
    "442": "not-joined",
    "443": "already-in-channel",
    "447": "nickname-change-denied",
    "461": "missing-parameter",
    "464": "wrong-password",
    "465": "banned",
    "470": "forwarded",
    "471": "channel-full",
    "472": "unknown-mode",
    "473": "invite-only",
    "474": "banned-from-channel",
    "475": "wrong-channel-key",
    "476": "bad-channel-name",
    "477": "registration-required",
    "478": "list-full",
    "479": "bad-channel-name",
    "481": "no-privileges",
    "482": "not-operator",
    "484": "restricted",
    "489": "tls-required",
    "734": "list-full",
    "902": "wrong-password",
    "904": "wrong-password",
    "905": "wrong-password",
}
# Refusals outside 400 to 599.
_OTHER: Final = frozenset({"734", "263"})
_ROOM_GONE: Final = frozenset({"401", "403", "404", "442"})
_DOING: Final = {"PRIVMSG": "send message to", "NOTICE": "send message to", "PART": "leave", "TOPIC": "update"}
_BANNED = re.compile(r"\b(?:[A-Z]-?lined|banned|ban|blacklist\w*|not welcome)\b", re.IGNORECASE)
_PASSWORD = re.compile(r"\bpassword\b", re.IGNORECASE)
_IN_USE: Final = frozenset({"433", "436", "437"})


def is_refusal(line: irc.Line) -> bool:
    """Whether a line says that something asked for was not done."""
    command = line.command
    if command == "FAIL":
        return True
    return command in _OTHER or (len(command) == 3 and command.isdigit() and command[0] in "45")


def refused(line: irc.Line, env: irc.Env, command: str, room: str | None, *, inside: bool) -> PlatformError:
    """The error for a ``command`` that this line refuses; ``room`` where it was for one, and whether we are inside."""
    if room is not None and not inside and command in _DOING and line.command in _ROOM_GONE:
        return PlatformError(NOT_JOINED.format(verb=_DOING[command]), condition="not-joined")
    if line.command == "FAIL":
        code = line.params[1] if len(line.params) > 1 else ""
        return PlatformError(_text(line, env), condition=code.lower().replace("_", "-") or "refused")
    return PlatformError(_text(line, env), condition=_CONDITIONS.get(line.command, "refused"))


def _text(line: irc.Line, env: irc.Env) -> str:
    for activity in irc.to_activity(line, env):
        error = activity.get("error")
        if isinstance(error, str) and error:
            return error
    return " ".join(line.params[1:]) or line.command


def connect_error(text: str, condition: str) -> PlatformError:
    """What ``connect`` raises: the text begins as existing clients expect."""
    return PlatformError(f"unable to connect to server: {text}", condition=condition)


def registration_error(failed: Failed) -> PlatformError:
    """Why a server did not let us in."""
    text = failed.text
    if failed.reason == "nick":
        if failed.numeric in _IN_USE:
            return connect_error(f"nicknames unavailable ({text})", "nickname-in-use")
        return connect_error(f"erroneous nickname ({text})", "erroneous-nickname")
    if failed.reason == "password":
        return connect_error(f"wrong password ({text})", "wrong-password")
    if failed.reason == "banned":
        return connect_error(f"banned ({text})", "banned")
    if failed.reason == "sasl":
        return connect_error(f"authentication failed ({text})", _CONDITIONS.get(failed.numeric or "", "sasl-failed"))
    if _PASSWORD.search(text):
        return connect_error(f"wrong password ({text})", "wrong-password")
    if _BANNED.search(text):
        return connect_error(f"banned ({text})", "banned")
    return connect_error(f"the server closed the connection ({text})", "connection-closed")
