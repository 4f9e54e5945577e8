"""From the declaration to what a worker is told."""

from __future__ import annotations

from sockethub.config.models import Declaration
from sockethub.crypto import KeyRing, Secret
from sockethub.worker.spec import WorkerSpec


class Specs:
    """Makes specs; holds the master key for deriving login keys, and gives out nothing else of it."""

    def __init__(self, declaration: Declaration, keys: KeyRing, redis_url: Secret[str]) -> None:
        self._declaration = declaration
        self._keys = keys
        self._redis_url = redis_url

    def make(
        self, platform: str, login: str, queue: str, consumer: str, claim_from: tuple[str, ...] | None = None
    ) -> WorkerSpec:
        """The spec of one worker of ``platform``."""
        declared = self._declaration.platforms[platform]
        return WorkerSpec(
            platform=platform,
            mode=declared.mode,
            driver=declared.driver,
            login=login,
            queue=queue,
            consumer=consumer,
            redis_url=self._redis_url,
            login_key=Secret(self._keys.login_key(platform, login)),
            options=declared.options,
            reach=declared.policy.model_dump(mode="json"),
            concurrency=declared.queue.concurrency,
            time_limit_seconds=declared.queue.time_limit_seconds,
            retryable=declared.queue.retryable,
            max_attempts=declared.queue.max_attempts,
            linger_seconds=declared.worker.linger_seconds,
            stop_seconds=self._declaration.workers.stop_seconds,
            claim_from=claim_from,
        )
