"""From the declaration to what a worker is told."""

from __future__ import annotations

from sockethub.config.models import Declaration
from sockethub.crypto import KeyRing, Secret
from sockethub.supervisor.leases import Lease
from sockethub.supervisor.redis_users import Access
from sockethub.worker.spec import WorkerSpec


class Specs:
    """Makes specs; holds the root key for deriving login keys, and gives out nothing else of it."""

    def __init__(self, declaration: Declaration, keys: KeyRing) -> None:
        self._declaration = declaration
        self._keys = keys

    def redeclare(self, declaration: Declaration) -> None:
        """From now on specs are made from this."""
        self._declaration = declaration

    def make(
        self,
        platform: str,
        login: str,
        queue: str,
        consumer: str,
        access: Access,
        *,
        claim_from: tuple[str, ...] | None = None,
        lease: Lease | None = None,
        orphaned: bool = False,
    ) -> WorkerSpec:
        """The spec of one worker of ``platform``; a login's has a ``lease``."""
        declared, workers = self._declaration.platforms[platform], self._declaration.workers
        return WorkerSpec(
            platform=platform,
            mode=declared.mode,
            driver=declared.driver,
            login=login,
            queue=queue,
            consumer=consumer,
            redis_url=access.url,
            login_key=Secret(self._keys.login_key(platform, login)),
            options=declared.options,
            reach=declared.policy.model_dump(mode="json"),
            concurrency=declared.queue.concurrency,
            time_limit_seconds=declared.queue.time_limit_seconds,
            retryable=declared.queue.retryable,
            max_attempts=declared.queue.max_attempts,
            remember_seconds=declared.queue.remember_seconds,
            linger_seconds=declared.worker.linger_seconds,
            missed_events=declared.worker.missed_events,
            stop_seconds=workers.stop_seconds,
            claim_from=claim_from,
            lease=lease.value if lease is not None else "",
            lease_seconds=workers.lease_seconds,
            lease_until=lease.until if lease is not None else 0.0,
            isolated_seconds=workers.isolated_seconds,
            orphaned=orphaned,
            confined=access.confined,
            log_level=self._declaration.log.level,
        )
