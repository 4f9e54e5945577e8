"""``sockethub doctor``: whether this machine, its Redis and the declaration will do; each trouble with its remedy."""

from __future__ import annotations

import json
import os
import resource
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import redis
import typer

from sockethub.accepting import BACKLOG
from sockethub.cli import probes
from sockethub.cli.check import chosen
from sockethub.cli.exits import Exit
from sockethub.cli.findings import Finding, Level
from sockethub.cli.reaching import redis_of
from sockethub.cli.state import existing_master_keys
from sockethub.cli.tables import table
from sockethub.cli.tlsfiles import lifetime
from sockethub.config import Declaration, load
from sockethub.embedded.redis import socket_in
from sockethub.errors import ConfigError
from sockethub.jobs import connect_sync
from sockethub.jobs.syncclient import servers_of
from sockethub.operations.orders import MOST_AGE_SECONDS
from sockethub.redis_url import place
from sockethub.supervisor import immortal

__all__ = ["Finding", "doctor"]

OWN_FILES: Final = 512
"""Descriptors a process needs beside those of its clients or logins."""
FILES_PER_LOGIN: Final = 5
"""Of a supervisor: the control socket, what it shares with the worker, and what a fork needs for a moment."""
PROCESSES: Final = 64
"""Beside the workers: fork servers, pools, Redis, threads."""
LOGIN_BYTES: Final = {True: 6 * 2**20, False: 12 * 2**20}
"""Memory of a login's own (docs/performance.md), XMPP's, which is larger: by whether it shares what was imported."""

OLDEST_REDIS: Final = (6, 2)
CLUSTER: Final = " (of a cluster)"
SLOW_SECONDS: Final = 0.005
SKEW_SECONDS: Final = 2.0
_MARKS: Final = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}


def doctor(config: Path | None, *, as_json: bool) -> Exit:
    """Print what was found; :attr:`Exit.FAILED` where something is a problem."""
    findings: list[Finding] = []
    try:
        declaration = load(chosen(config), os.environ)
    except ConfigError as error:
        findings.append(Finding("declaration", "problem", str(error), "see `sockethub check`"))
    else:
        findings += examine(declaration)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        table(("check", "", "what"), [(each.check, _MARKS[each.level], each.text) for each in findings])
        for each in findings:
            if each.remedy:
                typer.echo(f"{each.check}: {each.remedy}")
    return Exit.FAILED if any(each.level == "problem" for each in findings) else Exit.OK


def examine(declaration: Declaration) -> Iterator[Finding]:
    """Look at everything."""
    yield Finding("declaration", "ok", f"valid; platforms: {', '.join(declaration.platforms)}")
    yield from _key(declaration)
    yield from _state(declaration)
    yield _sandbox(declaration)
    yield from _limits(declaration)
    yield _memory(declaration)
    yield from _ports(declaration)
    if declaration.gateway.tls is not None:
        yield lifetime(declaration.gateway.tls, datetime.now(UTC))
    yield from _redis(declaration)


def _key(declaration: Declaration) -> Iterator[Finding]:
    try:
        keys = existing_master_keys(declaration)
    except ConfigError as error:
        yield Finding("master key", "problem", str(error), "see `keys` in docs/reference/configuration.md")
        return
    if keys is None:
        yield Finding("master key", "ok", "none yet; `sockethub serve` makes one in the state directory")
    else:
        yield Finding("master key", "ok", f"there, called {keys.in_use.id}")


def _state(declaration: Declaration) -> Iterator[Finding]:
    path = declaration.state_dir
    if not path.exists():
        yield Finding("state directory", "ok", f"{path} is not there yet; `sockethub serve` makes it")
    elif stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Finding("state directory", "problem", f"others can enter {path}", f"run: chmod 700 {path}")
    elif not os.access(path, os.W_OK):
        yield Finding("state directory", "problem", f"nothing can be written in {path}", f"run: chown $USER {path}")
    else:
        yield Finding("state directory", "ok", str(path))


def _sandbox(declaration: Declaration) -> Finding:
    mode, missing = declaration.workers.sandbox, probes.missing_of_sandbox()
    if mode == "off":
        remedy = "set `workers.sandbox` to `preferred`, unless you know why not"
        return Finding("sandbox", "warning", "switched off: workers run with limits of memory and files alone", remedy)
    if not missing:
        return Finding("sandbox", "ok", "the kernel can do all of it")
    text = f"workers would have {'; '.join(missing)}"
    remedy = "use Linux 6.12 or newer, in a container one that lets Landlock and seccomp through"
    return Finding("sandbox", "problem" if mode == "required" else "warning", text, remedy)


def _limits(declaration: Declaration) -> Iterator[Finding]:
    logins = declaration.workers.max_logins
    files, wanted = resource.getrlimit(resource.RLIMIT_NOFILE)[0], OWN_FILES + FILES_PER_LOGIN * logins
    text = f"{_limit(files)} files may be open; {logins} logins need {wanted}, and each client of a gateway one more"
    if files != resource.RLIM_INFINITY and files < wanted:
        yield Finding("files", "problem", text, "raise the limit: LimitNOFILE=65536 in the unit, or `ulimit -n 65536`")
    else:
        yield Finding("files", "ok", text)
    processes, wanted = resource.getrlimit(resource.RLIMIT_NPROC)[0], PROCESSES + logins
    text = f"{_limit(processes)} processes may run; {logins} logins need {wanted}"
    if os.getuid() and processes != resource.RLIM_INFINITY and processes < wanted:
        yield Finding("processes", "problem", text, "raise the limit: LimitNPROC= and TasksMax= in the unit")
    else:
        yield Finding("processes", "ok", text)
    backlog = probes.kernel_number("/proc/sys/net/core/somaxconn")
    if backlog is not None and backlog < BACKLOG:
        remedy = f"run: sysctl -w net.core.somaxconn={BACKLOG * 4}"
        yield Finding(
            "backlog", "warning", f"the kernel lets {backlog} connections wait, of {BACKLOG} asked for", remedy
        )


