"""What a refusal means: the short stable name of its condition, and a text for people.

Where IRC knows the same refusal, the condition has the same name, so that a client need not know which protocol it
speaks. Stanza errors: RFC 6120 §8.3.3; of rooms: XEP-0045 §7.2.
"""

from __future__ import annotations

from typing import Final, Literal

from sockethub.errors import PlatformError
from sockethub_translators import xmpp
from sockethub_translators.xmpp.errors import describe, read_error

__all__ = ["NOT_JOINED", "Purpose", "connect_error", "refused", "sasl_error", "stream_error"]

Purpose = Literal["entry", "nick", "room", "question", "other"]
"""What was refused: entering a room, a nickname there, something said in a room, an IQ, anything else."""

NOT_JOINED: Final = "not in this room; join it first"

_ENTRY: Final = {
    "conflict": ("nickname-in-use", "the nickname is in use in this room; choose another"),
    "forbidden": ("banned-from-channel", "banned from this room"),
    "item-not-found": ("no-such-channel", "there is no such room, or it is locked"),
    "jid-malformed": ("bad-channel-name", "not a room's address with a nickname"),
    "not-acceptable": ("nickname-change-denied", "the room wants the nickname that is reserved there"),
    "not-allowed": ("no-privileges", "rooms may not be created here"),
    "not-authorized": ("wrong-channel-key", "the room wants a password, and this is not it"),
    "registration-required": ("invite-only", "only members may enter this room"),
    "remote-server-not-found": ("no-such-server", "the server of this room cannot be found"),
    "resource-constraint": ("too-many-channels", "the service lets nobody enter more rooms now"),
    "service-unavailable": ("channel-full", "the room is full"),
}
_UNSUPPORTED: Final = frozenset({"feature-not-implemented", "service-unavailable"})


def refused(stanza: xmpp.Element, purpose: Purpose, about: str) -> PlatformError:
    """The error for something that this stanza, an error, refuses; ``about`` is whom it was addressed to."""
    error = read_error(stanza)
    if error is None:
        return PlatformError(f"{about}: refused", condition="refused")
    condition, told = str(error["condition"]), describe(error)
    if purpose in ("entry", "nick") and condition in _ENTRY:
        name, text = _ENTRY[condition]
        said = f" ({error['text']})" if error.get("text") else ""
        return PlatformError(f"{about}: {text}{said}", condition=name)
    if purpose == "room" and condition in ("not-acceptable", "item-not-found"):
        return PlatformError(f"{about}: {NOT_JOINED}", condition="not-joined")
    if purpose == "question" and condition in _UNSUPPORTED:
        return PlatformError(f"{about}: the server does not offer this ({told})", condition="unsupported")
    return PlatformError(f"{about}: {told}", condition=condition)


def connect_error(text: str, condition: str) -> PlatformError:
    """What ``connect`` raises: the text begins as existing clients expect."""
    return PlatformError(f"connection failed: {text}", condition=condition)


_SASL: Final = {
    "account-disabled": "banned",
    "credentials-expired": "wrong-password",
    "not-authorized": "wrong-password",
}


def sasl_error(condition: str, text: str) -> PlatformError:
    """Why a server did not let us in (RFC 6120 §6.5)."""
    told = text or condition.replace("-", " ") or "no reason given"
    return connect_error(f"authentication failed ({told})", _SASL.get(condition, "sasl-failed"))


_STREAM: Final = {
    "conflict": ("replaced", "another login with the same resource has taken this one's place"),
    "host-unknown": ("host-unknown", "the server does not serve this domain"),
    "not-authorized": ("banned", "the server has ended this login"),
    "policy-violation": ("policy-violation", "the server says that its rules were broken"),
    "see-other-host": ("see-other-host", "the server wants another address to be used; say it in the credentials"),
    "system-shutdown": ("connection-closed", "the server is going down"),
}


def stream_error(error: xmpp.Element) -> tuple[str, str]:
    """Condition and text of a stream error (RFC 6120 §4.9)."""
    kinds = [child for child in error.elements() if child.local != "text"]
    said = next((child.text for child in error.elements() if child.local == "text"), "")
    name = kinds[0].local if kinds else "undefined-condition"
    condition, text = _STREAM.get(name, ("connection-closed", f"stream error {name}"))
    return condition, f"{text} ({said})" if said else text
