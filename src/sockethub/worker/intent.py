"""What a login's user has asked for, sealed in Redis: a worker that takes over restores it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import structlog

from sockethub import jsontext, redis_keys
from sockethub.crypto import Binding, seal, unseal
from sockethub.errors import CryptoError
from sockethub.jobs import RedisLink
from sockethub.worker.spec import WorkerSpec

__all__ = ["Intent"]


class Intent:
    """Whether the login is to be ``connected``, what its platform ``saved``, and the ``actor`` it is told as."""

    def __init__(self, spec: WorkerSpec, link: RedisLink) -> None:
        self._spec = spec
        self._link = link
        self._key = redis_keys.state(spec.login)
        self._log = structlog.get_logger(__name__).bind(platform=spec.platform, login=spec.login)
        self.connected = False
        self.saved: Mapping[str, Any] | None = None
        self.actor: dict[str, Any] | None = None

    async def load(self) -> None:
        """As the worker before this one left it."""
        sealed: bytes | None = await self._link.call("GET", self._key)
        if sealed is None:
            return
        try:
            state = jsontext.mapping(unseal(self._spec.login_key.reveal(), sealed, self._binding()))
        except (CryptoError, ValueError) as error:
            # It is of another root key, say. The user connects again; failing here would fail for ever.
            self._log.warning("what the login had asked for does not open; it starts anew", error=str(error))
            return
        saved, actor = state.get("saved"), state.get("actor")
        self.connected = state.get("connected") is True
        self.saved = saved if isinstance(saved, dict) else None
        self.actor = actor if isinstance(actor, dict) and isinstance(actor.get("id"), str) else None

    async def store(self) -> None:
        state = {"connected": self.connected, "saved": self.saved, "actor": self.actor}
        sealed = seal(self._spec.login_key.reveal(), json.dumps(state).encode(), self._binding())
        await self._link.call("SET", self._key, sealed)

    async def rewrite(self) -> None:
        """Where Redis has lost it."""
        if self.connected:
            await self.store()

    async def give_up(self) -> None:
        """Nothing is to be restored."""
        self.connected = False
        await self._link.call("DEL", self._key)

    def rename(self, actor: str) -> None:
        """The login is called ``actor`` from now on."""
        name = {"name": actor.rpartition("@")[0] or actor} if self.actor and "name" in self.actor else {}
        self.actor = {**(self.actor or {"type": "person"}), "id": actor, **name}

    def own(self, verb: str, **members: Any) -> dict[str, Any]:
        """An activity of the login itself."""
        actor = self.actor or {"id": self._spec.platform, "type": "service"}
        return {"context": self._spec.platform, "type": verb, "actor": actor, **members}

    def _binding(self) -> Binding:
        return Binding("state", login=self._spec.login)
