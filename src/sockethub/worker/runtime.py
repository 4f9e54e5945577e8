"""Runs one platform: jobs off the queue, each answered exactly once, in the transaction that finishes it.

(In a cluster the answer comes before that, and twice where the worker dies in between: gateways drop the second.)
"""

from __future__ import annotations

import importlib
import time
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, Final

import anyio
import dramatiq
import structlog

from sockethub import logs, redis_keys
from sockethub.errors import CryptoError, OutcomeUnknown, PlatformError
from sockethub.jobs import (
    ACTOR_NAME,
    AsyncWorker,
    Delivery,
    Envelope,
    Job,
    RedisLink,
    Reply,
    StreamBroker,
    current_delivery,
)
from sockethub.jobs.commands import Command, add
from sockethub.jobs.connection import BLOCKING_SECONDS
from sockethub.jobs.inbox import INBOX_LENGTH
from sockethub.jobs.worker import always
from sockethub.worker.interface import Activity, Reach
from sockethub.worker.lease import Lease
from sockethub.worker.sessionkeys import SessionKeys
from sockethub.worker.spec import WorkerSpec

ABANDONED_MARGIN_SECONDS: Final = 10.0
"""Beyond the time limit of a job, how long it may take to be settled."""

DIED: Final = "the worker ended while it performed this; whether it took effect is not known"
POISONED: Final = "performing this ended the worker, more than once; it is set aside"
BUG: Final = "the platform failed in a way it should not have; the operator's log says more"


class Service(ABC):
    """What differs between a login's worker and a pool's."""

    journals = False
    """Whether it journals a command before that has any effect."""

    @abstractmethod
    async def begin(self) -> None:
        """Before the first job."""

    @abstractmethod
    async def perform(self, job: Job, envelope: Envelope) -> Reply | None:
        """Do one job; None when nobody waits for a reply. Raises what platforms raise."""

    async def recall(self, activity: Activity) -> Reply | None:
        """How this command was answered, if it was performed before."""
        return None

    def remember(self, activity: Activity, reply: Reply) -> tuple[Command, ...]:
        """Commands to be done in the transaction that finishes this job."""
        return ()

    @property
    def over(self) -> bool:
        """Whether what was performed last was the end: nothing is to be begun any more."""
        return False

    def end(self) -> None:
        """All is finished and answered that was begun, and the rest given back."""


