"""The socket between the workers and the gateways of one machine: what both ends have to agree on.

Frames are a 4-byte big-endian length and as many bytes. The gateway begins with :data:`NONCE_BYTES` random bytes (no
frame); the worker answers with a plain frame, the JSON object ``{"platform", "login"}``, and then sends sealed events,
each bound to that nonce and its number on this connection: nobody without the login's key can say anything in its
name, nor repeat, leave out or reorder what it said.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sockethub.crypto import Binding

NONCE_BYTES: Final = 16
LENGTH_BYTES: Final = 4
MAX_FRAME_BYTES: Final = 1_048_576
"""Far above any activity; whoever announces more is not a worker of ours."""


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
    """This machine (or container): the same for processes that can share a Unix socket."""
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
