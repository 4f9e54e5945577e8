"""What the operations port serves: metrics, health, and the situation as a page for people."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

import anyio
import redis
import redis.asyncio

from sockethub import __version__
from sockethub.operations.asking import Situation, situation
from sockethub.operations.http import Page, Request, Serve
from sockethub.operations.metrics import Metrics

__all__ = ["operator_pages", "render"]

JSON: Final = "application/json"
HTML: Final = "text/html; charset=utf-8"

STYLE: Final = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
caption { text-align: start; padding-bottom: .3rem; opacity: .8; max-width: calc(100vw - 2rem); white-space: normal }
th, td { text-align: start; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid #8884; white-space: nowrap }
td.n, th.n { text-align: end; font-variant-numeric: tabular-nums }
.bad { font-weight: bold } code { font-size: .9em }
"""


async def nothing() -> None:
    """There is nothing to look up before metrics are told."""


def operator_pages(
    metrics: Metrics,
    ready: Callable[[], Awaitable[bool]],
    client: redis.asyncio.Redis,
    key: bytes,
    refresh: Callable[[], Awaitable[None]] = nothing,
) -> Mapping[str, Serve]:
    """The pages by path.

    ``ready`` tells whether work can be taken now; ``key`` is that of operations; ``refresh`` looks up what metrics
    tell, and does not raise.
    """
    turn = anyio.Lock()

    async def counted(request: Request) -> Page:
        await refresh()
        return Page(*metrics.text(request.accept))

    async def alive(_: Request) -> Page:
        return _json({"status": "alive"})

    async def prepared(_: Request) -> Page:
        is_ready = await ready()
        return _json({"status": "ready" if is_ready else "not ready"}, 200 if is_ready else 503)

    async def asked() -> Situation | None:
        async with turn:  # each look asks every member: one look at a time
            try:
                return await situation(client, key)
            except redis.RedisError:
                return None

    async def status(_: Request) -> Page:
        found = await asked()
        return _json({"error": AWAY}, 503) if found is None else _json(found.to_json())

    async def overview(_: Request) -> Page:
        found = await asked()
        return Page(f"{AWAY}\n".encode(), status=503) if found is None else Page(render(found).encode(), HTML)

    return {
        "/": overview,
        "/status.json": status,
        "/metrics": counted,
        "/livez": alive,
        "/readyz": prepared,
    }


AWAY: Final = "Redis cannot be reached"


def render(found: Situation) -> str:
    """The page; it holds nothing but counts, times and opaque ids, and asks for nothing else."""
    shown = found.to_json()
    logins = [{**login, "host": machine["host"]} for machine in shown["machines"] for login in machine["logins"]]
    pools = [{**pool, "host": machine["host"]} for machine in shown["machines"] for pool in machine["pools"]]
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'><meta http-equiv=refresh content=10>",
        f"<title>Sockethub: {len(logins)} logins</title><style>{STYLE}</style>",
        f"<main><h1>Sockethub {escape(__version__)}</h1>",
        *(
            f"<p class=bad role=alert>{escape(each['role'])} <code>{escape(each['id'])}</code> does not answer.</p>"
            for each in shown["silent"]
        ),
        _table("Gateways", GATEWAY, [_gateway(each) for each in shown["gateways"]]),
        _table(
            "Answers",
            ANSWERS,
            [
                (
                    gateway["host"],
                    answer["platform"],
                    answer["count"],
                    _milliseconds(answer["p50_seconds"]),
                    _milliseconds(answer["p99_seconds"]),
                )
                for gateway in shown["gateways"]
                for answer in gateway["answers"]
            ],
            note="Half, and 99 of 100, of all since the start came within this time.",
        ),
        _table("Machines", MACHINES, [_machine(each) for each in shown["machines"]]),
        _table(
            "Pools",
            POOLS,
            [tuple(pool[name] for name in ("platform", "host", "processes", "waiting")) for pool in pools],
        ),
        _table("Logins", LOGINS, [_login(each) for each in logins]),
        "</main></html>",
    ]
    return "\n".join(parts)


GATEWAY: Final = ("host", "gateway", "version", "since", "clients #", "away #", "commands pending #")
ANSWERS: Final = ("host", "platform", "answers #", "half within #", "99 of 100 within #")
MACHINES: Final = ("host", "machine", "version", "since", "logins #", "at most #", "")
POOLS: Final = ("platform", "host", "processes #", "waiting #")
LOGINS: Final = (
    "login",
    "platform",
    "state",
    "host",
    "since",
    "process #",
    "memory #",
    "sessions #",
    "waiting #",
    "restarts #",
)


def _gateway(report: Mapping[str, Any]) -> Sequence[Any]:
    clients = ", ".join(f"{count} {name}" for name, count in report["connections"].items()) or "0"
    return (
        report["host"],
        report["id"],
        report["version"],
        report["since"],
        clients,
        report["away"],
        report["pending"],
    )


def _machine(report: Mapping[str, Any]) -> Sequence[Any]:
    state = "draining" if report["draining"] else ""
    return (
        report["host"],
        report["id"],
        report["version"],
        report["since"],
        len(report["logins"]),
        report["max_logins"],
        state,
    )


def _login(login: Mapping[str, Any]) -> Sequence[Any]:
    return (
        login["login"][:12],
        login["platform"],
        login["state"],
        login["host"],
        login["since"],
        login["pid"] or "-",
        f"{login['memory_bytes'] / 2**20:.0f} MiB",
        login["sessions"],
        login["waiting"],
        login["restarts"],
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:g} ms"


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], note: str = "") -> str:
    body = "".join(
        f"<tr>{''.join(_cell('td', name, value) for name, value in zip(columns, row, strict=True))}</tr>"
        for row in rows
    )
    if not body:
        return f"<h2>{title}</h2><p>None.</p>"
    head = "".join(_cell("th scope=col", name, name.removesuffix(" #")) for name in columns)
    caption = f"<caption>{escape(note)}</caption>" if note else ""
    table = f"<table>{caption}<thead><tr>{head}</tr></thead>{body}</table>"
    # On a phone it is scrolled, by keyboard as well (WCAG 2.1.1), which takes a focus and a name.
    return f"<h2>{title}</h2><div class=wide role=region tabindex=0 aria-label='{title}'>{table}</div>"


def _cell(kind: str, column: str, value: Any) -> str:
    numeric = " class=n" if column.endswith(" #") else ""
    return f"<{kind}{numeric}>{escape(str(value))}</{kind.split()[0]}>"


def _json(value: Any, status: int = 200) -> Page:
    return Page(json.dumps(value).encode() + b"\n", JSON, status)
