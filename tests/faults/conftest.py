"""The outcome of a campaign as the table that docs/reliability.md shows."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from statistics import median

import pytest

from tests.faults.history import ERROR, UNKNOWN
from tests.faults.kinds import KINDS

_SEEDED = re.compile(r"test_(?P<service>\w+)\[(?P<fault>.+)-\d+\]$")
HEAD = """| hit in the middle of a conversation | kept, of seeds | longest wait, median | at most | errors | unknown |
|---|---|---|---|---|---|"""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Printed by ``make chaos`` alone."""
    if "CHAOS_SEEDS" not in os.environ:
        return
    kept, tried = (_reports(terminalreporter, kinds) for kinds in (["passed"], ["passed", "failed", "error"]))
    terminalreporter.write_line(HEAD)
    for fault, seeds in sorted(tried.items(), key=lambda each: list(KINDS).index(each[0])):
        terminalreporter.write_line(f"| {fault} | {len(kept[fault])} of {len(seeds)} {_figures(kept[fault])}|")


def _figures(kept: list[dict[str, float]]) -> str:
    if not kept:
        return "| | | | "
    seconds, errors, unknown = ([each[name] for each in kept] for name in ("seconds", ERROR, UNKNOWN))
    return f"| {median(seconds):.2f} s | {max(seconds):.2f} s | {median(errors):g} | {median(unknown):g} "


def _reports(reporter: pytest.TerminalReporter, kinds: list[str]) -> dict[str, list[dict[str, float]]]:
    found = defaultdict(list)
    for report in (report for kind in kinds for report in reporter.stats.get(kind, []) if report.when == "call"):
        if seeded := _SEEDED.search(report.nodeid):
            found[seeded["fault"]].append(dict(report.user_properties))
    return found
