"""A gateway as small as can be: seals, enqueues, reads its inbox. The supervisor and its children are the real ones."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import dramatiq
import redis.asyncio
from anyio.abc import TaskStatus

from sockethub import redis_keys
from sockethub.config.models import Declaration
from sockethub.crypto import Binding, KeyRing, RootKey, Secret, login_queue, unseal
from sockethub.crypto.keys import new_session_secret, session_key, wrap_session_key
from sockethub.jobs import ACTOR_NAME, AsyncProducer, Envelope, Job, LoginRecord, RedisLink, Reply, connect, linked
from sockethub.notices import Notice
from sockethub.supervisor.launch import SupervisorProcess, run_supervisor
from sockethub.supervisor.supervisor import Supervisor

WITHIN_SECONDS = 20.0
PLATFORM = "parrot"


def declaration(**workers: Any) -> Declaration:
    return Declaration.model_validate(
        {
            "workers": workers,
            "log": {"level": "error"},
            "platforms": {
                PLATFORM: {
                    "mode": "persistent",
                    "driver": "tests.support.platforms:Parrot",
                    "verbs": ["connect", "disconnect", "send", "query"],
                    "schemas": {"messages": "unused"},
                    "queue": {"retryable": ["connect", "query"], "time_limit_seconds": 2},
                    "worker": {"linger_seconds": 0.3},
                },
                "dummy": {
                    "mode": "stateless",
                    "driver": "sockethub.platforms.dummy:DummyPlatform",
                    "verbs": ["echo", "sigkill", "exit1", "hang"],
                    "schemas": {"messages": "unused"},
                    "queue": {"concurrency": 4, "time_limit_seconds": 1, "retryable": ["echo", "exit1"]},
                    "worker": {"pool_size": 2},
                },
            },
        }
    )


def careful(*, remember_seconds: float = 300, max_attempts: int = 2, **workers: Any) -> Declaration:
    """With a platform that journals, alone. It writes files of what it did, and a sandbox would not let it."""
    return Declaration.model_validate(
        {
            "workers": {"sandbox": "off", **workers},
            "log": {"level": "error"},
            "platforms": {
                "careful": {
                    "mode": "persistent",
                    "driver": "tests.support.platforms:CarefulParrot",
                    "verbs": ["connect", "send", "query"],
                    "schemas": {"messages": "unused"},
                    "queue": {
                        "retryable": ["connect", "query"],
                        "time_limit_seconds": 5,
                        "remember_seconds": remember_seconds,
                        "max_attempts": max_attempts,
                    },
                    "worker": {"linger_seconds": 0.3},
                },
            },
        }
    )


class Stage:
    """The gateway's part."""

    def __init__(self, client: redis.asyncio.Redis, link: RedisLink, keys: KeyRing) -> None:
        self.id = os.urandom(4).hex()
        self.keys = keys
        self.client = client
        self.notices: list[tuple[str, str]] = []
        self.events: list[dict[str, Any]] = []
        self.replies: dict[str, bytes] = {}
        self._producer = AsyncProducer(link)
        self._heard = anyio.Event()

    async def announce(self) -> None:
        """Alive, but on another machine, so that events come through Redis."""
        await self.client.set(redis_keys.gateway_alive(self.id), json.dumps({"ipc": "", "machine": "elsewhere"}))

    async def read(self, blocking: redis.asyncio.Redis) -> None:
        last: Any = "0"
        while True:
            found: Any = await blocking.xread({redis_keys.inbox(self.id): last}, block=10_000)
            for entry, fields in found[0][1] if found else ():
                last = entry
                self._take({name.decode(): value for name, value in fields.items()})
            self._heard.set()
            self._heard = anyio.Event()

    def _take(self, fields: dict[str, bytes]) -> None:
        login = fields["login"].decode()
        match fields["kind"]:
            case b"reply":
                assert fields["job"].decode() not in self.replies, "a second reply"
                self.replies[fields["job"].decode()] = fields["data"]
            case b"login":
                notice = Notice.unseal(self.keys, fields["data"], login=login, gateway=self.id)
                self.notices.append((login, notice.state))
            case b"event":
                key = self.keys.login_key(fields["platform"].decode(), login)
                binding = Binding("event", login=login, id=f"inbox:{fields['id'].decode()}")
                self.events.append(json.loads(unseal(key, fields["data"], binding)))

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until something that came into the inbox makes ``condition`` true; what it returns."""
        with anyio.fail_after(WITHIN_SECONDS):
            while not (found := condition()):
                await self._heard.wait()
            return found

    async def until_gone(self, pid: int) -> None:
        """Wait until a process has ended."""
        with anyio.fail_after(WITHIN_SECONDS):
            while os.path.exists(f"/proc/{pid}"):  # noqa: ASYNC110 - the kernel tells its parent alone
                await anyio.sleep(0.01)


class Client:
    """One session's use of one login."""

    def __init__(
        self, stage: Stage, login: str, platform: str = PLATFORM, *, wishes: str = "", **credentials: Any
    ) -> None:
        self.stage = stage
        self.session = os.urandom(8).hex()
        self.login = login
        self.wishes = wishes
        self.platform = platform
        self.queue = login_queue(platform, login)
        self._credentials = {"type": "credentials", "object": {"type": "credentials", **credentials}}
        self._key = session_key(new_session_secret(), self.session, login)
        self._login_key = stage.keys.login_key(platform, login)
        self._wrapped = wrap_session_key(self._login_key, self._key, session=self.session, login=login)

    async def attach(self) -> None:
        """Credentials, and the wish to hear of the login."""
        record = LoginRecord.seal(
            self._credentials, key=self._key, login_key=self._login_key, session=self.session, login=self.login
        )
        await self.stage.client.hset(redis_keys.session_login(self.session, self.login), mapping=record.to_hash())
        await self.stage.client.hset(redis_keys.attached(self.login), self.session, self.stage.id)

    async def detach(self) -> None:
        await self.stage.client.hdel(redis_keys.attached(self.login), self.session)
        await self.enqueue(Job("detach"), create=False)  # as the gateway does it: a login that has ended needs no queue

    async def request(self) -> None:
        """Ask the supervisors to run the login."""
        fields = {"login": self.login, "platform": self.platform, "queue": self.queue, "gateway": self.stage.id}
        fields |= {"wishes": self.wishes}
        await self.stage.client.xadd(redis_keys.SUPERVISOR_REQUESTS, fields)

    async def enqueue(self, job: Job, *, create: bool = True) -> str:
        job_id = os.urandom(16).hex()
        envelope = Envelope.seal(
            job,
            job_id=job_id,
            session=self.session,
            gateway=self.stage.id,
            login=self.login,
            queue=self.queue,
            key=self._key,
            wrapped=self._wrapped,
        )
        message = dramatiq.Message(self.queue, ACTOR_NAME, (), envelope.to_kwargs(), {}, message_id=job_id)
        await self.stage._producer.enqueue(message, max_length=1_000, create=create)
        return job_id

    async def send(self, verb: str, content: str = "", **members: Any) -> str:
        activity = {
            "context": self.platform,
            "type": verb,
            "actor": {"id": "me", "type": "person"},
            "object": {"type": "message", "content": content},
            **members,
        }
        return await self.enqueue(Job("activity", activity))

    async def reply(self, job: str) -> Reply:
        sealed = await self.stage.until(lambda: self.stage.replies.get(job))
        return Reply.unseal(self._key, sealed, job_id=job, session=self.session, login=self.login)

    async def do(self, verb: str, content: str = "", **members: Any) -> Reply:
        return await self.reply(await self.send(verb, content, **members))

    async def connect(self) -> Reply:
        await self.attach()
        job = await self.send("connect")
        await self.request()
        return await self.reply(job)


