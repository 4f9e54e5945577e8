"""Real servers of Redis that replicate, and real sentinels that watch them, on ports of 127.0.0.1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any, Final

import redis

from tests.support.processes import eventually, free_port
from tests.support.redis import PASSWORD
from tests.support.redisports import at, run_configured
from tests.support.tls import Certificates

MASTER: Final = "house"
ASKER, ASKER_PASSWORD, SENTINEL_PASSWORD = "asker", "canary-asker-password", "canary-sentinel-password"
QUORUM: Final = 2
DOWN_AFTER_MS, FAILOVER_TIMEOUT_MS = 1_500, 3_000
"""A sentinel asks once a second, or as often as the first says where that is less: there, one late answer is as good as
none, and masters that are well are replaced."""
_MINIMAL: Final = "+sentinel|master +sentinel|get-master-addr-by-name +sentinel|masters"
"""What the documentation says that the user of `redis.url` needs at sentinels."""


class Watched:
    """The servers, and the sentinels."""

    def __init__(
        self, servers: dict[int, Popen[bytes]], sentinels: Sequence[int], certificates: Certificates | None
    ) -> None:
        self._servers = servers
        self.sentinels = sentinels
        self._tls: dict[str, Any] = {}
        if certificates is not None:
            self._tls = {"ssl": True, "ssl_ca_certs": str(certificates.authority)}

    @property
    def url(self) -> str:
        """What `redis.url` says."""
        where = ",".join(f"localhost:{port}" for port in self.sentinels)
        asker = f"sentinel_username={ASKER}&sentinel_password={ASKER_PASSWORD}"
        ports = ",".join(map(str, self._servers))
        scheme = "rediss+sentinel" if self._tls else "redis+sentinel"
        return f"{scheme}://:{PASSWORD}@{where}/0?master={MASTER}&ports={ports}&{asker}"

    @property
    def master(self) -> int:
        """The port of the one that the first sentinel says it is."""
        with self.sentinel(0) as asked:
            return int(asked.sentinel_get_master_addr_by_name(MASTER)[1])

    @property
    def replicas(self) -> list[int]:
        """The ports of the others."""
        return [port for port in self._servers if port != self.master]

    def server(self, port: int) -> redis.Redis:
        return redis.Redis(port=port, password=PASSWORD, **self._tls)

    def sentinel(self, number: int) -> redis.Redis:
        return redis.Redis(port=self.sentinels[number], password=SENTINEL_PASSWORD, **self._tls)

    def kill_master(self) -> int:
        """SIGKILL; its port."""
        port = self.master
        self._servers[port].kill()
        self._servers[port].wait()
        return port

    def fail_over(self) -> int:
        """Have a replica promoted while the master lives; the port of that one."""
        port = self.master
        with self.sentinel(0) as asked:
            asked.execute_command("SENTINEL", "FAILOVER", MASTER)
        return port

    def _replicate(self, master: int) -> bool:
        """Whether all others follow it."""
        with self.server(master) as asked:
            state: Any = asked.info("replication")
        return bool(state["min_slaves_good_slaves"] >= len(self._servers) - 1)

    def _know_each_other(self) -> bool:
        """Whether sentinels know all sentinels and all servers, and that one of these could be promoted."""
        for number in range(len(self.sentinels)):
            with self.sentinel(number) as asked:
                known: Any = asked.sentinel_master(MASTER)
                replicas: Any = asked.sentinel_slaves(MASTER)
            good = [each for each in replicas if each["master-link-status"] == "ok"]
            if len(good) < len(self._servers) - 1 or known["num-other-sentinels"] < len(self.sentinels) - 1:
                return False
        return True


@contextmanager
def run_watched(
    directory: Path, *, servers: int, sentinels: int = 3, certificates: Certificates | None = None
) -> Iterator[Watched]:
    """One master, replicas of it, and sentinels; with ``certificates`` all of them speak TLS and nothing else."""
    ports, watching = [free_port() for _ in range(servers)], [free_port() for _ in range(sentinels)]
    with ExitStack() as stack:
        processes = {
            port: stack.enter_context(
                run_configured(_config(directory, port), port, [*at(port, certificates), *_server(port, ports[0])])
            )
            for port in ports
        }
        watched = Watched(processes, watching, certificates)
        # First, for sentinels ask replicas how they are when they find them, and then each ten seconds.
        eventually(lambda: watched._replicate(ports[0]), "servers that replicate")
        for port in watching:
            lines = [*at(port, certificates), *_sentinel(ports[0], min(QUORUM, sentinels))]
            stack.enter_context(run_configured(_config(directory, port), port, lines, "--sentinel"))
        eventually(watched._know_each_other, "sentinels that know each other")
        yield watched


def _config(directory: Path, port: int) -> Path:
    return directory / f"redis-{port}.conf"


def _server(port: int, master: int) -> list[str]:
    lines = [
        'save ""',
        f"requirepass {PASSWORD}",
        f"masterauth {PASSWORD}",
        "repl-diskless-sync-delay 0",
        "min-replicas-to-write 1",
        f"dbfilename {port}.rdb",
    ]
    return lines if port == master else [*lines, f"replicaof 127.0.0.1 {master}"]


def _sentinel(master: int, quorum: int) -> list[str]:
    return [
        f"requirepass {SENTINEL_PASSWORD}",
        f"sentinel sentinel-pass {SENTINEL_PASSWORD}",
        f"user {ASKER} on >{ASKER_PASSWORD} -@all +auth {_MINIMAL}",
        f"sentinel monitor {MASTER} 127.0.0.1 {master} {quorum}",
        f"sentinel auth-pass {MASTER} {PASSWORD}",
        f"sentinel down-after-milliseconds {MASTER} {DOWN_AFTER_MS}",
        f"sentinel failover-timeout {MASTER} {FAILOVER_TIMEOUT_MS}",
        f"sentinel parallel-syncs {MASTER} 5",
    ]
