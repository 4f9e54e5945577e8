"""A platform as its worker runs it, with everything it tells looked at."""

from __future__ import annotations

import copy
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import anyio
import structlog
from anyio.abc import TaskGroup

from sockethub.activity.bundle import bundle
from sockethub.activity.validation import SchemaValidator
from sockethub.config.checks import load_schema
from sockethub.errors import OutcomeUnknown, PlatformError, SockethubError, ValidationFailed
from sockethub.guard import Reach
from sockethub.testing.subject import Nonconformance, Subject
from sockethub.worker.interface import (
    Activity,
    Log,
    LoginContext,
    PersistentPlatform,
    Platform,
    PlatformContext,
    StatelessPlatform,
)

EVENTS: Final = 1_000
"""What was told last; a flood must not fill the memory of who watches it."""

STOP_SECONDS: Final = 5.0
"""As ``workers.stop_seconds``: how long leaving may take."""

REFUSALS: Final = (PlatformError, OutcomeUnknown)
"""What a platform may raise."""


class Harness:
    """One instance. Raises :class:`Nonconformance` in the name of ``rule``."""

    def __init__(self, rule: str, subject: Subject, tasks: TaskGroup) -> None:
        self.rule = rule
        self.subject = subject
        self.told: deque[Activity] = deque(maxlen=EVENTS)
        self.events = 0
        self.losses: list[str] = []
        self.saved: Mapping[str, Any] | None = None
        self.faults: list[str] = []
        declared = subject.info.declared
        self._limit = declared.queue.time_limit_seconds
        self._responses = _responses(subject)
        reach = Reach.declared(declared.policy.model_dump(mode="json"))
        log = cast(Log, structlog.get_logger("sockethub.platforms").bind(platform=subject.name))
        self.platform: Platform
        if subject.persistent:
            context = LoginContext(
                platform=subject.name,
                options=declared.options,
                reach=reach,
                log=log,
                emit=self._emit,
                identify=lambda actor: None,
                save=self._save,
                lost=self.losses.append,
                tasks=tasks,
            )
            self.platform = cast(type[PersistentPlatform], subject.driver)(context)
        else:
            plain = PlatformContext(subject.name, declared.options, reach, log)
            self.platform = cast(type[StatelessPlatform], subject.driver)(plain)

    @property
    def persistent(self) -> PersistentPlatform:
        assert isinstance(self.platform, PersistentPlatform)
        return self.platform

    @property
    def connected(self) -> bool:
        return not self.subject.persistent or self.persistent.connected

    async def connect(self, restore: Mapping[str, Any] | None = None) -> None:
        """As the worker does, where there is anything to connect; it must succeed."""
        if not self.subject.persistent:
            return
        try:
            with anyio.fail_after(self._limit):
                answer = await self.persistent.connect(copy.deepcopy(self.subject.credentials or {}), restore)
        except REFUSALS as error:
            raise self.broken(f"connect was refused: {error}") from error
        except TimeoutError as error:
            raise self.broken(f"connect took longer than {self._limit:g} s") from error
        except Exception as error:
            raise self.broken(f"connect let {_named(error)} escape") from error
        self._look_at(answer, "what connect returned")
        if not self.persistent.connected:
            raise self.broken("connect has returned, and `connected` is false")

    async def perform(self, activity: Activity) -> Activity | None:
        """It must succeed."""
        try:
            return await self.attempt(activity)
        except REFUSALS as error:
            raise self.broken(f"the example `{activity['type']}` was refused: {error}") from error

    async def attempt(self, activity: Activity) -> Activity | None:
        """The answer, or a documented error, which is raised; anything else breaks the rule."""
        what = f"`{activity.get('type')}`"
        given = copy.deepcopy(activity)
        try:
            if given.get("type") == "disconnect" and self.subject.persistent:
                await self.persistent.disconnect("")
                return None
            with anyio.fail_after(self._limit):
                answer = await self.platform.perform(given)
        except PlatformError as error:
            if not str(error) or not error.condition:
                raise self.broken(f"{what} raised a PlatformError without a text, or without a condition") from error
            raise
        except OutcomeUnknown:
            raise
        except TimeoutError as error:
            raise self.broken(f"{what} took longer than {self._limit:g} s, or let a TimeoutError escape") from error
        except SockethubError as error:
            raise self.broken(f"{what} raised {_named(error)}, which is none of a platform's errors") from error
        except Exception as error:
            raise self.broken(f"{what} let {_named(error)} escape; raise PlatformError for what users meet") from error
        self._look_at(answer, f"the answer to {what}")
        return answer

    async def leave(self) -> None:
        """Disconnect, within the worker's deadline."""
        if not self.subject.persistent:
            return
        try:
            with anyio.fail_after(STOP_SECONDS, shield=True):
                await self.persistent.disconnect("the test is over")
        except TimeoutError as error:
            raise self.broken(f"disconnect took longer than {STOP_SECONDS:g} s") from error
        except Exception as error:
            raise self.broken(f"disconnect let {_named(error)} escape") from error

    def verify(self) -> None:
        """Raises for what was told, or answered, against the schema of responses."""
        if self.faults:
            raise self.broken(self.faults[0])

    def broken(self, text: str) -> Nonconformance:
        return Nonconformance(self.rule, text)

    def _emit(self, activity: Activity) -> None:
        self.events += 1
        self.told.append(activity)
        self._look_at(activity, f"the event `{activity.get('type') if isinstance(activity, dict) else activity!r}`")

    async def _save(self, saved: Mapping[str, Any]) -> None:
        self.saved = json.loads(json.dumps(saved))

    def _look_at(self, activity: Any, what: str) -> None:
        if activity is None:
            return
        if not isinstance(activity, dict):
            self.faults.append(f"{what} is {type(activity).__name__}, and no activity")
            return
        try:
            json.dumps(activity, allow_nan=False)
        except (TypeError, ValueError) as error:
            self.faults.append(f"{what} is no JSON: {error}")
            return
        if self._responses is not None:
            try:
                self._responses.check(activity)
            except ValidationFailed as fault:
                self.faults.append(f"{what} is not what schemas.responses says: {fault}")


@asynccontextmanager
async def harness(rule: str, subject: Subject) -> AsyncIterator[Harness]:
    """A new instance, not connected; it leaves at the end of the block, and its tasks are cancelled."""
    group = anyio.create_task_group()
    await group.__aenter__()
    try:
        it = Harness(rule, subject, group)
        try:
            yield it
        finally:
            await it.leave()
    except BaseException:
        await _ended(rule, group)
        raise
    await _ended(rule, group)


async def _ended(rule: str, group: TaskGroup) -> None:
    """Cancel what is left; a background task that has failed has cancelled the rule itself, and is to blame."""
    group.cancel_scope.cancel()
    try:
        await group.__aexit__(None, None, None)
    except BaseExceptionGroup as failed:
        raise Nonconformance(rule, f"a background task let {_named(failed.exceptions[0])} escape") from failed


def _responses(subject: Subject) -> SchemaValidator | None:
    declared = subject.info.declared.schemas.responses
    return None if declared is None else SchemaValidator(subject.name, bundle(load_schema(declared, subject.folder)))


def _named(error: BaseException) -> str:
    return f"{type(error).__name__} ({error})" if str(error) else type(error).__name__
