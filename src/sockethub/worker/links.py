"""The short way from a worker to the gateways that have a session attached: a Unix socket (:mod:`sockethub.ipc`).

A gateway on another machine, or one whose socket does not answer, gets the same events through its inbox in Redis.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final

import anyio
import redis
import structlog
from anyio.abc import TaskGroup

from sockethub import jsontext, redis_keys
from sockethub.crypto import seal
from sockethub.ipc import NONCE_BYTES, Event, event_binding, frame, inbox_binding, machine_id
from sockethub.jobs import RedisLink
from sockethub.jobs.commands import Command, Word, add
from sockethub.jobs.inbox import INBOX_LENGTH
from sockethub.jobs.link import NotDone, WritesRefused
from sockethub.jobs.pauses import Pauses
from sockethub.worker.spec import WorkerSpec

WAITING_EVENTS: Final = 4_096
"""Events waiting for one gateway; one that falls further behind loses the newest, and the loss is logged."""

CONNECT_SECONDS: Final = 2.0
WRITE_SECONDS: Final = 5.0
"""How long a gateway may leave its socket unread before events take the long way, which does not wait for it."""

RETRY_SECONDS: Final = 1.0
"""Between attempts to find a gateway's socket: one on another machine has none, and is not asked for each event."""


HUNG_UP: Final = Event()
"""Stands in the line of events for the end of a connection."""


class GatewayLinks:
    """One link per gateway; each owned by a task of the worker."""

    def __init__(
        self,
        spec: WorkerSpec,
        link: RedisLink,
        tasks: TaskGroup,
        *,
        gone: Callable[[str, Sequence[Event]], None],
        lost: Callable[[int], Event],
        certain: Callable[[], Awaitable[None]],
    ) -> None:
        """``certain`` returns while the login is ours to tell of. ``gone`` hears of a gateway whose process has ended,
        and what it was not given; ``lost`` makes what a gateway is told that so many events did not reach.
        """
        self._spec = spec
        self._redis = link
        self._tasks = tasks
        self._gone = gone
        self._lost = lost
        self._certain = certain
        self._links: dict[str, Link] = {}

    def set_gateways(self, gateways: set[str]) -> None:
        """Have links to exactly these gateways."""
        for gone in self._links.keys() - gateways:
            self._links.pop(gone).close()
        for new in gateways - self._links.keys():
            link = Link(self._spec, self._redis, new, self._lost, self._certain)
            self._links[new] = link
            self._tasks.start_soon(self._run, new, link)

    async def _run(self, gateway: str, link: Link) -> None:
        left = await link.run()
        if link.dead and self._links.get(gateway) is link:
            self._gone(gateway, left)

    def abandon(self, gateway: str) -> list[Event]:
        """Give up a gateway that others have found dead; what it was not given, as far as one can know."""
        link = self._links.pop(gateway, None)
        return [] if link is None else link.abandon()

    def emit(self, event: Event) -> None:
        """Queue ``event`` for every gateway; never waits."""
        for link in self._links.values():
            link.offer(event)

    async def drain(self, seconds: float) -> None:
        """Wait until everything queued has been written, at most ``seconds``."""
        with anyio.move_on_after(seconds):
            for link in list(self._links.values()):
                await link.drained()


