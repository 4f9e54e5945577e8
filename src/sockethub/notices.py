"""What supervisors tell gateways of a login, sealed: what both ends agree on.

It goes through the gateways' inboxes, where every worker may write. The key is one that gateways and supervisors derive
from the master key, and no worker has: one that was taken over cannot tell a gateway that another's login has failed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from sockethub import jsontext
from sockethub.crypto import Binding, KeyRing, seal, unseal
from sockethub.errors import CryptoError

__all__ = ["Notice", "State"]

State = Literal["running", "lost", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Notice:
    """How a login is, and a text for people where it does not say it all."""

    state: State
    text: str = ""

    def to_fields(self, keys: KeyRing, *, login: str, gateway: str) -> dict[str, str | bytes]:
        """The entry of the inbox of ``gateway``."""
        plaintext = json.dumps([self.state, self.text]).encode()
        sealed = seal(keys.supervisor_key, plaintext, _binding(login, gateway))
        return {"kind": "login", "login": login, "data": sealed}

    @classmethod
    def unseal(cls, keys: KeyRing, data: bytes, *, login: str, gateway: str) -> Notice:
        """Open the ``data`` of such an entry; raises :class:`~sockethub.errors.CryptoError`."""
        match jsontext.loads(unseal(keys.supervisor_key, data, _binding(login, gateway))):
            case [("running" | "lost" | "stopped" | "failed") as state, str(text)]:
                return cls(state, text)
        raise CryptoError("not a notice")


def _binding(login: str, gateway: str) -> Binding:
    return Binding("notice", login=login, id=gateway)
