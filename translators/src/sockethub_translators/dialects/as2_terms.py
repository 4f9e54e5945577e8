"""The words of the ``as2`` dialect: types, member names and ids of ActivityStreams 2.0, and the JSON-LD context.

Types are capitalised: ``message`` is a ``Note``, ``room`` a ``Group``, ``send`` a ``Create``; what AS2 has no word for
is named in our namespace, ``room-list`` as ``RoomList``. Where a name would not read back, the standard type stands
beside the exact one in ``sh:verb`` or ``sh:kind``. Members with a prefix of a protocol, and those that AS2 or this
dialect use for something else, get another: ``irc:by`` is ``sh-irc:by``. Ids are IRIs:

====================  =================================================================================================
IRC                   ``irc://server/%23room``, ``irc://nick@server``, ``irc://server``
XMPP                  ``xmpp:room@muc.example/nick`` (RFC 5122)
messages, anything    themselves when they are web addresses, else ``urn:sockethub:`` and the id, percent-encoded
====================  =================================================================================================

Sources: Activity Streams 2.0 Core and Vocabulary (W3C), JSON-LD 1.1; ``EmojiReact`` is LitePub's.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote, unquote

from ..ids import CHANTYPES, parse_id
from .contexts import AS2_CONTEXT, IRC_IRI, platform_of_iri

__all__ = [
    "CONTEXT",
    "ENTITIES",
    "KIND",
    "OPAQUE",
    "VERB",
    "kind_of",
    "read_id",
    "read_key",
    "read_kind",
    "read_message_id",
    "type_of_kind",
    "type_of_verb",
    "verb_of",
    "write_id",
    "write_key",
    "write_message_id",
]

NAMESPACE: Final = "https://sockethub.org/ns#"
VERB: Final = "sh:verb"
KIND: Final = "sh:kind"

OPAQUE: Final = frozenset(
    {
        *("irc:wire", "irc:account", "irc:batch", "irc:isupport", "irc:lines", "irc:params", "irc:reason"),
        *("xmpp:wire", "xmpp:form", "xmpp:forms", "element", "form", "modes", "params"),
    }
)
"""Members that are JSON and nothing more: order, nulls and nested arrays count, and JSON-LD would lose them."""

ENTITIES: Final = frozenset({"person", "room", "service"})

_PROTOCOLS: Final = ("irc", "xmpp")
_TAKEN: Final = re.compile(rf"(?:sh[-:]|@|(?:{'|'.join(_PROTOCOLS)}):|to$)", re.DOTALL)


def write_key(key: str) -> str:
    """The name of a member; :func:`read_key` undoes it."""
    return f"sh-{key}" if _TAKEN.match(key) else key


def read_key(key: str) -> str:
    return key.removeprefix("sh-")


CONTEXT: Final[list[Any]] = [
    AS2_CONTEXT,
    {
        "@vocab": NAMESPACE,
        "sh": NAMESPACE,
        **{f"sh-{name}": f"https://sockethub.org/ns/{name}#" for name in _PROTOCOLS},
        "EmojiReact": "http://litepub.social/ns#EmojiReact",
        "relationship": {"@id": "as:relationship", "@type": "@vocab"},
        **{
            write_key(key): {
                "@id": write_key(key) if ":" in key else NAMESPACE + key,
                "@type": "@json",
            }
            for key in sorted(OPAQUE)
        },
    },
]
"""``@context`` of what is written: self-contained but for that of AS2 itself."""

# --- Types ------------------------------------------------------------------------------------------------------------

_VERBS: Final = {"send": "Create", "error": "Reject", "irc:raw": "IrcRaw", "xmpp:raw": "XmppRaw"}
_KINDS: Final = {"message": "Note", "room": "Group", "irc:raw": "IrcRaw"}
_VERB_OF: Final = {type_: verb for verb, type_ in _VERBS.items()}
_KIND_OF: Final = {type_: kind for kind, type_ in _KINDS.items()}
_SHAPED: Final = frozenset({"Like", "EmojiReact", "Move", "Follow", "Tombstone"})
"""Types of which :mod:`.as2_shapes` makes something else."""
_NOTES: Final = frozenset({"me", "notice"})

_KEBAB: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*")
_CAMEL: Final = re.compile(r"(?:[A-Z][a-z0-9]*)+")


def _camel(word: str) -> str:
    return "".join(part.capitalize() for part in word.split("-"))


def _kebab(word: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", word).lower() if _CAMEL.fullmatch(word) else word


def type_of_verb(verb: str) -> tuple[str, str | None]:
    """The type of an activity, and the exact verb where the type does not say it."""
    type_ = _VERBS.get(verb) or (_camel(verb) if _KEBAB.fullmatch(verb) else "Activity")
    return (type_, None) if verb_of(type_) == verb and type_ not in _SHAPED else ("Activity", verb)


def verb_of(type_: str) -> str:
    return _VERB_OF.get(type_) or _kebab(type_)


def type_of_kind(kind: str) -> tuple[str, str | None]:
    """The type of an object, and the exact kind where the type does not say it."""
    if kind in _NOTES:
        return "Note", kind
    type_ = _KINDS.get(kind) or (_camel(kind) if _KEBAB.fullmatch(kind) else "Object")
    return (type_, None) if kind_of(type_) == kind and type_ not in _SHAPED else ("Object", kind)


def kind_of(type_: str) -> str:
    return _KIND_OF.get(type_) or _kebab(type_)


def read_kind(raw: dict[str, Any]) -> Any:
    """The kind of an object as it is written."""
    exact, type_ = raw.get(KIND), raw.get("type")
    return exact if isinstance(exact, str) else kind_of(type_) if isinstance(type_, str) else type_


# --- Ids --------------------------------------------------------------------------------------------------------------

_URN: Final = "urn:sockethub:"
_ITSELF: Final = ("https://", "http://", "urn:uuid:")


def write_message_id(text: str) -> str:
    return text if text.startswith(_ITSELF) else _URN + _quote(text)


def read_message_id(text: str) -> str:
    return _unquote(text.removeprefix(_URN)) if text.startswith(_URN) else text


def write_id(text: str, platform: str, kind: str) -> str:
    """The IRI of a person, room or service; :func:`read_id` undoes it."""
    iri = _write_irc(text) if platform == "irc" else f"xmpp:{_quote(text, '@/')}" if platform == "xmpp" else None
    if iri is not None and read_id(iri, platform, kind) == text:
        return iri
    return write_message_id(text)


def read_id(text: str, platform: str, kind: str | None, *, server: str = "", chantypes: str = CHANTYPES) -> str:
    """The canonical id. ``server`` is what an id that is no IRI belongs to."""
    if text.startswith((_URN, *_ITSELF)):
        return read_message_id(text)
    if platform == "xmpp" and platform_of_iri(text) == "xmpp":
        return _unquote(text[5:].partition("?")[0])
    if platform != "irc":
        return text
    match = IRC_IRI.match(text)
    if match is None:
        return parse_id(text, kind=kind, server=server, chantypes=chantypes).id
    authority, _, path = text[match.end() :].partition("/")
    local, at, host = authority.rpartition("@")
    if path:
        local, host = _unquote(path), host if at else authority
        if kind == "room" and local[0] not in chantypes:
            local = chantypes[:1] + local
        return f"{local}@{_unquote(host)}"
    return f"{_unquote(local)}@{_unquote(host)}" if at else _unquote(authority)


def _write_irc(text: str) -> str:
    local, at, host = text.rpartition("@")
    if not at:
        return f"irc://{_quote(text, '[]:')}"
    if local[:1] in CHANTYPES:
        return f"irc://{_quote(host, '[]:')}/{_quote(local)}"
    return f"irc://{_quote(local)}@{_quote(host, '[]:')}"


def _quote(text: str, safe: str = "") -> str:
    return quote(text, safe=safe, errors="surrogatepass")


def _unquote(text: str) -> str:
    """Total: what is no UTF-8 after decoding stays as it was written."""
    try:
        return unquote(text, errors="surrogatepass")
    except UnicodeDecodeError:
        return text
