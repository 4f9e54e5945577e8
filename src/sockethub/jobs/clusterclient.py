"""redis-py's asyncio client for a Redis Cluster, made of its clients for each server: for all but the hot path.

redis-py has one of its own, which sends commands again that may have been done, and fails where it could wait for a
connection. Here, as everywhere, nothing is sent twice but what a server has refused because another one has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import redis.asyncio
from redis.asyncio.client import Pipeline
from redis.exceptions import AskError, ClusterDownError, MovedError, TryAgainError

from sockethub.jobs.parts import answered, parted
from sockethub.jobs.slots import slot_of
from sockethub.jobs.topology import INSIST_SECONDS, PAUSE_SECONDS, Topology
from sockethub.jobs.wire import NotDone
from sockethub.redis_url import Address

__all__ = ["ClusterClient", "servers_of"]

REDIRECTS: Final = (AskError, TryAgainError)
"""And ``MovedError``, which is an ``AskError``."""

Server = redis.asyncio.Redis
Queued = tuple[tuple[Any, ...], Mapping[str, Any]]
"""A command of a pipeline, and redis-py's options for its answer."""


class ClusterClient(Server):
    """A client that asks whichever server has a command's slot; what has no key is asked of any master."""

    def __init__(self, topology: Topology, make: Callable[[Address], Server]) -> None:
        super().__init__(driver_info=None)  # it never connects: the servers' clients do
        self._topology = topology
        self._make = make
        self._servers: dict[Address, Server] = {}
        self._closed = False

    async def masters(self) -> list[Server]:
        """A client for each, in the order of their addresses."""
        await self._topology.find()
        return [self._server(address) for address in sorted(self._topology.masters)]

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        slot = slot_of(args)

        async def send(server: Server) -> Any:
            return await server.execute_command(*args, **options)  # type: ignore[no-untyped-call]

        async def ask(server: Server) -> Any:
            asking = server.pipeline(transaction=False)
            asking.execute_command("ASKING")
            asking.execute_command(*args, **options)
            _, answer = await asking.execute()
            return answer

        return await self._insist(slot, send, ask)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return _ClusterPipeline(self, transaction, shard_hint)

    async def scan_iter(self, *args: Any, **options: Any) -> AsyncIterator[Any]:  # type: ignore[override]  # of all servers
        for server in await self.masters():
            async for key in server.scan_iter(*args, **options):
                yield key

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        self._closed = True
        for server in self._servers.values():
            await server.aclose(close_connection_pool)
        self._servers.clear()

    async def run(self, queued: Sequence[Queued]) -> list[Any]:
        """The answers to commands that are one pipeline for each server, errors among them."""
        await self._topology.find()
        parts = parted(queued, lambda each: self._topology.owner(slot_of(each[0])))
        answers = await answered(queued, parts, self._run_at)
        for index, answer in enumerate(answers):
            if isinstance(answer, REDIRECTS):
                answers[index] = await self._again(*queued[index])
        return answers

    async def transact(self, queued: Sequence[Queued]) -> list[Any]:
        """The answers to commands of one slot, as a transaction."""
        slot = next((slot for args, _ in queued if (slot := slot_of(args)) is not None), None)

        async def send(server: Server) -> list[Any]:
            return await _filled(server.pipeline(transaction=True), queued).execute()

        return await self._insist(slot, send, None)  # type: ignore[no-any-return]

    async def _run_at(self, address: Address, queued: Sequence[Queued]) -> list[Any]:
        pipeline = _filled(self._server(address).pipeline(transaction=False), queued)
        try:
            answers: list[Any] = await pipeline.execute(raise_on_error=False)
        except (redis.ConnectionError, redis.TimeoutError):
            self._topology.doubt()
            raise
        return [self._down(answer) if isinstance(answer, ClusterDownError) else answer for answer in answers]

    async def _again(self, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        try:
            return await self.execute_command(*args, **options)
        except redis.RedisError as error:
            return error

    async def _insist(
        self,
        slot: int | None,
        send: Callable[[Server], Awaitable[Any]],
        ask: Callable[[Server], Awaitable[Any]] | None,
    ) -> Any:
        """Send to where the slot is. ``ask`` sends to where its keys are already; None waits until all of it is."""
        ends = asyncio.get_running_loop().time() + INSIST_SECONDS
        there: Address | None = None
        told: redis.ResponseError
        while True:
            await self._topology.find()
            address = there or self._topology.owner(slot)
            try:
                return await (send if there is None or ask is None else ask)(self._server(address))
            except MovedError as error:
                self._topology.learn(error.slot_id, (error.host or address[0], error.port))
                there, told = None, error
            except AskError as error:
                there, told = (None if ask is None else (error.host or address[0], error.port)), error
            except TryAgainError as error:
                there, told = None, error
            except ClusterDownError as error:
                raise self._down(error) from None
            except (redis.ConnectionError, redis.TimeoutError):
                self._topology.doubt()
                raise
            if asyncio.get_running_loop().time() >= ends:
                raise NotDone(str(told))
            if there is None and not isinstance(told, MovedError):
                await asyncio.sleep(PAUSE_SECONDS)

    def _down(self, error: Exception) -> NotDone:
        self._topology.doubt()
        return NotDone(str(error))

    def _server(self, address: Address) -> Server:
        if self._closed:
            raise NotDone("the client was closed")  # as each server's is
        if address not in self._servers:
            self._servers[address] = self._make(address)
        return self._servers[address]


class _ClusterPipeline(Pipeline):
    """Gathers commands as redis-py's does; a transaction has to be of one slot."""

    def __init__(self, cluster: ClusterClient, transaction: bool, shard_hint: str | None) -> None:
        super().__init__(cluster.connection_pool, cluster.response_callbacks, transaction, shard_hint)
        self._cluster = cluster

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        queued, self.command_stack = self.command_stack, []
        if not queued:
            return []
        run = self._cluster.transact if self.is_transaction else self._cluster.run
        answers = await run(queued)
        if raise_on_error:
            for answer in answers:
                if isinstance(answer, redis.RedisError):
                    raise answer
        return answers


def _filled(pipeline: Pipeline, queued: Sequence[Queued]) -> Pipeline:
    for args, options in queued:
        pipeline.execute_command(*args, **options)
    return pipeline


async def servers_of(client: redis.asyncio.Redis) -> list[redis.asyncio.Redis]:
    """The servers that are behind a client: one, or the masters of a cluster."""
    return await client.masters() if isinstance(client, ClusterClient) else [client]