def _limit(number: int) -> str:
    return "any number of" if number == resource.RLIM_INFINITY else str(number)


def _memory(declaration: Declaration) -> Finding:
    available = probes.available_memory()
    shared = immortal.possible()
    needed = declaration.workers.max_logins * LOGIN_BYTES[shared]
    text = (
        f"{available / 2**30:.1f} GiB are free; {declaration.workers.max_logins} logins may take {needed / 2**30:.1f}"
    )
    if available < needed:
        remedy = "lower `workers.max_logins`, or run workers on more machines"
        newer = "" if shared else "; by Python 3.12 or newer they take half as much"
        return Finding("memory", "warning", text, remedy + newer)
    return Finding("memory", "ok", text)


def _ports(declaration: Declaration) -> Iterator[Finding]:
    operations = declaration.operations
    listened = [("gateway.port", declaration.gateway.host, declaration.gateway.port)]
    if operations.enabled:
        listened += [
            ("operations.port", operations.host, operations.port),
            ("operations.workers_port", operations.host, operations.workers_port),
        ]
    for setting, host, port in listened:
        match probes.port(host, port):
            case "free":
                yield Finding(setting, "ok", f"{host} port {port} is free")
            case "ours":
                yield Finding(setting, "ok", f"{host} port {port} is answered by a Sockethub that runs")
            case why:
                remedy = f"end what listens there, or give another `{setting}`"
                yield Finding(setting, "problem", f"cannot listen on {host} port {port}: {why}", remedy)


def _redis(declaration: Declaration) -> Iterator[Finding]:
    url = redis_of(declaration)
    if declaration.redis.url is None and not socket_in(declaration.state_dir).exists():
        yield Finding("Redis", "ok", "none declared: `sockethub serve` starts one of its own, for this machine alone")
        return
    try:
        with closing(connect_sync(url)) as client:
            for server in servers_of(client):
                yield from _look_at(server, _place(client, server, url), embedded=declaration.redis.url is None)
    except redis.RedisError as error:
        remedy = "start it, or correct `redis.url`"
        yield Finding("Redis", "problem", f"the one at {place(url)} does not serve: {error}", remedy)


def _place(client: redis.Redis, server: redis.Redis, url: str) -> str:
    if server is client:
        return place(url)
    there = server.connection_pool.connection_kwargs
    return f"{there['host']}:{there['port']}{CLUSTER}"


def _look_at(client: redis.Redis, where: str, *, embedded: bool) -> Iterator[Finding]:
    began = time.perf_counter()
    seconds, microseconds = _as_any(client.time())
    took = time.perf_counter() - began
    skew = abs(seconds + microseconds / 1e6 - time.time())
    info: dict[str, Any] = _as_any(client.info())
    version = str(info.get("redis_version", "0"))
    known = tuple(int(part) for part in version.split(".")[:2])
    if known < OLDEST_REDIS:
        yield Finding("Redis", "problem", f"version {version}", "use 6.2 or newer, or a Valkey")
    elif info.get("role") != "master":
        remedy = "let `redis.url` lead to the primary"
        yield Finding("Redis", "problem", f"the one at {where} is a replica and takes no writes", remedy)
    elif info.get("cluster_enabled") and not where.endswith(CLUSTER):
        remedy = "write `redis+cluster://` (docs/how-to/use-redis-cluster.md)"
        yield Finding("Redis", "problem", f"the one at {where} has a part of a cluster's keys", remedy)
    else:
        yield Finding("Redis", "ok", f"version {version} at {where}")
    text = f"answers in {took * 1000:.1f} ms"
    if took > SLOW_SECONDS:
        yield Finding("Redis' way", "warning", text, "every command takes it four times: bring it nearer")
    else:
        yield Finding("Redis' way", "ok", text)
    if not info.get("aof_enabled"):
        remedy = "commands that are queued are lost with it: set `appendonly yes`"
        yield Finding("Redis' persistence", "warning", "no append-only file", remedy)
    else:
        yield Finding("Redis' persistence", "ok", "append-only file")
    policy = str(info.get("maxmemory_policy", "unknown"))
    if info.get("maxmemory") and policy != "noeviction":
        remedy = "set `maxmemory-policy noeviction`: full, it shall refuse rather than forget logins and commands"
        yield Finding("Redis' memory", "problem", f"throws records away when it is full ({policy})", remedy)
    else:
        yield Finding("Redis' memory", "ok", f"policy {policy}; throws nothing away")
    if embedded:
        return
    text = f"{skew:.1f} s apart from Redis's"
    if skew > MOST_AGE_SECONDS:
        remedy = "run a time service (chrony, systemd-timesyncd): orders of `kill` and `drain` would not be taken"
        yield Finding("clock", "problem", text, remedy)
    else:
        level: Level = "warning" if skew > SKEW_SECONDS else "ok"
        yield Finding("clock", level, text, "run a time service (chrony, systemd-timesyncd)" if level != "ok" else "")


def _as_any(value: Any) -> Any:
    """redis-py's stubs say that each answer may be awaitable."""
    return value
