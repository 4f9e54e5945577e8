"""SIGHUP, and `sockethub reload`: the declaration is read again, and what can change changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import structlog

from sockethub import logs
from sockethub.config import Declaration
from sockethub.config.reload import Live
from sockethub.errors import SockethubError

log = structlog.get_logger(__name__)


class Reloading:
    """Brings what ``read`` gives into force, as far as can be, one time after the other; tells so in the log, too."""

    def __init__(self, live: Live, read: Callable[[], Declaration]) -> None:
        self._live = live
        self._read = read
        self._turn = anyio.Lock()
        self._last: tuple[str, dict[str, Any]] = "", {}

    async def __call__(self, order: str = "") -> dict[str, Any]:
        """What has changed, or why nothing has (:data:`sockethub.config.reload.Reload`)."""
        async with self._turn:
            if order and order == self._last[0]:  # `serve` is given it as a gateway, and as a machine
                return self._last[1]
            answer = await self._reloaded()
            self._last = order, answer
            return answer

    async def hangup(self) -> None:
        """SIGHUP has come."""
        await self()

    async def _reloaded(self) -> dict[str, Any]:
        try:
            found = await self._live.become(self._read())
        except (SockethubError, TimeoutError, OSError) as error:
            text = str(error) or type(error).__name__
            for line in text.splitlines():
                log.error("not reloaded; all goes on as before", reason=line)
            return {"error": text}
        # Told in any case: what is to be quieter from now on may still say this.
        logs.set_level("info")
        log.info("reloaded", changed=found.changed)
        if found.restart:
            log.warning("changes of these wait for the next start", settings=found.restart)
        logs.set_level(self._live.now.log.level)
        return {"changed": list(found.changed), "restart": list(found.restart)}
