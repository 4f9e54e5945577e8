"""Servers of Redis by a file that configures them, at ports of 127.0.0.1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

from tests.support.processes import accepts, find_server, running
from tests.support.tls import Certificates

HOST = "127.0.0.1"


@contextmanager
def run_configured(config: Path, port: int, lines: Sequence[str], *options: str) -> Iterator[Popen[bytes]]:
    """One that ``lines`` configure, until the block ends; its log lies beside ``config``."""
    config.write_text("\n".join(lines) + "\n")
    argv = [find_server("redis-server", "redis-server"), str(config), *options]
    with running(argv, ready=lambda: accepts((HOST, port)), log=config.with_suffix(".log")) as process:
        yield process


def at(port: int, certificates: Certificates | None) -> list[str]:
    """Lines for where it listens: with ``certificates`` it speaks TLS, and nothing else."""
    if certificates is None:
        return [f"port {port}", f"bind {HOST}"]
    return [
        "port 0",
        f"tls-port {port}",
        f"bind {HOST}",
        "tls-replication yes",
        f"tls-cert-file {certificates.certificate}",
        f"tls-key-file {certificates.key}",
        f"tls-ca-cert-file {certificates.authority}",
        "tls-auth-clients no",
    ]
