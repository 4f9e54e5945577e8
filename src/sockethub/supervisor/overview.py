"""What a supervisor tells its operator of itself and its workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import redis
import redis.asyncio
import structlog

from sockethub import redis_keys
from sockethub.jobs.pipelines import each
from sockethub.operations.metrics import Reading, Samples, WorkersMetrics
from sockethub.operations.report import Identity, resident_bytes
from sockethub.supervisor.keeper import Keeper, LoginKeeper


class Overview:
    """Reads what the keepers know; adds to ``metrics`` what is read there."""

    def __init__(
        self,
        supervisor: str,
        metrics: WorkersMetrics,
        logins: Mapping[str, LoginKeeper],
        pools: Sequence[Keeper],
        client: redis.asyncio.Redis,
        max_logins: Callable[[], int],
    ) -> None:
        self.identity = Identity(supervisor, "workers")
        self._logins = logins
        self._pools = pools
        self._client = client
        self._max_logins = max_logins
        self._waiting: dict[str, int] = {}
        metrics.read(
            Reading(
                "gauge",
                "sockethub_logins",
                "Logins of this machine, by how they stand: starting, connected, disconnected.",
                ("platform", "state"),
                self._states,
            ),
            Reading(
                "gauge",
                "sockethub_logins_limit",
                "Logins this machine may run at once.",
                (),
                lambda: [((), max_logins())],
            ),
            Reading(
                "gauge",
                "sockethub_workers",
                "Worker processes that run now.",
                ("platform",),
                lambda: _by_platform((each.platform, 1) for each in self._keepers if each.pid is not None),
            ),
            Reading(
                "gauge",
                "sockethub_workers_resident_memory_bytes",
                "Memory of worker processes, pages that they share with their fork server counted for each.",
                ("platform",),
                lambda: _by_platform(
                    (each.platform, resident_bytes(each.pid)) for each in self._keepers if each.pid is not None
                ),
            ),
            Reading(
                "gauge",
                "sockethub_queue_length",
                "Commands on the queues of this machine's logins and pools, those under way included.",
                ("platform",),
                lambda: _by_platform((each.platform, self._waiting.get(each.queue, 0)) for each in self._queues),
            ),
        )

    async def report(self, *, draining: bool) -> dict[str, Any]:
        """All of it, as JSON."""
        await self.refresh()
        processes = Counter(each.platform for each in self._pools if each.pid is not None)
        return self.identity.report(
            draining=draining,
            max_logins=self._max_logins(),
            logins=[self._login(keeper) for keeper in self._logins.values()],
            pools=[
                {"platform": platform, "processes": processes[platform], "waiting": self._waiting.get(platform, 0)}
                for platform in sorted({each.platform for each in self._pools})
            ],
        )

    async def refresh(self) -> None:
        """Ask Redis how long the queues are."""
        queues = [each.queue for each in self._queues]
        pipeline = self._client.pipeline(transaction=False)
        for queue in queues:
            pipeline.xlen(redis_keys.queue(queue))
        try:
            lengths = await each(pipeline) if queues else []
        except redis.RedisError as error:
            structlog.get_logger(__name__).warning("queues not measured", error=type(error).__name__)
            return
        self._waiting = {queue: length or 0 for queue, length in zip(queues, lengths, strict=True)}

    @property
    def _keepers(self) -> list[Keeper]:
        return [*self._logins.values(), *self._pools]

    @property
    def _queues(self) -> list[Keeper]:
        """One keeper of each queue."""
        return list({each.queue: each for each in self._keepers}.values())

    def _states(self) -> Samples:
        found = Counter((each.platform, each.standing.state) for each in self._logins.values())
        return [(labels, count) for labels, count in sorted(found.items())]

    def _login(self, keeper: LoginKeeper) -> dict[str, Any]:
        standing, pid = keeper.standing, keeper.pid
        return {
            "login": keeper.login,
            "platform": keeper.platform,
            "state": standing.state,
            "since": keeper.since,
            "pid": pid,
            "memory_bytes": 0 if pid is None else resident_bytes(pid),
            "sessions": standing.sessions,
            "waiting": self._waiting.get(keeper.queue, 0),
            "restarts": max(0, keeper.starts - 1),
        }


def _by_platform(values: Any) -> Samples:
    sums: Counter[str] = Counter()
    for platform, value in values:
        sums[platform] += value
    return [((platform,), total) for platform, total in sorted(sums.items())]
