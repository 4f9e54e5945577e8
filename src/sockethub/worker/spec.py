"""What a worker is told when it starts: over its control socket, once, and nowhere else."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sockethub.crypto import Secret
from sockethub.logs import Level


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """One worker: what it runs, for whom, and its limits.

    ``login_key`` and ``redis_url`` are secrets. ``claim_from`` names dead consumers whose jobs to take over; None means
    all that is pending on the queue (a login has one worker at a time). ``confined``: it is a user of Redis of its
    own, who may bring no scripts. ``lease`` is what the login's lease holds in
    Redis, ``lease_until`` when it ends unless renewed; with ``orphaned``, the worker before this one is not known to be
    dead.
    """

    platform: str
    mode: Literal["persistent", "stateless"]
    driver: str
    login: str
    queue: str
    consumer: str
    redis_url: Secret[str]
    login_key: Secret[bytes]
    options: Mapping[str, Any] = field(default_factory=dict)
    reach: Mapping[str, Any] = field(default_factory=dict)
    concurrency: int = 1
    time_limit_seconds: float = 30.0
    retryable: tuple[str, ...] = ()
    max_attempts: int = 2
    remember_seconds: float = 300.0
    linger_seconds: float = 30.0
    missed_events: int = 1_000
    stop_seconds: float = 5.0
    claim_from: tuple[str, ...] | None = None
    lease: str = ""
    lease_seconds: float = 15.0
    lease_until: float = 0.0
    isolated_seconds: float = 120.0
    orphaned: bool = False
    confined: bool = False
    log_level: Level = "info"

    def encode(self) -> bytes:
        """JSON, with the secrets in it: for the control socket only."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["redis_url"] = self.redis_url.reveal()
        fields["login_key"] = base64.b64encode(self.login_key.reveal()).decode()
        return json.dumps(fields).encode()

    @classmethod
    def decode(cls, raw: bytes) -> WorkerSpec:
        """Undo :meth:`encode`."""
        fields = json.loads(raw)
        fields["redis_url"] = Secret(fields["redis_url"])
        fields["login_key"] = Secret(base64.b64decode(fields["login_key"]))
        fields["retryable"] = tuple(fields["retryable"])
        if fields["claim_from"] is not None:
            fields["claim_from"] = tuple(fields["claim_from"])
        return cls(**fields)
