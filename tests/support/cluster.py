"""A real Redis Cluster: masters, each with its share of the slots, and replicas, on ports of 127.0.0.1."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any, Final

import redis
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from tests.support import secrecy
from tests.support.processes import ServerFailed, eventually, free_port
from tests.support.redis import PASSWORD
from tests.support.redisports import HOST, at, run_configured
from tests.support.tls import Certificates

NODE_TIMEOUT_MS: Final = 1_500
"""After that, a master that is silent is voted on."""

FORMED: Final = 60.0
"""Seconds until it serves, on a machine that does other things too: a master that was thought to have failed in between
is believed in again after twice the time of silence, and a replica asks again each second."""

MOVED_AT_ONCE: Final = 100
MOVE_MS: Final = 5_000


class RedisCluster:
    """The servers by their ports."""

    def __init__(
        self, servers: Mapping[int, Popen[bytes]], buses: Mapping[int, int], certificates: Certificates | None
    ) -> None:
        """``buses`` are the ports at which they speak to each other."""
        self._servers = servers
        self._buses = buses
        self._stopped: set[int] = set()
        self.ports = list(servers)
        self._tls: dict[str, Any] = {}
        if certificates is not None:
            self._tls = {"ssl": True, "ssl_ca_certs": str(certificates.authority)}

    @property
    def url(self) -> str:
        """What `redis.url` says."""
        where = ",".join(f"localhost:{port}" for port in self.ports)
        return f"{'rediss' if self._tls else 'redis'}+cluster://:{PASSWORD}@{where}"

    def url_of(self, port: int) -> str:
        """Of one server, as if it were all there is."""
        return f"{'rediss' if self._tls else 'redis'}://:{PASSWORD}@localhost:{port}"

    @contextmanager
    def server(self, port: int) -> Iterator[Any]:
        """A client of one server."""
        with closing(redis.Redis(port=port, password=PASSWORD, socket_timeout=5.0, **self._tls)) as client:
            yield client

    @property
    def living(self) -> list[int]:
        """The ports of those that answer."""
        return [port for port, process in self._servers.items() if process.poll() is None and port not in self._stopped]

    def masters(self, asked: int | None = None) -> dict[int, list[tuple[int, int]]]:
        """Ports, and the ranges of slots there, as the server at ``asked`` (the first that lives) knows it."""
        found: dict[int, list[tuple[int, int]]] = {}
        with self.server(self.living[0] if asked is None else asked) as server:
            for first, last, (_, port, *_), *_ in server.execute_command("CLUSTER SLOTS"):
                found.setdefault(int(port), []).append((first, last))
        return found

    def owner(self, key: str) -> int:
        """The port of the master that has ``key``, or would."""
        slot = key_slot(key.encode())
        return next(port for port, ranges in self.masters().items() if any(a <= slot <= b for a, b in ranges))

    def kill(self, port: int) -> None:
        """SIGKILL."""
        self._servers[port].kill()
        self._servers[port].wait()

    def stop(self, port: int) -> None:
        """SIGSTOP: it is silent, and nobody is told."""
        self._stopped.add(port)
        self._servers[port].send_signal(signal.SIGSTOP)

    def go_on(self, port: int) -> None:
        self._servers[port].send_signal(signal.SIGCONT)
        self._stopped.discard(port)

    def names(self) -> list[str]:
        """All there are."""
        found = []
        for port in self.masters():
            with self.server(port) as server:
                found += [key.decode() for key in server.scan_iter(count=1_000)]
        return sorted(found)

    def begin_move(self, key: str, to: int) -> int:
        """Have the slot of ``key`` be on its way to another master; whose it is."""
        source, slot = self.owner(key), key_slot(key.encode())
        with self.server(source) as here, self.server(to) as there:
            there.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", here.execute_command("CLUSTER MYID"))
            here.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", there.execute_command("CLUSTER MYID"))
        return source

    def move_keys(self, key: str, source: int, to: int) -> None:
        """Move what is in the slot of ``key``."""
        slot = key_slot(key.encode())
        with self.server(source) as here:
            while keys := here.execute_command("CLUSTER GETKEYSINSLOT", slot, MOVED_AT_ONCE):
                here.execute_command("MIGRATE", HOST, to, "", 0, MOVE_MS, "AUTH", PASSWORD, "KEYS", *keys)

    def end_move(self, key: str, to: int) -> None:
        """The slot of ``key`` is there now; all are told, as `redis-cli --cluster reshard` does."""
        slot = key_slot(key.encode())
        with self.server(to) as there:
            name = there.execute_command("CLUSTER MYID")
        for port in (to, *(port for port in self.masters() if port != to)):
            with self.server(port) as server:
                server.execute_command("CLUSTER SETSLOT", slot, "NODE", name)

    def move(self, key: str, to: int) -> None:
        """Move the slot of ``key`` while everybody uses it."""
        source = self.begin_move(key, to)
        self.move_keys(key, source, to)
        self.end_move(key, to)

    def others(self, port: int) -> list[int]:
        """The ports of the masters but this one."""
        return [other for other in self.masters() if other != port]

    def follows(self, port: int) -> None:
        """Return once the server there is a replica."""
        with self.server(port) as server:
            eventually(lambda: bool(server.execute_command("ROLE")[0] == b"slave"), "a replica")

    def form(self, masters: Sequence[int], replicas: int) -> None:
        """Make them one cluster: ``masters`` share the slots, and as many others are replicas of these."""
        share = -(-REDIS_CLUSTER_HASH_SLOTS // len(masters))
        names = {}
        for number, port in enumerate(self.ports):
            with self.server(port) as server:
                names[port] = server.execute_command("CLUSTER MYID").decode()
                if port in masters:
                    last = min((number + 1) * share, REDIS_CLUSTER_HASH_SLOTS) - 1
                    server.execute_command("CLUSTER ADDSLOTSRANGE", number * share, last)
                server.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
        for port in self.ports:  # each meets each: by hearsay it takes them seconds
            with self.server(port) as server:
                for other in self.ports:
                    if other != port:
                        server.execute_command("CLUSTER MEET", HOST, other, self._buses[other])
        eventually(
            lambda: all(self._knows(port, names.values()) for port in self.ports), "servers that know each other"
        )
        for number, port in enumerate(self.ports[len(masters) :][:replicas]):
            with self.server(port) as server:
                server.execute_command("CLUSTER REPLICATE", names[masters[number % len(masters)]])
        listed = len(masters) + replicas
        try:
            eventually(lambda: all(self._serves(port, listed) for port in self.ports), "a cluster that serves", FORMED)
        except ServerFailed as failure:
            raise ServerFailed(f"{failure}: {[self._told(port) for port in self.ports]}") from None

    def _told(self, port: int) -> list[Any]:
        """What a server says of itself, for a person who looks for why it does not serve."""
        with self.server(port) as server:
            return [server.execute_command(command) for command in ("ROLE", "CLUSTER INFO", "CLUSTER NODES")]

    def _knows(self, port: int, names: Iterable[str]) -> bool:
        with self.server(port) as server:
            told = server.execute_command("CLUSTER NODES")
        return all(name in str(told) for name in names)

    def _serves(self, port: int, listed: int) -> bool:
        with self.server(port) as server:
            role = server.execute_command("ROLE")
            following = role[0] == b"master" or role[3] == b"connected"
            return following and _info(server)["cluster_state"] == "ok" and self._lists(port) == listed

    def _lists(self, port: int) -> int:
        """How many masters and replicas it knows of."""
        with self.server(port) as server:
            rows = server.execute_command("CLUSTER SLOTS")
        return sum(len(row) - 2 for row in rows)


def _info(server: Any) -> dict[str, str]:
    told = server.execute_command("CLUSTER INFO")
    text = told if isinstance(told, dict) else dict(line.split(":") for line in told.decode().split())
    return {str(name): str(value) for name, value in text.items()}


@contextmanager
def run_cluster(
    directory: Path, *, masters: int = 3, replicas: int = 0, idle: int = 0, certificates: Certificates | None = None
) -> Iterator[RedisCluster]:
    """Masters, as many ``replicas`` all in all, and servers without slots; with ``certificates`` all of them speak TLS
    and nothing else.

    What is left there at the end is looked at for secrets.
    """
    ports = {free_port(): free_port() for _ in range(masters + replicas + idle)}
    with ExitStack() as stack:
        servers = {port: stack.enter_context(_run(directory, port, bus, certificates)) for port, bus in ports.items()}
        cluster = RedisCluster(servers, ports, certificates)
        cluster.form(list(ports)[:masters], replicas)
        yield cluster
        if certificates is None:
            for port in cluster.living:
                secrecy.assert_secret(secrecy.of_redis(cluster.url_of(port)))


@contextmanager
def _run(directory: Path, port: int, bus: int, certificates: Certificates | None) -> Iterator[Popen[bytes]]:
    home = directory / f"redis-{port}"
    home.mkdir()
    in_tls = [] if certificates is None else ["tls-cluster yes"]
    with run_configured(home / "redis.conf", port, [*at(port, certificates), *in_tls, *_server(bus, home)]) as process:
        yield process


def _server(bus: int, home: Path) -> list[str]:
    return [
        'save ""',
        f"dir {home}",
        f"requirepass {PASSWORD}",
        f"masterauth {PASSWORD}",
        "cluster-enabled yes",
        f"cluster-port {bus}",
        f"cluster-node-timeout {NODE_TIMEOUT_MS}",
        "repl-diskless-sync-delay 0",
        "repl-ping-replica-period 1",  # else a replica waits up to ten seconds for its first
    ]
