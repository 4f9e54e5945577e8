"""What confirms a stanza of ours, and what refuses it. Pure.

An IQ is answered by its id (RFC 6120 §8.2.3). A room confirms what was said in it by sending it back, an entry by our
own presence, and all it refuses by an error (XEP-0045 §7). What is for a person or the server itself has been taken
when the server says that it has handled it (XEP-0198 ``<a/>``, or an answer to a ping that was sent behind it); an
error for it would have come before. Nothing is told by its position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from sockethub.platforms.xmpp.refusals import Purpose
from sockethub.platforms.xmpp.rooms import NICK_CHANGED, SELF, codes_of
from sockethub_translators import xmpp
from sockethub_translators.errors import ParseError
from sockethub_translators.xmpp import ns

__all__ = ["Awaited", "Verdict", "awaited", "judge", "may_answer", "normal"]

By = Literal["answer", "reflection", "presence", "exit", "server"]
Verdict = Literal["done", "refused"]

_SUBJECT: Final = ns.tag(ns.CLIENT, "subject")
_X: Final = ns.tag(ns.MUC, "x")


@dataclass(frozen=True, slots=True)
class Awaited:
    """What is waited for: an answer to the stanza with this id, by whom it was for."""

    by: By
    purpose: Purpose
    id: str
    to: str
    """Prepared (RFC 7622); empty for our own account."""
    subject: bool = False
    """It was a room's subject, which some rooms send back with an id of their own."""


def normal(jid: str) -> str:
    """A JID as servers write it; as it is, where it is none."""
    try:
        return str(xmpp.parse_jid(jid))
    except ParseError:
        return jid


def awaited(stanza: xmpp.Element, env: xmpp.Env) -> Awaited:
    """What to wait for after sending ``stanza``, which has an id."""
    id_, kind, to = stanza.attrs["id"], stanza.attrs.get("type"), normal(stanza.attrs.get("to", ""))
    bare, _, nick = to.partition("/")
    if stanza.name == ns.IQ:
        return Awaited("answer", "question", id_, to)
    if stanza.name == ns.MESSAGE:
        if kind == "groupchat":
            subject = stanza.find(_SUBJECT) is not None
            return Awaited("reflection", "room", id_, to, subject)
        return Awaited("server", "room" if bare in env.rooms else "other", id_, to)
    if bare not in env.rooms or not nick:
        return Awaited("server", "other", id_, to)
    if kind == "unavailable":
        return Awaited("exit", "room", id_, to)
    if stanza.find(_X) is not None:
        return Awaited("presence", "entry", id_, to)
    return Awaited("presence", "nick" if nick != env.rooms[bare] else "room", id_, to)


def judge(wait: Awaited, stanza: xmpp.Element, env: xmpp.Env) -> Verdict | None:
    """What a stanza from the server says of ours; None when it is not about it. ``env`` as it was before it."""
    sender, kind = stanza.attrs.get("from", ""), stanza.attrs.get("type")
    if wait.by == "answer":
        about = stanza.name == ns.IQ and stanza.attrs.get("id") == wait.id and kind in ("result", "error")
        if not about or not may_answer(wait.to, sender, env):
            return None
        return "refused" if kind == "error" else "done"
    if kind == "error":
        return "refused" if _refuses(wait, stanza, sender, env) else None
    room, _, nick = sender.partition("/")
    if room != wait.to.partition("/")[0]:
        return None
    if wait.by == "reflection":
        return "done" if _is_reflection(wait, stanza, room, nick, env) else None
    if stanza.name != ns.PRESENCE or not nick:
        return None
    codes = codes_of(stanza)
    mine = SELF in codes or sender == wait.to
    if wait.by == "presence":
        return "done" if mine and kind is None else None
    return "done" if wait.by == "exit" and mine and kind == "unavailable" and NICK_CHANGED not in codes else None


def may_answer(to: str, sender: str, env: xmpp.Env) -> bool:
    """Whether an answer to what was sent ``to`` may come from ``sender`` (RFC 6120 §8.1.2.1, §10.3.3).

    ``to`` is empty for our own account, for which our server may answer too.
    """
    own = {"", env.bare, env.jid, env.bare.partition("@")[2]}
    return sender == to or (to in ("", env.bare) and sender in own)


def _refuses(wait: Awaited, stanza: xmpp.Element, sender: str, env: xmpp.Env) -> bool:
    kinds = {"reflection": ns.MESSAGE, "presence": ns.PRESENCE, "exit": ns.PRESENCE}
    if stanza.name != kinds.get(wait.by, stanza.name) or stanza.name == ns.IQ:
        return False
    bare = wait.to.partition("/")[0]
    about = sender in (wait.to, bare) or (wait.by == "server" and may_answer(wait.to, sender, env))
    # Old rooms refuse an entry without its id; nothing else can be meant.
    named = stanza.attrs.get("id") == wait.id or (wait.by == "presence" and "id" not in stanza.attrs)
    return about and named


def _is_reflection(wait: Awaited, stanza: xmpp.Element, room: str, nick: str, env: xmpp.Env) -> bool:
    if stanza.name != ns.MESSAGE or stanza.attrs.get("type") != "groupchat" or nick != env.rooms.get(room):
        return False
    return stanza.attrs.get("id") == wait.id or (wait.subject and stanza.find(_SUBJECT) is not None)
