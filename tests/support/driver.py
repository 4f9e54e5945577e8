"""A persistent platform as its worker runs it, with everything it tells kept for looking at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anyio
import structlog
from anyio.abc import TaskGroup

from sockethub.activity.validation import SchemaValidator
from sockethub.errors import ValidationFailed
from sockethub.worker.interface import Activity, LoginContext, PersistentPlatform, Reach

WITHIN_SECONDS = 10.0

HERE = Reach(private_addresses=True)


class PlatformDriver:
    """A platform, and what it emitted; ``responses`` is the schema of what it may emit."""

    def __init__(
        self,
        tasks: TaskGroup,
        platform: type[PersistentPlatform],
        name: str,
        options: Mapping[str, Any],
        responses: SchemaValidator,
        reach: Reach = HERE,
    ) -> None:
        self.emitted: list[Activity] = []
        self.identities: list[str] = []
        self.saves: list[Mapping[str, Any]] = []
        self.losses: list[str] = []
        self.faults: list[tuple[str, Activity]] = []
        """What was emitted against the schema of responses."""
        self._responses = responses
        self._changed = anyio.Event()
        self.platform = platform(
            LoginContext(
                platform=name,
                options=options,
                reach=reach,
                log=structlog.get_logger(),
                emit=self._emit,
                identify=self._identify,
                save=self._save,
                lost=self._lost,
                tasks=tasks,
            )
        )

    def _emit(self, activity: Activity) -> None:
        try:
            self._responses.check(activity)
        except ValidationFailed as fault:
            self.faults.append((str(fault), activity))
        self.emitted.append(activity)
        self._change()

    def _identify(self, actor: str) -> None:
        self.identities.append(actor)
        self._change()

    async def _save(self, state: Mapping[str, Any]) -> None:
        self.saves.append(state)
        self._change()

    def _lost(self, reason: str) -> None:
        self.losses.append(reason)
        self._change()

    def _change(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that the platform tells to make the condition true."""
        with anyio.fail_after(WITHIN_SECONDS):
            while not condition():
                await self._changed.wait()

    async def saw(self, type_: str, kind: str | None = None, **members: Any) -> Activity:
        """The first activity, past or to come, of this type, object type and with these members of its object."""

        def found() -> Activity | None:
            for activity in self.emitted:
                obj = activity.get("object", {})
                fits = activity["type"] == type_ and kind in (None, obj.get("type"))
                if fits and all(obj.get(key) == value for key, value in members.items()):
                    return activity
            return None

        await self.until(lambda: found() is not None)
        activity = found()
        assert activity is not None
        return activity