class Runtime:
    """Binds a service to its queue."""

    def __init__(
        self, spec: WorkerSpec, service: Service, lease: Lease | None, *, blocking: RedisLink, link: RedisLink
    ) -> None:
        self._spec = spec
        self._service = service
        self._log = structlog.get_logger(__name__).bind(platform=spec.platform, login=spec.login)
        self._keys = SessionKeys(spec.login_key)
        self._working = False
        self._ended = anyio.Event()
        broker = StreamBroker("", middleware=[])
        dramatiq.actor(actor_name=ACTOR_NAME, queue_name=spec.queue, broker=broker)(self._act)
        self._worker = AsyncWorker(
            broker,
            spec.queue,
            blocking=blocking,
            link=link,
            consumer=spec.consumer,
            concurrency=spec.concurrency,
            claim_from=spec.claim_from,
            abandoned_seconds=spec.time_limit_seconds + ABANDONED_MARGIN_SECONDS,
            # What the worker before may have asked Redis for, and not be there to take.
            rivalry_seconds=BLOCKING_SECONDS if spec.orphaned else 0.0,
            permit=always if lease is None else lease.permit,
        )

    async def run(self) -> None:
        """Work until cancelled, or drained."""
        await self._service.begin()
        self._working = True
        await self._worker.run()
        self._ended.set()
        if self._service.over:
            self._service.end()

    async def drain(self, seconds: float) -> None:
        """Begin no further job; wait for those under way, at most ``seconds``.

        What is left stays on the queue: whoever comes next answers it, and does what was not begun.
        """
        self._worker.stop()
        if self._working:
            with anyio.move_on_after(seconds):
                await self._ended.wait()

    async def _act(self, **fields: str) -> None:
        delivery = current_delivery()
        began, began_at = time.perf_counter(), time.time_ns()
        try:
            envelope = Envelope.from_kwargs(fields)
            key = self._keys.of(envelope)
            job = envelope.job(key, delivery.message_id)
        except CryptoError as error:
            self._log.error("job does not open", job=delivery.message_id, error=str(error))
            await delivery.bury()
            return
        reply = await self._answer(job, envelope, delivery)
        if self._service.over:
            self._worker.stop()
        if reply is None:
            await delivery.settle()
        else:
            also = () if job.activity is None else self._service.remember(copy_of(job.activity), reply)
            timed = replace(
                reply,
                took=round(time.perf_counter() - began, 6),
                began=None if job.trace is None else began_at,
            )
            if logs.debugging():
                trace = None if job.trace is None else job.trace.split("-")[1]
                self._log.debug(
                    "command performed", job=delivery.message_id, outcome=reply.outcome, seconds=timed.took, trace=trace
                )
            await self._reply(timed, key, envelope, delivery, also)

    async def _reply(
        self,
        reply: Reply,
        key: bytes,
        envelope: Envelope,
        delivery: Delivery,
        also: tuple[Command, ...],
    ) -> None:
        data = reply.seal(key, job_id=delivery.message_id, session=envelope.session, login=envelope.login)
        record: dict[str, str | bytes | int | float] = {
            "kind": "reply",
            "session": envelope.session,
            "login": envelope.login,
            "job": delivery.message_id,
            "data": data,
        }
        answer = add(redis_keys.inbox(envelope.gateway), record, max_length=INBOX_LENGTH)
        if delivery.failed:
            await delivery.bury(answer, *also)
        else:
            await delivery.settle(answer, *also, ahead=self._service.journals)

    async def _answer(self, job: Job, envelope: Envelope, delivery: Delivery) -> Reply | None:
        repeatable = job.activity is None or job.activity["type"] in self._spec.retryable
        if job.activity is not None:
            known = await self._service.recall(copy_of(job.activity))
            if known is not None:
                return known
        if delivery.attempts > 1 and job.activity is not None:
            if not repeatable and (delivery.journalled or not self._service.journals):
                return Reply("unknown", error=DIED)
            if delivery.attempts > self._spec.max_attempts:
                delivery.fail()
                self._log.error("job set aside as a dead letter", job=delivery.message_id, attempts=delivery.attempts)
                return Reply("error", error=POISONED, condition="poisoned")
        try:
            with anyio.move_on_after(self._spec.time_limit_seconds) as limit:
                return await self._service.perform(job, envelope)
        except PlatformError as error:
            return Reply("error", error=str(error), condition=error.condition)
        except OutcomeUnknown as error:
            return Reply("unknown", error=str(error) or DIED)
        except CryptoError:
            return Reply("error", error="the session's credentials do not open", condition="credentials")
        except Exception:  # noqa: BLE001 - a platform's bug must not take the login down; it is logged and answered
            self._log.exception("platform failed", job=delivery.message_id, verb=(job.activity or {}).get("type"))
            return Reply("error", error=BUG, condition="internal")
        # The limit alone ends up here: a TimeoutError of the platform's own is a bug like any other.
        assert limit.cancelled_caught
        if self._service.journals and not repeatable and not delivery.journalled:
            return Reply("error", error=f"not sent within {self._spec.time_limit_seconds:g} s", condition="timeout")
        return Reply("unknown", error=f"not confirmed within {self._spec.time_limit_seconds:g} s")


def load_driver(dotted: str) -> type[Any]:
    """The class that ``package.module:Class`` names."""
    module, _, name = dotted.partition(":")
    driver: type[Any] = getattr(importlib.import_module(module), name)
    return driver


def reach_of(spec: WorkerSpec) -> Reach:
    """The declared policy, as platforms get it."""
    return Reach.declared(spec.reach)


def copy_of(activity: Any) -> Activity:
    """A platform's own copy, for it may be changed there."""
    return dict(activity)