class Link:
    """Events to one gateway, in order."""

    def __init__(
        self,
        spec: WorkerSpec,
        link: RedisLink,
        gateway: str,
        lost: Callable[[int], Event],
        certain: Callable[[], Awaitable[None]],
    ) -> None:
        self._spec = spec
        self._redis = link
        self._gateway = gateway
        self._lost = lost
        self._certain = certain
        self.dead = False
        """Whether the gateway's process has ended."""
        self._closing = False
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(WAITING_EVENTS)
        self._in_hand: Event | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._nonce = b""
        self._sequence = 0
        self._watching: asyncio.Future[bytes] | None = None
        self._dropped = 0
        self._not_before = 0.0
        self._log = structlog.get_logger(__name__).bind(gateway=gateway, login=spec.login)

    def offer(self, event: Event) -> None:
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self._dropped += 1
            if self._dropped.bit_count() == 1:
                self._log.warning("gateway does not keep up", dropped=self._dropped)

    def _hung_up(self, watching: asyncio.Future[bytes]) -> None:
        """The connection has ended; with an error, where the gateway had not read all that was written."""
        if watching.cancelled():
            return
        watching.exception()  # looked at
        if not self._queue.full():
            self._queue.put_nowait(HUNG_UP)

    def close(self) -> None:
        """End the task once what is queued has been written, or cannot be."""
        self._closing = True
        if self._queue.full():
            self._queue.get_nowait()
            self._queue.task_done()
        self._queue.put_nowait(None)

    def abandon(self) -> list[Event]:
        """End the task; what was not delivered, with what is being delivered now."""
        self.dead = True
        left = [event for event in (self._in_hand, *self._rest()) if event is not None and event is not HUNG_UP]
        self._queue.put_nowait(None)
        return left

    async def drained(self) -> None:
        await self._queue.join()

    async def run(self) -> list[Event]:
        """Deliver until closed, or until the gateway is dead; what it was not given then."""
        left: list[Event] = []
        try:
            while (event := await self._queue.get()) is not None:
                try:
                    if event is HUNG_UP:
                        await self._look()
                    elif not self.dead:
                        self._in_hand = event
                        await self._certain()
                        await self._catch_up()
                        await self._deliver(event)
                    if self.dead:
                        left += [each for each in (event, *self._rest()) if each is not HUNG_UP]
                        return left
                finally:
                    self._in_hand = None
                    self._queue.task_done()
            self._queue.task_done()
        finally:
            if self._watching is not None:
                self._watching.cancel()
            if self._writer is not None:
                self._writer.close()
        return left

    def _rest(self) -> Iterator[Event]:
        while not self._queue.empty():
            event = self._queue.get_nowait()
            self._queue.task_done()
            if event is not None:
                yield event

    async def _look(self) -> None:
        """The connection has ended: find out whether the gateway is still there, before it is given anything else."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        await anyio.sleep(max(0.0, self._not_before - anyio.current_time()))  # one that hangs up each time is no hurry
        self._writer = await self._connect()

    async def _catch_up(self) -> None:
        """Say what was not delivered, before anything else."""
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            await self._deliver(self._lost(dropped))

    async def _deliver(self, event: Event) -> None:
        """By the socket, or else through Redis."""
        plaintext = event.encode()
        if not await self._write(plaintext) and not self.dead:
            await self._post(plaintext)

    async def _post(self, plaintext: bytes) -> None:
        """Through Redis; while there is neither, an event waits for either, and what comes behind it too."""
        posting, pauses, perhaps_posted = self._posting(plaintext), Pauses(), False
        while True:
            try:
                await self._redis.call(*posting)
                return
            except (WritesRefused, redis.ConnectionError, redis.TimeoutError) as error:
                # What may be there already must go the same way again, on which it is known again.
                perhaps_posted = perhaps_posted or not isinstance(error, NotDone | WritesRefused)
                why: redis.RedisError = error
            except redis.ResponseError as error:
                self._give_up(error)
                return
            if self._closing:
                self._give_up(why)
                return
            self._log.warning("neither socket nor Redis", error=type(why).__name__)
            await pauses.wait()
            if self.dead or (not perhaps_posted and (await self._write(plaintext) or self.dead)):
                return

    def _posting(self, plaintext: bytes) -> Command:
        """What puts an event into the gateway's inbox, which takes it once, however often it comes."""
        record = os.urandom(16).hex()
        binding = inbox_binding(self._spec.login, record)
        fields: dict[str, Word] = {
            "kind": "event",
            "platform": self._spec.platform,
            "login": self._spec.login,
            "id": record,
            "data": seal(self._spec.login_key.reveal(), plaintext, binding),
        }
        return add(redis_keys.inbox(self._gateway), fields, max_length=INBOX_LENGTH)

    def _give_up(self, error: redis.RedisError) -> None:
        self._log.warning("event lost: neither socket nor Redis", error=type(error).__name__)
        self._dropped += 1

    async def _write(self, plaintext: bytes) -> bool:
        if self._writer is not None and self._writer.is_closing():
            await self._look()
        elif self._writer is None:
            self._writer = await self._connect()
        writer = self._writer
        if writer is None:
            return False
        binding = event_binding(self._spec.login, self._nonce, self._sequence)
        self._sequence += 1
        try:
            writer.write(frame(seal(self._spec.login_key.reveal(), plaintext, binding)))
            with anyio.fail_after(WRITE_SECONDS):
                await writer.drain()
        except (ConnectionError, TimeoutError) as error:
            # What waits in its buffer is lost, and with it perhaps this event: it takes the long way too, and may thus
            # come twice, but never not at all.
            self._log.warning("socket to the gateway given up", error=type(error).__name__)
            writer.transport.abort()
            if isinstance(error, ConnectionError):
                await self._look()
                return False
            self._writer = None
            self._not_before = anyio.current_time() + RETRY_SECONDS
            return False
        return True

    async def _connect(self) -> asyncio.StreamWriter | None:
        if anyio.current_time() < self._not_before:
            return None
        self._not_before = anyio.current_time() + RETRY_SECONDS
        writer: asyncio.StreamWriter | None = None
        try:
            with anyio.fail_after(CONNECT_SECONDS):
                alive = await self._redis.call("GET", redis_keys.gateway_alive(self._gateway))
                where = {} if alive is None else jsontext.mapping(alive)
                path = where.get("ipc")
                if where.get("machine") != machine_id() or not isinstance(path, str):
                    return None
                reader, writer = await asyncio.open_unix_connection(path)
                self._nonce = await reader.readexactly(NONCE_BYTES)
        except (ConnectionRefusedError, FileNotFoundError):
            self._log.info("the gateway is gone")
            self.dead = True  # its socket is there for as long as its process
            return None
        except (OSError, ValueError, asyncio.IncompleteReadError, redis.RedisError) as error:
            self._log.info("no socket to the gateway", error=type(error).__name__)
            if writer is not None:
                writer.transport.abort()
            return None
        self._sequence = 0
        watching = asyncio.ensure_future(reader.read(1))  # a gateway says no more
        watching.add_done_callback(self._hung_up)
        self._watching = watching
        writer.write(frame(json.dumps({"platform": self._spec.platform, "login": self._spec.login}).encode()))
        return writer
