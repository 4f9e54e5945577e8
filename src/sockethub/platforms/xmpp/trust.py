"""What we believe of what comes. Pure.

Anybody who knows our full JID can send us any stanza at all. The translator says what a stanza means, whoever sent it;
here is decided whether its sender may say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sockethub.platforms.xmpp.outcomes import Awaited, judge, may_answer
from sockethub_translators import xmpp
from sockethub_translators.xmpp import blocking, ns, roster

__all__ = ["believed", "is_push"]

_PUSHED: Final = frozenset({roster.QUERY, blocking.BLOCK, blocking.UNBLOCK})
_ARCHIVED: Final = ns.tag(ns.MAM, "result")


def is_push(stanza: xmpp.Element, env: xmpp.Env) -> bool:
    """Whether our own account tells of a change (RFC 6121 §2.1.6, XEP-0191 §3.3), which nobody else may."""
    payload = next(stanza.elements(), None)
    own = stanza.attrs.get("from") in (None, env.bare, env.jid)
    asks = stanza.name == ns.IQ and stanza.attrs.get("type") == "set"
    return own and asks and payload is not None and payload.name in _PUSHED


def believed(stanza: xmpp.Element, env: xmpp.Env, waits: Iterable[Awaited]) -> bool:
    """Whether a stanza counts: what it says is true of us, and news to the client. ``waits`` is what we have asked.

    An IQ is an answer to us, or our own account's (RFC 6120 §8.2.3); one that asks is answered, and is no news. What
    comes out of an archive comes from whom we have asked for it (XEP-0313 §4.2). In presences and other messages all
    speak for themselves.
    """
    sender = stanza.attrs.get("from", "")
    if stanza.name == ns.IQ:
        if stanza.attrs.get("type") not in ("result", "error"):
            return is_push(stanza, env)
        return may_answer("", sender, env) or any(judge(wait, stanza, env) is not None for wait in waits)
    result = stanza.find(_ARCHIVED) if stanza.name == ns.MESSAGE else None
    if result is None or may_answer("", sender, env):
        return True
    asked = result.attrs.get("queryid")
    return any(wait.by == "answer" and wait.id == asked and may_answer(wait.to, sender, env) for wait in waits)
