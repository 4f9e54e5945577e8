"""A login's worker: who is attached, what they had asked for, and the platform that holds the connection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import anyio
import structlog
from anyio.abc import TaskGroup

from sockethub import redis_keys
from sockethub.crypto import Binding, seal, unseal
from sockethub.errors import CryptoError, NotConnected, PlatformError
from sockethub.jobs import Delivery, Envelope, Job, LoginRecord, RedisLink, Reply, current_delivery
from sockethub.jobs.commands import Command, pairs
from sockethub.worker.answers import Answers
from sockethub.worker.interface import Activity, LoginContext, PersistentPlatform
from sockethub.worker.lease import Lease
from sockethub.worker.links import GatewayLinks
from sockethub.worker.runtime import Service, copy_of, load_driver, reach_of
from sockethub.worker.spec import Event, WorkerSpec

NOT_CONNECTED: Final = "not connected; send `connect` first"
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
        self._sessions: dict[str, str] = {}
        self._links = GatewayLinks(spec, link, tasks)
        self._log = structlog.get_logger(__name__).bind(platform=spec.platform, login=spec.login)
        self._actor: dict[str, Any] | None = None
        self._wanted = False
        self._saved: Mapping[str, Any] | None = None
        self._linger: anyio.CancelScope | None = None
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
        self._sessions = {session.decode(): gateway.decode() for session, gateway in attached.items()}
        self._sessions_changed()
        await self._answers.load()
        sealed: bytes | None = await self._link.call("GET", redis_keys.state(self._spec.login))
        if sealed is None:
            return
        try:
            state = json.loads(unseal(self._spec.login_key.reveal(), sealed, self._state_binding()))
        except CryptoError as error:
            # The master key was replaced, say. The user connects again; failing here would fail for ever.
            self._log.warning("what the login had asked for does not open; it starts anew", error=str(error))
            return
        self._wanted, self._saved, self._actor = state["connected"], state["saved"], state["actor"]
        if self._wanted and self._sessions:
            await self._restore()

    async def perform(self, job: Job, envelope: Envelope) -> Reply | None:
        if job.kind == "detach":
            self._sessions.pop(envelope.session, None)
            self._sessions_changed()
            return None
        if self._sessions.get(envelope.session) != envelope.gateway:
            self._sessions[envelope.session] = envelope.gateway
            self._sessions_changed()
        if job.activity is None:
            return None
        if job.activity["type"] not in self._spec.retryable:
            self._under_way = current_delivery()
        try:
            result = await self._do(copy_of(job.activity), envelope.session)
        finally:
            self._under_way = None
        # What a query found has been emitted to all.
        if len(self._sessions) > 1 and (result is None or job.activity["type"] != "query"):
            told = dict(job.activity) if result is None else result
            self._links.emit(Event(activity=told, without=(envelope.session,)))
        return Reply("result", activity=result)

    def recall(self, activity: Activity) -> Reply | None:
        return self._answers.find(activity)

    def remember(self, activity: Activity, reply: Reply) -> tuple[Command, ...]:
        return () if activity["type"] in self._spec.retryable else self._answers.remember(activity, reply)

    async def stop(self, reason: str) -> None:
        """Leave politely, then end."""
        await self._part(reason)
        self.finished.set()

    def settled(self) -> None:
        if self._over:
            self.finished.set()

    def forget(self, gateway: str) -> None:
        """A gateway is gone, and its sessions with it."""
        self._sessions = {session: at for session, at in self._sessions.items() if at != gateway}
        self._sessions_changed()

    def emit(self, activity: Activity) -> None:
        """Tell every attached session."""
        self._links.emit(Event(activity=activity))

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
            raise NotConnected(NOT_CONNECTED)
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
        self._actor = self._actor or activity["actor"]
        result = await self._platform.connect(credentials, None)
        self._wanted = True
        await self._store()
        return result

    async def _leave(self, reason: str) -> None:
        """For good: nothing is to be restored. The process ends when the job under way is settled."""
        self._wanted = False
        await self._link.call("DEL", redis_keys.state(self._spec.login))
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
        for session in self._sessions:
            try:
                credentials = await self._credentials(session)
            except (PlatformError, CryptoError):
                continue  # that session ended meanwhile; another one's credentials do as well
            try:
                with anyio.fail_after(self._spec.time_limit_seconds):
                    await self._platform.connect(credentials, self._saved)
            except (PlatformError, TimeoutError) as error:
                self._lost(str(error) or "not connected again in time")
                return
            self.emit(self._own("connect", object={"type": "connect", "status": "reconnected"}))
            return

    def _own(self, verb: str, **members: Any) -> Activity:
        actor = self._actor or {"id": self._spec.platform, "type": "service"}
        return {"context": self._spec.platform, "type": verb, "actor": actor, **members}

    def _identify(self, actor: str) -> None:
        name = {"name": actor.rpartition("@")[0] or actor} if self._actor and "name" in self._actor else {}
        self._actor = {**(self._actor or {"type": "person"}), "id": actor, **name}
        self._links.emit(Event(identify=actor))

    async def _save(self, saved: Mapping[str, Any]) -> None:
        self._saved = saved
        await self._store()

    async def _store(self) -> None:
        state = {"connected": self._wanted, "saved": self._saved, "actor": self._actor}
        sealed = seal(self._spec.login_key.reveal(), json.dumps(state).encode(), self._state_binding())
        await self._link.call("SET", redis_keys.state(self._spec.login), sealed)

    def _state_binding(self) -> Binding:
        return Binding("state", login=self._spec.login)

    def _lost(self, text: str) -> None:
        self._log.warning("connection lost for good")
        self.emit(self._own("error", error=text))
        self._tasks.start_soon(self._leave_now, "lost")

    def _sessions_changed(self) -> None:
        self._links.set_gateways(set(self._sessions.values()))
        if self._sessions:
            if self._linger is not None:
                self._linger.cancel()
                self._linger = None
                self._platform.attended(True)
        elif self._linger is None:
            self._platform.attended(False)
            self._linger = anyio.CancelScope()
            self._tasks.start_soon(self._leave_later, self._linger)

    async def _leave_later(self, scope: anyio.CancelScope) -> None:
        with scope:
            await anyio.sleep(self._spec.linger_seconds)
            await self._leave_now("nobody is listening any more")
