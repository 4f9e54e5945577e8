"""Authentication: nothing is done for a client before it has shown a token that the app's own server has signed.

The token is ``user.expires.signature``: a name, seconds since 1970, and the HMAC-SHA-256 of ``user.expires`` in
hexadecimal digits. A client sends it once, as a member ``token`` of the first thing that it sends.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Final

from sockethub.errors import ClientError, ConfigError
from sockethub.gateway.command import Command
from sockethub.gateway.pipeline import Middleware, MiddlewareContext

SECRET_CHARACTERS: Final = 32
"""At least; a shorter one can be guessed."""

TOKEN_CHARACTERS: Final = 1_024
NOTE: Final = "signed-in"


class SignedIn(Middleware):
    """Before ``Normalise``, which knows no ``token``. Options: ``secret``, best as ``${file:…}``."""

    def __init__(self, context: MiddlewareContext) -> None:
        super().__init__(context)
        secret = context.options.get("secret")
        if not isinstance(secret, str) or len(secret) < SECRET_CHARACTERS:
            raise ConfigError(f"gateway.middleware: SignedIn needs `secret`, of {SECRET_CHARACTERS} characters or more")
        self._secret = secret.encode()

    async def process(self, command: Command) -> None:
        if command.event == "schemas":
            return  # the same for everybody
        notes = command.session.notes
        token = command.raw.pop("token", None) if isinstance(command.raw, dict) else None
        if isinstance(token, str) and (until := self._valid_until(token[:TOKEN_CHARACTERS])) is not None:
            notes[NOTE] = until
        if notes.get(NOTE, 0.0) <= time.time():
            raise ClientError("/token: sign in first, and send what you were given as `token`")

    def _valid_until(self, token: str) -> float | None:
        said, _, signature = token.rpartition(".")
        expected = hmac.new(self._secret, said.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            return None
        return float(said.rpartition(".")[2])
