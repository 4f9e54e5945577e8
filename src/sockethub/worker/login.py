"""A login's worker: who is attached, what they had asked for, and the platform that holds the connection."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import anyio
import redis
import structlog
from anyio.abc import TaskGroup

from sockethub import redis_keys
from sockethub.errors import CryptoError, NotConnected, PlatformError
from sockethub.ipc import Event
from sockethub.jobs import Delivery, Envelope, Job, LoginRecord, RedisLink, Reply, current_delivery
from sockethub.jobs.commands import Command, pairs
from sockethub.jobs.pauses import Pauses
from sockethub.worker.answers import Answers
from sockethub.worker.audience import Audience, Missed
from sockethub.worker.intent import Intent
from sockethub.worker.interface import Activity, LoginContext, PersistentPlatform
from sockethub.worker.lease import Lease
from sockethub.worker.links import GatewayLinks
from sockethub.worker.runtime import Service, copy_of, load_driver, reach_of
from sockethub.worker.spec import WorkerSpec

NOT_CONNECTED: Final = "not connected; send `connect` first"
RECONNECTING: Final = "the connection was lost, and is being made again; nothing was sent"
MISSED: Final = "{} events before these are lost: more happened while nobody was here than is kept"
LOST: Final = "{} events were lost on their way: the gateway did not keep up, or could not be reached"
DRAIN_SECONDS: Final = 2.0


class LoginService(Service):
    """One login: sessions, credentials, desired state, platform."""

    def __init__(self, spec: WorkerSpec, link: RedisLink, lease: Lease, tasks: TaskGroup) -> None:
        self._spec = spec
        self._link = link
        self._lease = lease
        self._tasks = tasks
        self._answers = Answers(spec, link)
        self._under_way: Delivery | None = None
        self._audience = Audience()
        self._missed = Missed(spec.missed_events)
        self._links = GatewayLinks(
            spec, link, tasks, gone=self._gateway_gone, lost=self._events_lost, certain=lease.certain
        )
        self._log = structlog.get_logger(__name__).bind(platform=spec.platform, login=spec.login)
        self._intent = Intent(spec, link)
        self._linger: anyio.CancelScope | None = None
        self._attended = True
        self._own = False
        """Whether all who attach are the same user's."""
        self._asked = False
        """Whether a command has come."""
        self._over = False
        self.finished = anyio.Event()
        self._platform: PersistentPlatform = load_driver(spec.driver)(
            LoginContext(
                platform=spec.platform,
                options=spec.options,
                reach=reach_of(spec),
                log=structlog.get_logger("sockethub.platforms").bind(platform=spec.platform, login=spec.login),
                emit=self.emit,
                identify=self._identify,
                save=self._save,
                lost=self._lost,
                tasks=tasks,
                journal=self._journal,
            )
        )
        self.journals = self._platform.journals

    async def begin(self) -> None:
        """Attach who is attached; after a crash, take up what the user had asked for."""
        attached = pairs(await self._link.call("HGETALL", redis_keys.attached(self._spec.login))) or {}
        self._audience.begin({session.decode(): gateway.decode() for session, gateway in attached.items()})
        self._audience_changed()
        await self._intent.load()
        if self._intent.connected and len(self._audience):
            await self._restore()

    async def perform(self, job: Job, envelope: Envelope) -> Reply | None:
        self._hear_of(job, envelope)
        if job.activity is None:
            # It came while the one before was ending, who could not end for that; there is nothing to stay for.
            self._over |= job.kind != "attach" and not (self._asked or self._intent.connected)
            return None
        self._asked = True
        if job.activity["type"] not in self._spec.retryable:
            self._under_way = current_delivery()
        try:
            result = await self._do(copy_of(job.activity), envelope.session)
        finally:
            self._under_way = None
        # What a query found has been emitted to all.
        if len(self._audience) > 1 and (result is None or job.activity["type"] != "query"):
            told = dict(job.activity) if result is None else result
            self._links.emit(Event(activity=told, without=(envelope.session,)))
        return Reply("result", activity=result)

    async def recall(self, activity: Activity) -> Reply | None:
        return await self._answers.find(activity)

    def remember(self, activity: Activity, reply: Reply) -> tuple[Command, ...]:
        return () if activity["type"] in self._spec.retryable else self._answers.remember(activity, reply)

    def standing(self) -> dict[str, Any]:
        """What the supervisor is told of it."""
        return {"connected": self._platform.connected, "sessions": len(self._audience)}

    async def stop(self, reason: str) -> None:
        """Leave politely, then end."""
        await self._part(reason)
        self.finished.set()

    @property
    def over(self) -> bool:
        return self._over

    def end(self) -> None:
        self.finished.set()

    def forget(self, gateway: str) -> None:
        """A gateway is gone, and its sessions with it."""
        self._gateway_gone(gateway, self._links.abandon(gateway))

    def rewrite(self) -> None:
        """Redis may have lost what this worker had written there."""
        self._tasks.start_soon(self._rewrite)

    def emit(self, activity: Activity) -> None:
        """Tell every attached session; where none is present, whoever comes next."""
        # Where the next session may be another client's, what is under way as it comes is not for it.
        self._links.emit(Event(activity=activity, only=None if self._own else tuple(self._audience)))
        self._keep_missed(activity)

    async def _do(self, activity: Activity, session: str) -> Activity | None:
        match activity["type"]:
            case "connect":
                await self._journal()
                return await self._connect(activity, await self._credentials(session))
            case "disconnect":
                await self._journal()
                await self._leave("disconnected")
                return None
        if not self._platform.connected:
            if not self._platform.connects_on_demand:
                raise NotConnected(RECONNECTING if self._intent.connected else NOT_CONNECTED)
            await self._connect(activity, await self._credentials(session))
        return await self._platform.perform(activity)

    async def _journal(self) -> None:
        if self._under_way is None:
            return  # it may be done again
        match await self._under_way.journal():
            case "gone":
                raise PlatformError("it was not sent, for the queue has lost it; send it again", condition="queue")
            case "taken":
                await self._lease.give_up()

    async def _connect(self, activity: Activity, credentials: Mapping[str, Any]) -> Activity | None:
        self._intent.actor = self._intent.actor or activity["actor"]
        result = await self._platform.connect(credentials, None)
        self._intent.connected = True
        await self._intent.store()
        return result

    async def _leave(self, reason: str) -> None:
        """For good: nothing is to be restored. The process ends when the job under way is settled."""
        await self._intent.give_up()
        await self._part(reason)
        self._over = True

    async def _leave_now(self, reason: str) -> None:
        await self._leave(reason)
        self.finished.set()

    async def _part(self, reason: str) -> None:
        with anyio.move_on_after(self._spec.stop_seconds):
            await self._platform.disconnect(reason)
        await self._links.drain(DRAIN_SECONDS)

    async def _credentials(self, session: str) -> Mapping[str, Any]:
        record = pairs(await self._link.call("HGETALL", redis_keys.session_login(session, self._spec.login)))
        if not record:
            raise PlatformError("the session's credentials are gone; send them again", condition="credentials")
        key = self._spec.login_key.reveal()
        return LoginRecord.from_hash(record).open(key, session=session, login=self._spec.login)

    async def _restore(self) -> None:
        for session in self._audience:
            try:
                credentials = await self._credentials(session)
            except (PlatformError, CryptoError):
                continue  # that session ended meanwhile; another one's credentials do as well
            try:
                with anyio.fail_after(self._spec.time_limit_seconds):
                    await self._platform.connect(credentials, self._intent.saved)
            except (PlatformError, TimeoutError) as error:
                self._lost(str(error) or "not connected again in time")
                return
            self.emit(self._intent.own("connect", object={"type": "connect", "status": "reconnected"}))
            return

    def _identify(self, actor: str) -> None:
        self._intent.rename(actor)
        self._links.emit(Event(identify=actor))

    async def _save(self, saved: Mapping[str, Any]) -> None:
        self._intent.saved = saved
        await self._intent.store()

    async def _rewrite(self) -> None:
        pauses = Pauses()
        while True:
            try:
                await self._intent.rewrite()
                await self._answers.rewrite()
                return
            except redis.RedisError as error:
                self._log.warning("records not written again", error=type(error).__name__)
                await pauses.wait()

    def _lost(self, text: str) -> None:
        self._log.warning("connection lost for good")
        self.emit(self._intent.own("error", error=text))
        self._tasks.start_soon(self._leave_now, "lost")

    # --- Who listens --------------------------------------------------------------------------------------------------

    def _hear_of(self, job: Job, envelope: Envelope) -> None:
        """What a job tells of the session that it comes from."""
        match job.kind:
            case "detach":
                self._audience.leave(envelope.session)
            case "away":
                self._audience.step_out(envelope.session)
            case _:
                self._own = job.own
                alone = not self._audience.present
                entitled = job.own or self._audience.was_forgotten(envelope.session)
                new = self._audience.arrive(envelope.session, envelope.gateway)
                self._audience_changed()
                if alone:
                    self._catch_up(envelope.session if new and entitled else None)
                return
        self._audience_changed()

    def _catch_up(self, session: str | None) -> None:
        """Tell ``session`` what nobody heard. None: what one that is not new has missed was kept by its gateway; and
        where a login may be given to another client, what was said to the one before is not told to that.
        """
        lost, missed = self._missed.take()
        if session is None:
            return
        if lost:
            self._links.emit(Event(activity=self._intent.own("error", error=MISSED.format(lost)), only=(session,)))
        for activity in missed:
            self._links.emit(Event(activity=activity, only=(session,)))

    def _keep_missed(self, activity: Mapping[str, Any]) -> None:
        if not self._audience.present:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            self._missed.add(activity, len(json.dumps(activity)), now)

    def _gateway_gone(self, gateway: str, left: Sequence[Event]) -> None:
        """What it was not given is for who comes next: also what it was to tell a session that had just come."""
        self._audience.forget(gateway)
        self._audience_changed()
        for event in left:
            if event.activity is not None:
                self._keep_missed(event.activity)

    def _events_lost(self, count: int) -> Event:
        """What a gateway is told that could not be given so many events."""
        return Event(activity=self._intent.own("error", error=LOST.format(count)))

    def _audience_changed(self) -> None:
        self._links.set_gateways(self._audience.gateways)
        if self._audience.present != self._attended:
            self._attended = self._audience.present
            self._platform.attended(self._attended)
        if len(self._audience):
            if self._linger is not None:
                self._linger.cancel()
                self._linger = None
        elif self._linger is None:
            self._linger = anyio.CancelScope()
            self._tasks.start_soon(self._leave_later, self._linger)

    async def _leave_later(self, scope: anyio.CancelScope) -> None:
        with scope:
            await anyio.sleep(self._spec.linger_seconds)
            await self._leave_now("nobody is listening any more")
