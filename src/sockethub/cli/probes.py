"""What ``sockethub doctor`` looks at, one fact each."""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Final

from sockethub.supervisor import landlock, seccomp

PROBE_SECONDS: Final = 2.0


def missing_of_sandbox() -> list[str]:
    """What workers would be allowed, because the kernel cannot keep it from them."""
    return [*landlock.missing(), *seccomp.missing()]


def kernel_number(path: str) -> int | None:
    """A number that the kernel tells in a file; None where there is no such file."""
    try:
        return int(Path(path).read_text("ascii"))
    except (OSError, ValueError):
        return None


def available_memory() -> int:
    """Bytes that new processes may have without swapping, by the kernel's estimate and the control group's limit."""
    lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text("ascii").splitlines())
    available = int(lines["MemAvailable"].split()[0]) * 1024
    limit = kernel_number("/sys/fs/cgroup/memory.max")
    used = kernel_number("/sys/fs/cgroup/memory.current")
    return available if limit is None or used is None else max(0, min(available, limit - used))


def port(host: str, number: int) -> str:
    """``free``, ``ours`` (a Sockethub answers there), or why one cannot listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError as error:
            return "ours" if _is_alive(host, number) else os.strerror(error.errno or 0)
    return "free"


def _is_alive(host: str, number: int) -> bool:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(reachable, number, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/livez")
        told = json.loads(connection.getresponse().read(1_024))
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return isinstance(told, dict) and told.get("status") == "alive"
