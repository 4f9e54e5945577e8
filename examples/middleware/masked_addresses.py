"""Transformation: e-mail addresses are masked in what is said, and in what is heard."""

from __future__ import annotations

import re
from typing import Any, Final

from sockethub.gateway.command import Command
from sockethub.gateway.pipeline import Activity, Middleware
from sockethub.sessions.session import Session

_ADDRESS: Final = re.compile(r"[^\s@<>]{1,64}@([^\s@<>.]{1,63}\.)+[a-z]{2,63}", re.IGNORECASE)


class MaskedAddresses(Middleware):
    """Behind ``Normalise``: what it changes is canonical, whatever dialect a client speaks."""

    async def process(self, command: Command) -> None:
        if command.event == "message" and command.activity is not None:
            command.activity = _masked(command.activity)

    def outgoing(self, session: Session, activity: Activity) -> Activity | None:
        return _masked(activity)


def _masked(activity: Activity) -> Activity:
    said: Any = activity.get("object")
    content = said.get("content") if isinstance(said, dict) else None
    if not isinstance(content, str) or "@" not in content:
        return activity  # the same: nothing is copied, or written twice
    return {**activity, "object": {**said, "content": _ADDRESS.sub("…@…", content)}}
