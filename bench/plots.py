"""The plots of docs/performance.md, made of what was measured. Pure."""

from __future__ import annotations

from typing import Any, Final

from bench import svg
from bench.figures import ROWS, Row, merged
from bench.svg import Panel, Point

Results = dict[str, Any]

GROWTH: Final[dict[str, tuple[str, dict[str, dict[str, str]]]]] = {
    "logins": (
        "logins",
        {
            "Memory, MiB": {"private": "private, of all logins"},
            "Idle, % of a core": {"idle": "all, with supervisor and Redis"},
            "Until one more works, ms": {"ready_ms": "p50 of those that came last"},
        },
    ),
    "clients": (
        "clients",
        {
            "Gateway, MiB": {"rss": "RSS"},
            "An echo beside them, ms": {"echo_p50": "p50", "echo_p99": "p99"},
            "Idle, % of a core": {"idle": "gateway and Redis"},
        },
    ),
    "rooms": (
        "members",
        {
            "Joining, ms": {
                "join_ms": "until the list is there",
                "join_worker_ms": "the worker works",
                "join_gateway_ms": "the gateway works",
            },
            "A message costs, µs": {"worker_us": "the worker", "gateway_us": "the gateway"},
            "A message takes, p50, ms": {"message_ms": "to the client", "floor_ms": "without us"},
        },
    ),
}
"""By part: what is across, and the panels with their lines."""

SOAKED: Final = {"private": "Private memory, MiB", "used": "Used by Redis, MiB", "files": "Open files"}


def images(results: Results) -> dict[str, str]:
    """By their names."""
    made = {}
    if "figures" in results:
        found = merged(results["figures"]["runs"])
        rows = [
            (row.text.replace("`", ""), against(row, found[row.key].middle))
            for row in ROWS
            if row.aim and row.key in found
        ]
        made["performance-aims.svg"] = svg.bars("Reached, as a multiple of the aim", rows, "the aim: less is better")
    grown = results.get("growth", {})
    for part in GROWTH.keys() & grown.keys():
        made[f"performance-{part}.svg"] = svg.lines(_growth(part, grown[part]))
    if "soak" in results:
        made["performance-soak.svg"] = svg.lines(_soak(results["soak"]["series"]))
    return made


def against(row: Row, value: float) -> float:
    """How many times the aim, whichever way is better: 1 or less is met."""
    assert row.aim is not None
    return row.aim / value if row.more else max(0.0, value) / row.aim


def _growth(part: str, points: list[dict[str, float]]) -> list[Panel]:
    x, panels = GROWTH[part]
    return [
        Panel(title, x, {text: [(at[x], at[key]) for at in points] for key, text in lines.items()})
        for title, lines in panels.items()
    ]


def _soak(series: dict[str, list[Point]]) -> list[Panel]:
    return [
        Panel(
            title,
            "minutes",
            {
                name.partition(",")[0]: [(x / 60, y) for x, y in points]
                for name, points in series.items()
                if name.endswith(f", {kind}")
            },
        )
        for kind, title in SOAKED.items()
    ]
