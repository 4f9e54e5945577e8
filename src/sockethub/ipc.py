"""The socket between the workers and the gateways of one machine: what both ends have to agree on.

Frames are a 4-byte big-endian length and as many bytes. The gateway begins with :data:`NONCE_BYTES` random bytes (no
frame); the worker answers with a plain frame, the JSON object ``{"platform", "login"}``, and then sends sealed events,
each bound to that nonce and its number on this connection: nobody without the login's key can say anything in its
name, nor repeat, leave out or reorder what it said.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sockethub import jsontext
from sockethub.crypto import Binding
from sockethub.errors import CryptoError

NONCE_BYTES: Final = 16
LENGTH_BYTES: Final = 4
MAX_FRAME_BYTES: Final = 1_048_576
"""Far above any activity; whoever announces more is not a worker of ours."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a worker tells the gateways: an activity for attached sessions, or the login's new actor id.

    ``only`` and ``without`` narrow the sessions; None means all.
    """

    activity: Mapping[str, Any] | None = None
    only: tuple[str, ...] | None = None
    without: tuple[str, ...] | None = None
    identify: str | None = None

    def encode(self) -> bytes:
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None}).encode()

    @classmethod
    def decode(cls, plaintext: bytes) -> Event:
        """Undo :meth:`encode`; raises :class:`~sockethub.errors.CryptoError` for anything else.

        Sealing says which worker wrote it, not what: that one may have been taken over.
        """
        try:
            fields = jsontext.mapping(plaintext)
        except ValueError as error:
            raise CryptoError("not an event") from error
        activity, name = fields.get("activity"), fields.get("identify")
        if not (activity is None or _is_activity(activity)) or not (name is None or isinstance(name, str)):
            raise CryptoError("not an event")
        return cls(activity, _sessions(fields.get("only")), _sessions(fields.get("without")), name)


def _is_activity(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(member), str) for member in ("context", "type"))


def _sessions(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise CryptoError("not an event")
    return tuple(value)


def frame(payload: bytes) -> bytes:
    """A payload with its length in front."""
    return len(payload).to_bytes(LENGTH_BYTES, "big") + payload


def event_binding(login: str, nonce: bytes, sequence: int) -> Binding:
    """Where the event number ``sequence`` (from 0) of a connection belongs."""
    return Binding("event", login=login, id=f"{nonce.hex()}:{sequence}")


def inbox_binding(login: str, record: str) -> Binding:
    """Where an event belongs that goes through the gateway's inbox instead; ``record`` is random."""
    return Binding("event", login=login, id=f"inbox:{record}")


def machine_id() -> str:
    """The same for processes that see the same files, and with them the same Unix sockets.

    Containers of one host, and services with a private ``/tmp``, share a kernel but see other files (namespaces(7)): a
    socket that is not there for one of them says nothing about whether its owner lives.
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return f"{boot} {os.readlink('/proc/self/ns/mnt')}"
