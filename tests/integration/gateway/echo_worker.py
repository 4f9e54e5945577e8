"""A worker of the dummy platform inside the test: same queue, same envelope, same replies, nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import dramatiq

from sockethub import redis_keys
from sockethub.crypto import KeyRing
from sockethub.jobs import ACTOR_NAME, AsyncWorker, Envelope, Reply, StreamBroker, current_delivery, linked
from sockethub.jobs.commands import add


class EchoWorker:
    """Answers the jobs of one queue; ``seen`` holds the activities in the order they came."""

    def __init__(self, keys: KeyRing, platform: str, login: str, queue: str) -> None:
        self.seen: list[Any] = []
        self.kinds: list[str] = []
        self.hold = anyio.Event()
        self.hold.set()
        self.queue = queue
        self._key = keys.login_key(platform, login)
        self.broker = StreamBroker("", middleware=[])
        dramatiq.actor(actor_name=ACTOR_NAME, queue_name=queue, broker=self.broker)(self._act)

    async def _act(self, **fields: str) -> None:
        delivery = current_delivery()
        envelope = Envelope.from_kwargs(fields)
        job, key = envelope.open(self._key, delivery.message_id)
        self.kinds.append(job.kind)
        if job.activity is None:
            return
        await self.hold.wait()
        self.seen.append(job.activity)
        reply = perform(dict(job.activity))
        data = reply.seal(key, job_id=delivery.message_id, session=envelope.session, login=envelope.login)
        record: Any = {
            "kind": "reply",
            "session": envelope.session,
            "login": envelope.login,
            "job": delivery.message_id,
            "data": data,
        }
        await delivery.settle(add(redis_keys.inbox(envelope.gateway), record, max_length=1_000))


def perform(activity: dict[str, Any]) -> Reply:
    """What the dummy platform does; any other platform's command is answered by itself."""
    if activity["context"] != "dummy":
        return Reply("result")
    content = activity["object"]["content"]
    if activity["type"] in ("fail", "throw"):
        return Reply("error", error=content)
    result = {**activity, "target": activity["actor"], "actor": {"id": "dummy", "type": "platform"}}
    if activity["type"] == "greet":
        result["object"] = {**activity["object"], "content": f"Hello {content}"}
    return Reply("result", activity=result)


@asynccontextmanager
async def echo_worker(
    url: str,
    keys: KeyRing,
    *,
    platform: str = "dummy",
    login: str = "dummy",
    queue: str = "dummy",
    concurrency: int = 10,
) -> AsyncIterator[EchoWorker]:
    """Work until the block ends."""
    worker = EchoWorker(keys, platform, login, queue)
    async with linked(url) as link, linked(url, blocking=True) as blocking, anyio.create_task_group() as tasks:
        runner = AsyncWorker(
            worker.broker, queue, blocking=blocking, link=link, consumer="test", concurrency=concurrency
        )
        tasks.start_soon(runner.run)
        yield worker
        tasks.cancel_scope.cancel()