@asynccontextmanager
async def staged(
    url: str, declared: Declaration | None = None, key: RootKey | None = None
) -> AsyncIterator[tuple[Stage, SupervisorProcess]]:
    """A running supervisor and a stage to play on."""
    key = key or RootKey.new(0)
    async with (
        run_supervisor(declared or declaration(), redis_url=Secret(url), root_key=key) as supervisor,
        empty_stage(url, key) as stage,
    ):
        yield stage, supervisor


@asynccontextmanager
async def empty_stage(url: str, key: RootKey) -> AsyncIterator[Stage]:
    """A stage without a supervisor."""
    async with (
        connect(url) as client,
        connect(url, blocking=True) as blocking,
        linked(url) as link,
        anyio.create_task_group() as tasks,
    ):
        stage = Stage(client, link, KeyRing(key))
        await stage.announce()
        tasks.start_soon(stage.read, blocking)
        yield stage
        tasks.cancel_scope.cancel()


async def supervise(
    url: str, declared: Declaration, key: RootKey, *, task_status: TaskStatus[Callable[[], None]]
) -> None:
    """A supervisor in this very process, whose constants a test may change; ``start`` it: what it returns has it leave
    politely."""
    ready, stop = anyio.Event(), anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Supervisor(declared, KeyRing(key), Secret(url)).run, ready, stop)
        await ready.wait()
        task_status.started(stop.set)
