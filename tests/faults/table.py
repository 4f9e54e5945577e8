"""What a campaign found: a line for each run, as it ends, and the table of docs/reliability.md from these lines.

``python -m tests.faults.table chaos.jsonl`` prints the table.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.faults.history import ERROR, UNKNOWN
from tests.faults.kinds import KINDS

_SEEDED = re.compile(r"test_(?P<service>\w+)\[(?P<fault>.+)-(?P<seed>\d+)\]$")
HEAD = """| hit in the middle of a conversation | kept, of seeds | longest wait, median | at most | errors | unknown |
|---|---|---|---|---|---|"""


class Log:
    """A plugin of pytest's that writes each run into a file at once: a campaign may be ended at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_text("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        seeded = _SEEDED.search(report.nodeid)
        if seeded is None or (report.when != "call" and not report.failed):
            return
        run = seeded.groupdict() | {"kept": report.passed} | dict(report.user_properties)
        if not report.passed:
            run["why"] = str(report.longrepr)[-2000:]
        with self.path.open("a") as file:
            file.write(json.dumps(run) + "\n")


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def table(runs: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Its lines."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for run in runs:
        found[run["fault"]].append(run)
    yield HEAD
    for fault in sorted(found, key=list(KINDS).index):
        kept = [run for run in found[fault] if run["kept"]]
        yield f"| {fault} | {len(kept)} of {len(found[fault])} {_figures(kept)}|"
    every = [run for of_one in found.values() for run in of_one]
    yield f"\n{sum(run['kept'] for run in every)} of {len(every)}"


def _figures(kept: list[Mapping[str, Any]]) -> str:
    if not kept:
        return "| | | | "
    seconds, errors, unknown = ([run[name] for run in kept] for name in ("seconds", ERROR, UNKNOWN))
    return f"| {median(seconds):.2f} s | {max(seconds):.2f} s | {median(errors):g} | {median(unknown):g} "


if __name__ == "__main__":
    sys.stdout.write("\n".join(table(run for path in sys.argv[1:] for run in read(Path(path)))) + "\n")
