"""A stateless platform's worker: each job on its own, several at once."""

from __future__ import annotations

import structlog

from sockethub.jobs import Envelope, Job, RedisLink, Reply
from sockethub.worker.commons import RedisCommons
from sockethub.worker.interface import PlatformContext, StatelessPlatform
from sockethub.worker.runtime import Service, copy_of, load_driver, reach_of
from sockethub.worker.spec import WorkerSpec


class PoolService(Service):
    """Performs with one platform object."""

    def __init__(self, spec: WorkerSpec, link: RedisLink) -> None:
        log = structlog.get_logger("sockethub.platforms").bind(platform=spec.platform)
        commons = RedisCommons(spec, link)
        context = PlatformContext(spec.platform, spec.options, reach_of(spec), log, commons=commons)
        self._platform: StatelessPlatform = load_driver(spec.driver)(context)

    async def begin(self) -> None:
        """Nothing is kept between jobs."""

    async def perform(self, job: Job, envelope: Envelope) -> Reply | None:
        if job.activity is None:
            return None
        return Reply("result", activity=await self._platform.perform(copy_of(job.activity)))
