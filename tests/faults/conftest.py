"""The outcome of a campaign as the table that docs/reliability.md shows."""

from __future__ import annotations

import os
import re
from collections import Counter

import pytest

_SEEDED = re.compile(r"\[(?P<fault>.+)-\d+\]$")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Printed by ``make chaos`` alone."""
    if "CHAOS_SEEDS" not in os.environ:
        return
    passed, all_of_them = (_count(terminalreporter, kinds) for kinds in (["passed"], ["passed", "failed", "error"]))
    terminalreporter.write_line("| hit in the middle of a conversation | seeds | P1, P2, P3 kept |\n|---|---|---|")
    for fault, seeds in all_of_them.items():
        terminalreporter.write_line(f"| {fault} | {seeds} | {passed[fault]} |")


def _count(reporter: pytest.TerminalReporter, kinds: list[str]) -> Counter[str]:
    reports = [report for kind in kinds for report in reporter.stats.get(kind, []) if report.when == "call"]
    return Counter(found["fault"] for report in reports if (found := _SEEDED.search(report.nodeid)))
